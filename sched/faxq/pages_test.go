package faxq

import (
	"strings"
	"testing"

	"github.com/litoria-fax/litoria/sched"
	"github.com/litoria-fax/litoria/spool"
)

func TestPageHandling(t *testing.T) {
	w := newWorld(t, "")
	srv, err := New(Options{Spool: w.spool})
	if err != nil {
		t.Fatal(err)
	}
	w.write("docq/low", string(tiffFile(2, 1728, 1143, 98)))
	w.write("docq/fine", string(tiffFile(1, 1728, 2286, 196)))
	w.write("docq/wide", string(tiffFile(1, 2432, 100, 98)))
	w.write("docq/none", "no TIFF")
	fax := func(dir int, files ...string) (d []spool.Document) {
		for _, f := range files {
			d = append(d, spool.Document{Op: spool.OpFax, File: "docq/" + f, DirNum: dir})
		}
		return d
	}
	limited := unknownDestination()
	limited.length = 297
	for _, row := range []struct {
		name     string
		job      spool.Job
		dest     destination
		max      int
		want     string
		totpages int
		err      string
	}{
		{"two pages alike", spool.Job{Documents: fax(0, "low")}, unknownDestination(), 10, "e0Se0P", 2, ""},
		{"the second page only", spool.Job{Documents: fax(1, "low"), NPages: 1}, unknownDestination(), 10, "e0P", 2, ""},
		{"other parameters", spool.Job{Documents: fax(0, "low", "fine", "fine")}, unknownDestination(), 10, "e0Se0Me1Se1P", 4, ""},
		{"wide", spool.Job{Documents: fax(0, "wide")}, unknownDestination(), 10, "e4P", 1, ""},
		{"short paper", spool.Job{Documents: fax(0, "low")}, limited, 10, "c0Sc0P", 2, ""},
		{"page range", spool.Job{Documents: fax(0, "low", "low"), PageRange: "2,4"}, unknownDestination(), 10, "e0Xe0Se0Xe0P", 4, ""},
		{"page range at the start", spool.Job{Documents: fax(0, "low", "low"), PageRange: "-1"}, unknownDestination(), 10, "e0Pe0Xe0Xe0X", 4, ""},
		{"bad page range", spool.Job{Documents: fax(0, "low"), PageRange: "3-1"}, unknownDestination(), 10, "", 0, "cannot be understood"},
		{"too many", spool.Job{Documents: fax(0, "low", "low")}, unknownDestination(), 3, "", 0, "Too many pages in submission; max 3"},
		{"page that is not there", spool.Job{Documents: fax(2, "low")}, unknownDestination(), 10, "", 0, "has 2 pages, page 3"},
		{"no TIFF", spool.Job{Documents: fax(0, "none")}, unknownDestination(), 10, "", 0, "docq/none"},
	} {
		row.job.PageChop = spool.ChopNone // the pages are white
		err := srv.pageHandling(&row.job, row.dest, row.max, srv.cfg)
		switch {
		case row.err != "" && (err == nil || !strings.Contains(err.Error(), row.err)):
			t.Errorf("%s: %v, want ...%s...", row.name, err, row.err)
		case row.err == "" && (err != nil || row.job.PageHandling != row.want || row.job.TotPages != row.totpages):
			t.Errorf("%s: %q, %d pages, %v; want %q, %d", row.name, row.job.PageHandling, row.job.TotPages, err, row.want, row.totpages)
		}
	}
}

// The pages of the fixture are white: 132 octets of MMR of which all but the
// first inch and a row may go.
func TestPageChop(t *testing.T) {
	w := newWorld(t, "")
	w.write("docq/low", string(tiffFile(2, 1728, 1143, 98)))
	w.write("docq/fine", string(tiffFile(1, 1728, 2286, 196)))
	w.write("docq/short", string(tiffFile(1, 1728, 300, 98)))
	limited := unknownDestination()
	limited.length = 297
	for _, row := range []struct {
		name, config string
		job          spool.Job
		dest         destination
		want         string
	}{
		{"last by default", "", spool.Job{ChopThreshold: -1}, unknownDestination(), "e0Se0Z0084Me1Z0107P"},
		{"all", "PageChop: all\n", spool.Job{ChopThreshold: -1}, unknownDestination(), "e0Z0084Se0Z0084Me1Z0107P"},
		{"none", "PageChop: none\n", spool.Job{ChopThreshold: -1}, unknownDestination(), "e0Se0Me1P"},
		{"a wrong word is last", "PageChop: some\n", spool.Job{ChopThreshold: -1}, unknownDestination(), "e0Se0Z0084Me1Z0107P"},
		{"the job's wish", "PageChop: none\n", spool.Job{PageChop: spool.ChopAll, ChopThreshold: -1}, unknownDestination(), "e0Z0084Se0Z0084Me1Z0107P"},
		{"the job's refusal", "", spool.Job{PageChop: spool.ChopNone, ChopThreshold: -1}, unknownDestination(), "e0Se0Me1P"},
		{"the site's threshold", "PageChopThreshold: 11\n", spool.Job{ChopThreshold: -1}, unknownDestination(), "e0Se0Me1P"},
		{"the job's threshold", "PageChopThreshold: 11\n", spool.Job{ChopThreshold: 2}, unknownDestination(), "e0Se0Z0084Me1Z0107P"},
		{"pages of a fixed length", "PageChop: all\n", spool.Job{ChopThreshold: -1}, limited, "c0Sc0Mc1P"},
	} {
		w.write("etc/config", row.config)
		srv, err := New(Options{Spool: w.spool})
		if err != nil {
			t.Fatal(err)
		}
		row.job.Documents = []spool.Document{{Op: spool.OpFax, File: "docq/low"}, {Op: spool.OpFax, File: "docq/fine"}}
		if err := srv.pageHandling(&row.job, row.dest, 10, srv.cfg); err != nil || row.job.PageHandling != row.want {
			t.Errorf("%s: %q, %v; want %q", row.name, row.job.PageHandling, err, row.want)
		}
	}
	srv, err := New(Options{Spool: w.spool})
	if err != nil {
		t.Fatal(err)
	}
	short := spool.Job{ChopThreshold: -1, Documents: []spool.Document{{Op: spool.OpFax, File: "docq/short"}}}
	if err := srv.pageHandling(&short, unknownDestination(), 10, srv.cfg); err != nil || short.PageHandling != "e0P" {
		t.Errorf("two inches of white: %q, %v", short.PageHandling, err)
	}
}

func TestChooseParams(t *testing.T) {
	w := newWorld(t, "")
	srv, err := New(Options{Spool: w.spool})
	if err != nil {
		t.Fatal(err)
	}
	all := &sched.Capability{VRes: 0x7f, Widths: 7, Lengths: 7, Formats: 0xb}
	known := parseInfo("CalledBefore: yes\nSupportsMMR: no\nMaxPageWidth: 1728\nMaxPageLength: 297\n")
	ask := func(vres, ext, df, ec int) spool.Job {
		return spool.Job{Resolution: vres, UseXVRes: ext, DesiredDF: df, DesiredEC: ec, PageWidth: 255, PageLength: 297}
	}
	for _, row := range []struct {
		name string
		job  spool.Job
		jc   *jobControl
		line *sched.Capability
		dest destination
		want string
		lpi  int
	}{
		{"standard", ask(98, 0, 4, 2), nil, all, unknownDestination(), "c2", 98},
		{"fine", ask(196, 0, 4, 2), nil, all, unknownDestination(), "c3", 196},
		{"no ECM, no MMR", ask(196, 0, 4, 0), nil, all, unknownDestination(), "43", 196},
		{"one-dimensional", ask(98, 0, 0, 2), nil, all, unknownDestination(), "02", 98},
		{"destination without MMR, narrow", ask(98, 0, 4, 2), nil, all, known, "40", 98},
		{"line without MR and MMR", ask(98, 0, 4, 2), nil, &sched.Capability{Formats: 1}, unknownDestination(), "02", 98},
		{"line without fine", ask(196, 0, 4, 2), nil, &sched.Capability{Formats: 0xb}, unknownDestination(), "c2", 98},
		{"JobControl wants fine", ask(98, 0, 4, 2), &jobControl{vres: 196, usexvres: -1, desiredDF: 1}, all, unknownDestination(), "43", 196},
		{"extended", ask(98, 1, 4, 2), nil, all, parseInfo("SupportsVRes: 0x03\n"), "c2", 391},
		{"JobControl forbids extended", ask(98, 1, 4, 2), &jobControl{usexvres: 0, desiredDF: -1}, all, parseInfo("SupportsVRes: 0x03\n"), "c2", 98},
	} {
		p := srv.chooseParams(&row.job, row.jc, row.line, row.dest)
		if p.encode() != row.want || p.VRes != row.lpi {
			t.Errorf("%s: %s at %d, want %s at %d", row.name, p.encode(), p.VRes, row.want, row.lpi)
		}
	}
}

func TestParseControl(t *testing.T) {
	c, problems := parseControl("# made for tests\nRejectNotice: \"Not # now\"\nMaxDials: 3 # few\nModem: ttyS1\nTimeOfDay: Any0800-0900\n" +
		"DesiredDF: 1\nSessionTracing: 0x4f\nMaxTries: some\nnonsense\nVRes: 196\n")
	if c.Reject != "Not # now" || c.MaxDials == nil || *c.MaxDials != 3 || c.Modem != "ttyS1" || c.TimeOfDay == nil || c.desiredDF != 1 || c.vres != 196 || c.usexvres != -1 {
		t.Errorf("%+v", c)
	}
	if got := strings.Join(c.Args, ","); got != "DesiredDF: 1,SessionTracing: 0x4f" {
		t.Errorf("args %q", got)
	}
	if len(problems) != 2 {
		t.Errorf("problems %q", problems)
	}
}

func TestParseTrigger(t *testing.T) {
	for spec, ok := range map[string]bool{"J*S*M*R*": true, "J<12>4c60": true, "M<ttyS0>*": true, "": true, "Jzzzz": false, "J12": false, "J<12*": false, "J*J*": false} {
		if _, err := parseTrigger(spec); (err == nil) != ok {
			t.Errorf("parseTrigger(%q): %v", spec, err)
		}
	}
}

func FuzzTrigger(f *testing.F) {
	f.Add("J<12>4c60M*")
	f.Fuzz(func(_ *testing.T, spec string) {
		if t, err := parseTrigger(spec); err == nil {
			t.wants(sched.SendPage, "12")
		}
	})
}

func FuzzControl(f *testing.F) {
	f.Add("RejectNotice: \"x\"\nTimeOfDay: Wk0800-0900\n")
	f.Fuzz(func(_ *testing.T, out string) { parseControl(out) })
}

// parseInfo is what an info file of this text leads to.
func parseInfo(text string) destination {
	d, err := spool.ParseInfo("info/1", []byte(text))
	if err != nil {
		panic(err)
	}
	return destinationFrom(d)
}

func TestDestinationOf(t *testing.T) {
	w := newWorld(t, "")
	srv, err := New(Options{Spool: w.spool})
	if err != nil {
		t.Fatal(err)
	}
	if d := srv.destinationOf("+1.800.5551212"); d != unknownDestination() {
		t.Errorf("a destination never called: %+v", d)
	}
	w.write("info/18005551212", "supportsVRes:0x03\nmaxPageLength:-1\nmaxPageWidth:many\ncalledBefore:yes\n&supportsMMR:no\n")
	if d := srv.destinationOf("+1.800.5551212"); !d.known || d.mmr || d.vres != 3 || d.length != unlimitedLength || d.width < 300 {
		t.Errorf("a destination with a wrong line: %+v", d)
	}
}
