package line

import (
	"strings"
	"testing"

	"github.com/litoria-fax/litoria/iax"
	"github.com/litoria-fax/litoria/modemdrv/t30"
	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/modemdrv/tiff"
	"github.com/litoria-fax/litoria/spool"
	"github.com/litoria-fax/litoria/spool/config"
)

// settingsOf reads a configuration of a line.
func settingsOf(t *testing.T, lines ...string) (*Settings, string) {
	t.Helper()
	s, err := spool.Create(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	write(t, s.Path(spool.Etc, "config.L"), "IAXServer: x\nIAXSecret: y\n"+strings.Join(lines, "\n")+"\n")
	c, err := config.Read(s.Dir(), "etc/config.L")
	if err != nil {
		t.Fatal(err)
	}
	set, problems, err := ReadSettings(s, "L", c)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, p := range problems {
		texts = append(texts, p.Error())
	}
	return set, strings.Join(texts, "\n")
}

// TestAbilities: the Class1 parameters that are about T.30 say what a line offers.
func TestAbilities(t *testing.T) {
	all := t30.Capabilities{Codings: t30.AllCodings, Resolutions: t30.AllResolutions, MaxWidth: t30.Width303, MaxLength: t30.Unlimited}
	for _, row := range []struct {
		lines  string
		change func(c *t30.Capabilities)
	}{
		{"", func(*t30.Capabilities) {}},
		{"Class1MMRSupport: no", func(c *t30.Capabilities) { c.Codings = t30.SetOf(t4.MH, t4.MR) }},
		{"Class1MRSupport: no", func(c *t30.Capabilities) { c.Codings = t30.SetOf(t4.MH, t4.MMR) }},
		{"Class1PageWidthSupport: 3", func(c *t30.Capabilities) { c.MaxWidth = t30.Width255 }},
		{"Class1PageWidthSupport: 1", func(c *t30.Capabilities) { c.MaxWidth = t30.Width215 }},
		{"Class1PageLengthSupport: 3", func(c *t30.Capabilities) { c.MaxLength = t30.LengthB4 }},
		{"Class1PageLengthSupport: 1", func(c *t30.Capabilities) { c.MaxLength = t30.LengthA4 }},
		{"Class1Resolutions: 0", func(c *t30.Capabilities) { c.Resolutions = t30.SetOf(t30.Standard) }},
		{"Class1Resolutions: 0x43", func(c *t30.Capabilities) {
			c.Resolutions = t30.SetOf(t30.Standard, t30.Fine, t30.Superfine, t30.R300)
		}},
		{"Class1ExtendedRes: no", func(c *t30.Capabilities) { c.Resolutions = t30.SetOf(t30.Standard, t30.Fine) }},
		{"Class1ECMFrameSize: 64", func(c *t30.Capabilities) { c.Octets64 = true }},
	} {
		want := all
		row.change(&want)
		set, problems := settingsOf(t, row.lines)
		if got := set.Session.Capabilities; got != want || problems != "" {
			t.Errorf("%q: %+v, want %+v; %s", row.lines, got, want, problems)
		}
		if want64 := want.Octets64; (set.Session.FrameSize == 64) != want64 {
			t.Errorf("%q: frames of %d octets", row.lines, set.Session.FrameSize)
		}
	}
	if set, _ := settingsOf(t, "Class1PersistentECM: no"); !set.Session.GiveUpECM {
		t.Error("Class1PersistentECM is ignored")
	}
	if set, _ := settingsOf(t); set.Session.GiveUpECM {
		t.Error("blocks are given up, and nobody asked for that")
	}
}

// TestUnsupported: what is not supported is named.
func TestUnsupported(t *testing.T) {
	for line, want := range map[string]string{
		"ModemSoftRTFCC: no":       "ModemSoftRTFCC: no is not supported",
		"DesiredST: 3":             "DesiredST is not supported",
		"RecvDataFormat: G5":       `"G5" is none of`,
		"ModemSoftRTFCC: yes":      "",
		`RecvDataFormat: "1-D MH"`: "",
	} {
		if _, got := settingsOf(t, line); !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

// TestRecvDataFormat: pages without error correction are kept in the format of the
// configuration, others as they came.
func TestRecvDataFormat(t *testing.T) {
	for _, row := range []struct {
		format string
		ec     int // desiredec
		want   t4.Coding
	}{
		{"adaptive", 0, t4.MR}, {"1-D MH", 0, t4.MH}, {"2-D MMR", 0, t4.MMR}, {"1-D MH", 2, t4.MMR},
	} {
		t.Run(row.format, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.config("ttyIAX1", "FAXNumber: 1001", `RecvDataFormat: "`+row.format+`"`)
				a, b := w.both()
				page := dotted(200, 1)
				job := w.job("1001", func(j *spool.Job) { j.DesiredEC = row.ec }, w.document("doc1.ps;00", page))
				w.sent(a, job)
				idle(a, b)
				r, err := tiff.Open(w.spool.Path(spool.RecvQ, "fax000000001.tif"))
				if err != nil {
					t.Fatal(err)
				}
				defer r.Close()
				got, ok := r.Pages()[0].Coding()
				if !ok || got != row.want {
					t.Errorf("kept in %v, want %v", got, row.want)
				}
				samePages(t, row.format, w.received()[0], []*t4.Bitmap{page})
			})
		})
	}
}

// TestCallerID: what a line says of itself to the exchange.
func TestCallerID(t *testing.T) {
	set, problems := settingsOf(t, "IAXCallerIDNumber: 5551234", "IAXCallerIDName: Pond")
	want := iax.CallerID{Number: "5551234", Name: "Pond"}
	if set.Dial.Caller != want || problems != "" {
		t.Errorf("%+v, not %+v; %s", set.Dial.Caller, want, problems)
	}
	set, _ = settingsOf(t, "IAXCallerIDNumber: 5551234", "IAXCallerIDName: Pond", "IAXCallerIDWithheld: yes")
	if c := set.Dial.Caller; !c.Withheld() || c.Number != "5551234" {
		t.Errorf("%+v is not withheld", c)
	}
}
