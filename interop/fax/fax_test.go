//go:build interop

// Package fax_test sends real faxes between Litoria and the peers that its
// users have: Asterisk's ReceiveFAX and SendFAX, and HylaFAX 6.0.7 with
// iaxmodem 1.2.0 behind Asterisk. Every page is compared bit by bit after
// libtiff has decoded it, and the peers' own logs must agree.
package fax_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/interop/lab"
)

// mode is a way to send: what is asked of the sender.
type mode struct {
	name string
	rate int // bit/s at most
	// modems is what SendFAX of Asterisk is allowed.
	modems string
	ecm    bool
}

var modes = []mode{
	{"v17-14400-ecm", 14400, "v17,v29,v27", true},
	{"v17-14400", 14400, "v17,v29,v27", false},
	{"v29-9600-ecm", 9600, "v29,v27", true},
	{"v29-9600", 9600, "v29,v27", false},
	{"v27ter-4800-ecm", 4800, "v27", true},
	{"v27ter-4800", 4800, "v27", false},
}

// options are sendfax's: HylaFAX uses V.29 at 9600 and V.27ter at 4800 when
// told so with -B.
func (m mode) options() []string {
	o := []string{"-m", "-B", fmt.Sprint(m.rate), "-T", "12", "-t", "3"}
	if !m.ecm {
		o = append(o, "-E")
	}
	return o
}

// callLimit bounds one call of the test document, with a second dial.
const callLimit = 6 * time.Minute

// document is the fax that is sent: two fine A4 pages, one of text, one with
// fine detail, class F, made by Ghostscript. They are a little shorter than A4:
// Debian's tiff2fax scales pages of full length when it codes them anew. And they
// end in a black rule: of a page that ends in white, HylaFAX without ECM may not
// send the last row: spandsp counts one less on the same samples, too.
func document(t testing.TB) string {
	t.Helper()
	dir := lab.TempDir(t)
	ps := filepath.Join(dir, "doc.ps")
	text := "%!PS-Adobe-3.0\n/rule { 0 0 600 2 rectfill showpage } def\n/Courier findfont 10 scalefont setfont\n/y 780 def\n" +
		"1 1 24 { /i exch def 60 y moveto i 3 string cvs show ( The quick brown fox jumps over the lazy dog 0123456789) show /y y 14 sub def } for rule\n" +
		"0.7 setlinewidth 0 15 350 { gsave 300 400 translate rotate 0 0 moveto 200 0 lineto stroke grestore } for\n" +
		"10 30 190 { 300 400 3 -1 roll 0 360 arc stroke } for rule\n"
	if err := os.WriteFile(ps, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	tif := filepath.Join(dir, "doc.tif")
	lab.Run(t, "gs", "-q", "-dNOPAUSE", "-dBATCH", "-dSAFER", "-sDEVICE=tiffg4", "-sPAPERSIZE=a4", "-dFIXEDMEDIA",
		"-r204x196", "-g1728x2280", "-sOutputFile="+tif, ps)
	return tif
}

// soonAgain lets a call that found the other side busy be made again in seconds.
const soonAgain = "JobReqBusy: 15\nJobReqCongestion: 15\nJobReqNoAnswer: 15\nJobReqNoCarrier: 15\nJobReqOther: 15\nJobReqProto: 15\n"

// lines of ours, one for each mode, so that all modes run at once.
func ourLines() []lab.Line {
	var l []lab.Line
	for i := range modes {
		l = append(l, lab.Line{Device: fmt.Sprintf("ttyIAX%d", i), Peer: fmt.Sprintf("lit%d", i), Secret: fmt.Sprintf("litsecret%d", i), Number: fmt.Sprint(1100 + i), Config: soonAgain})
	}
	return l
}

// asteriskFor starts an Asterisk that knows our lines and n iaxmodems
// (ref0.. at 1000..).
func asteriskFor(t testing.TB, ours []lab.Line, n int) *lab.Asterisk {
	t.Helper()
	var peers, extensions strings.Builder
	for _, l := range ours {
		fmt.Fprintf(&peers, "[%s]\ntype=friend\nhost=dynamic\ncontext=fax\nauth=md5\nqualify=yes\nsecret=%s\ndisallow=all\nallow=ulaw\nallow=alaw\n\n", l.Peer, l.Secret)
		fmt.Fprintf(&extensions, "exten => %s,1,Dial(IAX2/%s/${EXTEN},60)\n", l.Number, l.Peer)
	}
	for i := range n {
		peers.WriteString(lab.IAXModemPeer(fmt.Sprintf("ref%d", i), fmt.Sprintf("refsecret%d", i)))
		fmt.Fprintf(&extensions, "exten => %d,1,Dial(IAX2/ref%d/${EXTEN},60)\n", 1000+i, i)
	}
	return lab.StartAsterisk(t, peers.String(), extensions.String(), lab.InOrder)
}

func registered(t testing.TB, a *lab.Asterisk, ours []lab.Line) {
	t.Helper()
	for _, l := range ours {
		lab.Wait(t, 20*time.Second, l.Peer+" to register at Asterisk", func() bool { return a.Registered(l.Peer) })
	}
}

// checkSent looks at the job of a fax that was sent from a spool: done, all
// pages confirmed, at the rate that was asked for.
func checkSent(t *testing.T, spool, id string, m mode) error {
	t.Helper()
	job := lab.WaitDone(t, spool, id, callLimit)
	if job["state"] != "7" || job["npages"] != job["totpages"] || job["npages"] != "2" {
		return fmt.Errorf("job %s: state %s, %s of %s pages, status %q", id, job["state"], job["npages"], job["totpages"], job["status"])
	}
	if rate := strings.TrimSpace(strings.TrimSuffix(job["signalrate"], "bit/s")); rate != fmt.Sprint(m.rate) {
		return fmt.Errorf("job %s was sent at %s bit/s, not %d", id, rate, m.rate)
	}
	if m.ecm && !strings.Contains(job["dataformat"], "MMR") {
		return fmt.Errorf("job %s was sent as %q, not MMR", id, job["dataformat"])
	}
	return nil
}

// inAllModes runs one call in each mode, all modes at once.
func inAllModes(t *testing.T, call func(t *testing.T, i int, m mode) error) {
	t.Helper()
	for i, m := range modes {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			if err := call(t, i, m); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestMain lets all modes run at once, whatever the number of processors: a
// call waits most of its time.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "32"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
