//go:build interop

package iax_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/interop/lab"
	"github.com/litoria-fax/litoria/interop/ports"
)

// option is one way in which an administrator may set up a peer in Asterisk,
// and what stands in the line's configuration for it.
type option struct {
	peer   string // of iax.conf; \n between lines
	line   string // of config.DEVID
	static bool   // without a registration
	out    string // what the session log must say of calls that we place
	in     string // and of those that we take
}

// options are the rows of docs/iax-interop.md. Each is a line of its own with a
// peer of its own; {p} stands for the peer's name and {port} for the line's port.
var options = []option{
	{peer: "auth=md5\nsecret={p}-s", line: "IAXSecret: {p}-s",
		out: "codec ulaw, authenticated by MD5", in: "codec ulaw"},
	{peer: "auth=plaintext\nsecret={p}-s", line: "IAXSecret: {p}-s\nIAXAuth: plaintext",
		out: "codec ulaw, authenticated by plain text", in: "codec ulaw"},
	{peer: "auth=plaintext,md5\nsecret={p}-s", line: "IAXSecret: {p}-s\nIAXAuth: plaintext,md5",
		out: "codec ulaw, authenticated by MD5", in: "codec ulaw"},
	{peer: "auth=rsa\ninkeys=line\noutkey=server", line: "IAXKeyFile: etc/line.key\nIAXServerKeyFile: etc/server.pub\nIAXAuth: rsa",
		out: "codec ulaw, authenticated by RSA", in: "codec ulaw, authenticated by RSA"},
	{peer: "auth=md5\nsecret={p}-s\nrequirecalltoken=yes", line: "IAXSecret: {p}-s",
		out: "codec ulaw, authenticated by MD5", in: "codec ulaw"},
	{peer: "auth=md5\nsecret={p}-s\nrequirecalltoken=no", line: "IAXSecret: {p}-s",
		out: "codec ulaw, authenticated by MD5", in: "codec ulaw"},
	{peer: "auth=md5\nsecret={p}-s\nencryption=yes", line: "IAXSecret: {p}-s\nIAXEncryption: yes",
		out: "codec ulaw, authenticated by MD5, encrypted", in: "codec ulaw, authenticated by MD5, encrypted"},
	{peer: "auth=md5\nsecret={p}-s\nencryption=aes128\nforceencryption=yes", line: "IAXSecret: {p}-s\nIAXEncryption: force",
		out: "codec ulaw, authenticated by MD5, encrypted", in: "codec ulaw, authenticated by MD5, encrypted"},
	{peer: "auth=md5\nsecret={p}-s\ndisallow=all\nallow=alaw", line: "IAXSecret: {p}-s\nIAXCodec: ulaw,alaw,slinear",
		out: "codec alaw, authenticated by MD5", in: "codec alaw"},
	{peer: "auth=md5\nsecret={p}-s\ndisallow=all\nallow=slin", line: "IAXSecret: {p}-s\nIAXCodec: ulaw,alaw,slinear",
		out: "codec slin, authenticated by MD5", in: "codec slin"},
	{peer: "auth=md5\nsecret={p}-s\ndisallow=all\nallow=ulaw\nallow=alaw\ncodecpriority=caller", line: "IAXSecret: {p}-s\nIAXCodec: alaw,ulaw",
		out: "codec alaw, authenticated by MD5", in: "codec alaw"},
	{peer: "auth=md5\nsecret={p}-s\ndisallow=all\nallow=alaw\nallow=ulaw\ncodecpriority=host", line: "IAXSecret: {p}-s\nIAXCodec: ulaw,alaw",
		out: "codec alaw, authenticated by MD5", in: "codec ulaw"},
	{peer: "auth=md5\nsecret={p}-s\njitterbuffer=yes\nforcejitterbuffer=yes", line: "IAXSecret: {p}-s",
		out: "codec ulaw, authenticated by MD5", in: "codec ulaw"},
	{peer: "auth=md5\nsecret={p}-s\njitterbuffer=no", line: "IAXSecret: {p}-s",
		out: "codec ulaw, authenticated by MD5", in: "codec ulaw"},
	{peer: "auth=md5\nsecret={p}-s\ntrunk=yes", line: "IAXSecret: {p}-s",
		out: "codec ulaw, authenticated by MD5", in: "codec ulaw"},
	{peer: "auth=md5\nsecret={p}-s\ntrunk=yes", line: "IAXSecret: {p}-s\nIAXTrunk: yes",
		out: "codec ulaw, authenticated by MD5", in: "codec ulaw"},
	{peer: "auth=md5\nsecret={p}-s\ntrunk=yes", line: "IAXSecret: {p}-s\nIAXTrunk: notimestamps",
		out: "codec ulaw, authenticated by MD5", in: "codec ulaw"},
	{peer: "host=127.0.0.1\nport={port}\nauth=md5\nsecret={p}-s", line: "IAXSecret: {p}-s\nIAXRefresh: 0\nIAXPort: {port}", static: true,
		out: "codec ulaw, authenticated by MD5", in: "codec ulaw"},
	{peer: "auth=md5\nsecret={p}-s", line: "IAXServer: 127.0.0.1:{deaf}\nIAXBackupServer: 127.0.0.1:{asterisk}\nIAXSecret: {p}-s",
		out: "codec ulaw, authenticated by MD5", in: "codec ulaw"},
}

// name is what a row is called in the table and in tests: what differs from an
// ordinary peer.
func (o option) name() string {
	words := strings.ReplaceAll(o.peer, "\n", " ")
	for _, w := range []string{"secret={p}-s", "disallow=all "} {
		words = strings.ReplaceAll(words, w, "")
	}
	if words = strings.Join(strings.Fields(words), " "); words != "auth=md5" {
		words = strings.TrimSpace(strings.Replace(words, "auth=md5", "", 1))
	}
	if strings.Contains(o.line, "IAXBackupServer") {
		return "first server does not answer"
	}
	return strings.Join(strings.Fields(strings.NewReplacer("port={port}", "port=...").Replace(words)), " ")
}

// soon lets a job that met a stall of the machine be sent again in seconds.
const soon = "JobReqBusy: 10\nJobReqCongestion: 10\nJobReqNoAnswer: 10\nJobReqNoCarrier: 10\nJobReqOther: 10\nJobReqProto: 10\n"

// TestFaxOptions sends a fax to ReceiveFAX and receives one of SendFAX in each
// way of setting up a peer, all of them at once over one faxgetty.
func TestFaxOptions(t *testing.T) {
	t.Parallel()
	f := newFaxLab(t, options)
	rows := map[string][]*result{}
	for _, o := range options {
		for _, direction := range []string{sends, receives} {
			rows[direction] = append(rows[direction], record(o, direction))
		}
	}
	for _, direction := range []string{sends, receives} {
		t.Run(direction, func(t *testing.T) {
			t.Run("status", func(t *testing.T) { t.Parallel(); f.statusAgrees(t, len(options)/2) })
			for i, o := range options {
				t.Run(o.name()+", line "+strings.ReplaceAll(o.line, "\n", " "), func(t *testing.T) {
					t.Parallel()
					if direction == sends {
						f.sends(t, i, rows[direction][i])
					} else {
						f.receives(t, i, rows[direction][i])
					}
				})
			}
		})
		f.l.WaitIdle(t)
		lab.Wait(t, 10*time.Second, "Asterisk to have no calls left", func() bool { return len(channels(t, f.a.Asterisk)) == 0 })
	}
}

// Directions, as the table names them.
const (
	sends    = "line sends"
	receives = "line receives"
)

// faxLab is an Asterisk, a server of ours with a line for each option, and a
// short page.
type faxLab struct {
	a       *pbx
	l       *lab.Litoria
	spool   string
	doc     string
	options []option
	lines   []lab.Line
}

// newFaxLab starts all that and waits until every peer answers qualify.
func newFaxLab(t *testing.T, options []option) *faxLab {
	t.Helper()
	f := &faxLab{options: options, doc: shortPage(t)}
	var peers, extensions strings.Builder
	words := make([]*strings.Replacer, len(options))
	deaf := lab.Deaf(t)
	for i, o := range options {
		peer := fmt.Sprintf("o%02d", i)
		number := fmt.Sprint(1300 + i)
		words[i] = strings.NewReplacer("{p}", peer, "{port}", fmt.Sprint(ports.UDP(t)), "{deaf}", fmt.Sprint(deaf))
		host := "host=dynamic\n"
		if o.static {
			host = ""
		}
		fmt.Fprintf(&peers, "[%s]\ntype=friend\n%scontext=fax\nqualify=yes\n%s\n\n", peer, host, words[i].Replace(o.peer))
		fmt.Fprintf(&extensions, "exten => %s,1,Dial(IAX2/%s/${EXTEN},60)\n", number, peer)
		f.lines = append(f.lines, lab.Line{Device: fmt.Sprintf("ttyIAX%d", i), Peer: peer, Number: number})
	}
	f.a = startPBXWith(t, peers.String(), extensions.String(), lab.InOrder)
	for i := range f.lines {
		f.lines[i].Config = soon + strings.ReplaceAll(words[i].Replace(options[i].line), "{asterisk}", fmt.Sprint(f.a.Port)) + "\n"
	}
	f.spool = lab.NewLitoriaSpool(t, f.a.Port, f.lines...)
	for _, k := range []string{"line.key", "server.pub"} {
		f.key(t, k)
	}
	f.l = lab.StartLitoria(t, f.spool, f.lines...)
	for _, l := range f.lines {
		lab.Wait(t, 30*time.Second, "qualify of "+l.Peer+" to be OK", func() bool { return f.a.Registered(l.Peer) })
	}
	return f
}

// key copies a key from Asterisk to the spool.
func (f *faxLab) key(t *testing.T, name string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(f.a.Dir, "lib/keys", name))
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(f.spool, "etc", name)
	if err := os.WriteFile(to, b, 0o600); err != nil {
		t.Fatal(err)
	}
	lab.Run(t, "chown", lab.Owner, to)
}

// shortPage is a page of a few lines, fine, MMR.
func shortPage(t testing.TB) string {
	t.Helper()
	dir := lab.TempDir(t)
	ps, tif := filepath.Join(dir, "page.ps"), filepath.Join(dir, "page.tif")
	text := "%!PS-Adobe-3.0\n/Courier findfont 11 scalefont setfont\n40 95 moveto (An option of iax.conf, and a fax over it) show\n" +
		"40 80 moveto (The quick brown fox jumps over the lazy dog 0123456789) show\n0 6 180 { gsave 500 50 translate rotate 0 0 moveto 80 0 lineto stroke grestore } for\nshowpage\n"
	if err := os.WriteFile(ps, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	lab.Run(t, "gs", "-q", "-dNOPAUSE", "-dBATCH", "-dSAFER", "-sDEVICE=tiffg4", "-r204x196", "-g1728x400", "-sOutputFile="+tif, ps)
	return tif
}

// faxLimit bounds a fax of the short page, with a second dial.
const faxLimit = 90 * time.Second

// sends lets a line send to ReceiveFAX.
func (f *faxLab) sends(t *testing.T, i int, row *result) {
	t.Helper()
	f.sendsTo(t, i, fmt.Sprint(2100+i), row)
}

func (f *faxLab) sendsTo(t *testing.T, i int, number string, row *result) {
	t.Helper()
	l := f.lines[i]
	begun := time.Now()
	id := f.l.Submit(t, l.Device, number, f.doc, "-m", "-T", "3", "-t", "3")
	job := lab.WaitDone(t, f.spool, id, faxLimit)
	if job["state"] != "7" || job["npages"] != "1" {
		t.Fatalf("job %s: state %s, %s pages, status %q", id, job["state"], job["npages"], job["status"])
	}
	var fax lab.Fax
	lab.Wait(t, 10*time.Second, "Asterisk's success", func() (ok bool) { // a first call may have failed
		fax, ok = f.a.FaxResult("number=" + l.Number)
		return ok && fax.Status == "SUCCESS"
	})
	if fax.Status != "SUCCESS" || fax.Pages != "1" {
		t.Fatalf("Asterisk says of %s: %+v", l.Number, fax)
	}
	lab.SamePages(t, f.doc, fax.File)
	log := filepath.Join(f.spool, "log", "c"+job["commid"])
	if want := "DIAL: answered, " + f.options[i].out; !hasLine(log, want) {
		t.Errorf("%s does not say %q:\n%s", log, want, lab.Tail(log, 40))
	}
	row.passed(t, f.options[i].out, fax.Rate, job["totdials"], time.Since(begun))
}

// receives lets a line receive from SendFAX.
func (f *faxLab) receives(t *testing.T, i int, row *result) {
	t.Helper()
	l := f.lines[i]
	begun := time.Now()
	before := len(receivedOn(f.spool, l.Device))
	tag := strings.ReplaceAll(l.Device+"-"+fmt.Sprint(before), "/", "-")
	f.a.SendFax(t, tag, l.Number, f.doc, lab.SendOptions{})
	var fax lab.Fax
	lab.Wait(t, faxLimit, "Asterisk's result", func() (ok bool) { fax, ok = f.a.FaxResult("tag=" + tag); return ok })
	if fax.Status != "SUCCESS" || fax.Pages != "1" {
		t.Fatalf("Asterisk says: %+v", fax)
	}
	var got []reception
	lab.Wait(t, 10*time.Second, "a RECV record of "+l.Device, func() bool { got = receivedOn(f.spool, l.Device); return len(got) > before })
	last := got[len(got)-1]
	lab.SamePages(t, f.doc, filepath.Join(f.spool, last.file))
	log := filepath.Join(f.spool, "log", "c"+last.commid)
	if want := "ANSWER: " + f.options[i].in; !hasLine(log, want) {
		t.Errorf("%s does not say %q:\n%s", log, want, lab.Tail(log, 40))
	}
	row.passed(t, f.options[i].in, fax.Rate, "1", time.Since(begun))
}

// hasLine tells whether a log has a line that ends in some words.
func hasLine(log, words string) bool { return lab.Contains(log, words+"\n") }

// reception is a fax that a line received, by xferfaxlog(5).
type reception struct{ commid, file string }

func receivedOn(spool, devid string) (l []reception) {
	for line := range strings.Lines(lab.Tail(filepath.Join(spool, "log", "xferfaxlog"), 1000)) {
		if f := strings.Split(strings.TrimSpace(line), "\t"); len(f) > 4 && f[1] == "RECV" && f[3] == devid {
			l = append(l, reception{f[2], strings.Trim(f[4], `"`)})
		}
	}
	return l
}

// statusAgrees waits until at least n lines are in a call at once, with the same
// lines in `iax2 show channels` and in our faxstat, and `iax2 show peers` calling
// all of them OK.
func (f *faxLab) statusAgrees(t *testing.T, n int) {
	t.Helper()
	var theirs, ours []string
	lab.Wait(t, faxLimit, fmt.Sprintf("%d calls that Asterisk and we agree on", n), func() bool {
		before := f.busy(t)
		theirs, ours = f.channelsOf(t), f.busy(t)
		same := strings.Join(theirs, " ") == strings.Join(ours, " ") && strings.Join(before, " ") == strings.Join(ours, " ")
		return same && len(ours) >= n
	})
	peers := f.a.CLI(t, "iax2 show peers")
	for _, l := range f.lines {
		ok := false
		for row := range strings.Lines(peers) {
			ok = ok || strings.HasPrefix(row, l.Peer) && strings.Contains(row, " OK (")
		}
		if !ok {
			t.Errorf("in the calls %s is not OK:\n%s", l.Peer, peers)
		}
	}
	t.Logf("in a call by both: %s", strings.Join(ours, " "))
}

// busy lists the lines that faxstat shows in a call.
func (f *faxLab) busy(t *testing.T) (l []string) {
	t.Helper()
	out := lab.Run(t, lab.Bin(t, "faxstat"), "-h", f.l.Host(), "-s")
	for _, line := range f.lines {
		for row := range strings.Lines(out) {
			if strings.Contains(row, line.Device+" ") && (strings.Contains(row, "Sending") || strings.Contains(row, "Receiving") || strings.Contains(row, "Answering")) {
				l = append(l, line.Device)
			}
		}
	}
	return l
}

// channelsOf lists the lines that Asterisk has a call with.
func (f *faxLab) channelsOf(t *testing.T) (l []string) {
	t.Helper()
	rows := channels(t, f.a.Asterisk)
	for _, line := range f.lines {
		for _, row := range rows {
			if strings.HasPrefix(row, "IAX2/"+line.Peer+"-") {
				l = append(l, line.Device)
			}
		}
	}
	return l
}
