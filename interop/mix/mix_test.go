//go:build interop && mix

// Package mix_test swaps each program of a fax server: faxq, hfaxd, faxgetty
// with faxsend, sendfax and faxstat are Litoria's or HylaFAX 6.0.7's of Debian,
// in every combination of the three servers, on one spool. In each the same
// jobs are sent (by both sendfax) and received, and both faxstat tell of them.
// Asterisk is the telephone network; HylaFAX's faxgetty has iaxmodem.
package mix_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/interop/lab"
	"github.com/litoria-fax/litoria/interop/ports"
)

// callLimit bounds one call of the one-page document, with a second dial.
const callLimit = 4 * time.Minute

// envTable names the file into which the table is written; envOnly picks the
// sites whose names contain it, to look for a fault.
const (
	envTable = "LITORIA_MIX_TABLE"
	envOnly  = "LITORIA_MIX_ONLY"
)

// maker is who made a program.
type maker bool

const (
	debian maker = false
	ours   maker = true
)

func (m maker) String() string { return map[maker]string{debian: "HylaFAX", ours: "Litoria"}[m] }

var makers = []maker{debian, ours}

// site is a fax server put together of programs of both makers.
type site struct {
	faxq, hfaxd, getty maker
	n                  int
	device, number     string
	spool, host, dir   string
	port               int

	mu      sync.Mutex // guards results
	results map[string]string
}

func (s *site) name() string {
	return fmt.Sprintf("faxq-%v_hfaxd-%v_faxgetty-%v", s.faxq, s.hfaxd, s.getty)
}

// All sites work at once: they wait for their calls most of the time.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func TestMix(t *testing.T) {
	lab.Need(t, "faxq", "hfaxd", "faxgetty", "sendfax", "faxstat", "iaxmodem", "gs")
	sites := allSites()
	a := network(t, sites)
	doc := document(t)
	for i, s := range sites {
		if s.getty == debian {
			if i > 0 {
				time.Sleep(1020 * time.Millisecond) // iaxmodem draws its call numbers from the second in which it starts
			}
			lab.StartIAXModem(t, s.device, a.Port, s.device, "secret", s.number)
		}
		s.start(t, a.Port)
	}
	t.Run("sites", func(t *testing.T) {
		for _, s := range sites {
			t.Run(s.name(), func(t *testing.T) {
				t.Parallel()
				s.waitIdle(t)
				s.send(t, a, doc)
				s.receive(t, a, doc)
				s.look(t)
			})
		}
	})
	if file := os.Getenv(envTable); file != "" {
		if err := os.WriteFile(file, []byte(table(sites)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// allSites are the sites of this run.
func allSites() (sites []*site) {
	n := 0
	for _, q := range makers {
		for _, h := range makers {
			for _, g := range makers {
				s := &site{faxq: q, hfaxd: h, getty: g, n: n, device: fmt.Sprintf("ttyMIX%d", n), number: fmt.Sprint(1200 + n), results: map[string]string{}}
				if strings.Contains(s.name(), os.Getenv(envOnly)) {
					sites = append(sites, s)
				}
				n++
			}
		}
	}
	return sites
}

// network is an Asterisk that knows a line of each site.
func network(t *testing.T, sites []*site) *lab.Asterisk {
	var peers, extensions strings.Builder
	for _, s := range sites {
		peers.WriteString(lab.IAXModemPeer(s.device, "secret"))
		fmt.Fprintf(&extensions, "exten => %s,1,Dial(IAX2/%s/${EXTEN},60)\n", s.number, s.device)
	}
	return lab.StartAsterisk(t, peers.String(), extensions.String())
}

// document is one fine page of text.
func document(t *testing.T) string {
	t.Helper()
	dir := lab.TempDir(t)
	ps, tif := filepath.Join(dir, "doc.ps"), filepath.Join(dir, "doc.tif")
	text := "%!PS-Adobe-3.0\n/Courier findfont 12 scalefont setfont\n1 1 24 { dup 28 mul neg 780 add 60 exch moveto 3 string cvs show ( The quick brown fox jumps over the lazy dog) show } for showpage\n"
	if err := os.WriteFile(ps, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	lab.Run(t, "gs", "-q", "-dNOPAUSE", "-dBATCH", "-dSAFER", "-sDEVICE=tiffg4", "-sPAPERSIZE=a4", "-dFIXEDMEDIA",
		"-r204x196", "-g1728x2280", "-sOutputFile="+tif, ps)
	return tif
}

// start puts the server together: a spool as Debian's package lays it out, with
// the programs of both makers on it.
func (s *site) start(t *testing.T, iaxPort int) {
	t.Helper()
	s.spool = lab.NewHylaFAXSpool(t, map[string]string{s.device: s.number})
	s.dir, s.port = filepath.Dir(s.spool), ports.TCP(t)
	s.host = fmt.Sprintf("127.0.0.1:%d", s.port)
	bin := filepath.Join(s.dir, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"faxq", "hfaxd", "faxgetty", "faxsend"} {
		lab.Run(t, "cp", lab.Bin(t, name), bin)
	}
	if s.getty == ours {
		text := fmt.Sprintf("FAXNumber: %s\nLocalIdentifier: \"%s\"\nServerTracing: 0xFFF\nSessionTracing: 0xFFF\nRecvFileMode: 0644\nLogFileMode: 0644\nTagLineFormat: \"\"\nModemType: IAX2\n"+
			"IAXServer: 127.0.0.1:%d\nIAXPeer: %s\nIAXSecret: secret\nIAXCallerIDNumber: %s\n", s.number, s.device, iaxPort, s.device, s.number)
		s.append(t, "etc/config."+s.device, text, os.O_TRUNC)
		s.append(t, "etc/config", "SendFaxCmd: "+bin+"/faxsend\n", os.O_APPEND)
	}
	run := func(m maker, name string, args ...string) {
		var rights *syscall.Credential // root's: the daemons give them up as far as they can
		if m == ours {
			if name == "hfaxd" {
				rights = lab.AsOwner(t)
			}
			name = filepath.Join(bin, name)
		}
		lab.StartAs(t, rights, s.dir, filepath.Base(name), append([]string{name}, args...)...)
	}
	run(s.faxq, "faxq", "-q", s.spool, "-D")
	run(s.hfaxd, "hfaxd", "-q", s.spool, "-i", fmt.Sprint(s.port), "-d")
	run(s.getty, "faxgetty", "-q", s.spool, s.device)
	t.Cleanup(func() { os.Remove("/var/lock/LCK.." + s.device) })
}

func (s *site) append(t *testing.T, name, text string, how int) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(s.spool, name), os.O_WRONLY|os.O_CREATE|how, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// client is the path of a client program.
func client(t *testing.T, m maker, name string) string {
	if m == ours {
		return lab.Bin(t, name)
	}
	return name
}

func (s *site) waitIdle(t *testing.T) {
	t.Helper()
	lab.Wait(t, 60*time.Second, "the line of "+s.name()+" to be idle", func() bool {
		out, _ := lab.TryRun("faxstat", "-h", s.host, "-s")
		return strings.Contains(out, "Running and idle")
	})
}

func (s *site) note(key, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.results[key] = text
}

// send sends the document with both sendfax to ReceiveFAX.
func (s *site) send(t *testing.T, a *lab.Asterisk, doc string) {
	before := ""
	for _, m := range makers {
		key := fmt.Sprintf("sendfax %v", m)
		s.note(key, "failed")
		out := lab.Run(t, client(t, m, "sendfax"), "-n", "-m", "-h", s.host, "-d", fmt.Sprint(2100+s.n), doc)
		id := lab.RequestID(t, out)
		job := lab.WaitDone(t, s.spool, id, callLimit)
		if job["state"] != "7" || job["npages"] != "1" {
			t.Errorf("%s: job %s: state %s, %s of %s pages, status %q", key, id, job["state"], job["npages"], job["totpages"], job["status"])
			continue
		}
		var f lab.Fax
		lab.Wait(t, 20*time.Second, "Asterisk's result", func() (ok bool) {
			f, ok = a.FaxResult("number=" + s.number)
			return ok && f.File != before
		})
		before = f.File
		if f.Status != "SUCCESS" {
			t.Errorf("%s: Asterisk says %+v", key, f)
			continue
		}
		if err := lab.ComparePages(doc, f.File); err != nil {
			t.Errorf("%s: %v", key, err)
			continue
		}
		s.note(key, "yes, "+job["signalrate"])
	}
}

// A line that has just hung up may be away for a while: iaxmodem refuses calls
// until HylaFAX has reset it. A caller dials again, and so do we.
const (
	redials    = 8
	redialWait = 10 * time.Second
)

// receive lets SendFAX call the site.
func (s *site) receive(t *testing.T, a *lab.Asterisk, doc string) {
	s.note("receive", "failed")
	var f lab.Fax
	dials := 0
	for f.Status == "" || f.Status == "NOCALL" && dials < redials {
		if dials++; dials > 1 {
			t.Logf("call %d was not taken (%+v)", dials-1, f)
			time.Sleep(redialWait) // as long as a caller would wait
		}
		s.waitIdle(t)
		lab.Wait(t, 90*time.Second, s.device+" to be registered", func() bool { return a.Registered(s.device) })
		f = s.call(t, a, doc, fmt.Sprintf("mix%d-%d", s.n, dials))
	}
	if f.Status != "SUCCESS" {
		t.Fatalf("Asterisk says %+v", f)
	}
	lab.Wait(t, 10*time.Second, "the fax in recvq", func() bool { return len(lab.Received(s.spool)) == 1 })
	lab.SamePages(t, doc, lab.Received(s.spool)[0])
	s.note("receive", "yes, "+f.Rate+" bit/s")
}

// call lets SendFAX make one call.
func (s *site) call(t *testing.T, a *lab.Asterisk, doc, tag string) (f lab.Fax) {
	a.SendFax(t, tag, s.number, doc, lab.SendOptions{})
	lab.Wait(t, callLimit, "Asterisk's result", func() (ok bool) {
		f, ok = a.FaxResult("tag=" + tag)
		return ok && f.Status != ""
	})
	if f.Status == "NOCALL" {
		out, _ := a.TryCLI("iax2 show peers")
		t.Logf("peers:\n%s", out)
	}
	return f
}

// look asks both faxstat for the line, the jobs done and the fax received.
func (s *site) look(t *testing.T) {
	for _, m := range makers {
		key := fmt.Sprintf("faxstat %v", m)
		s.note(key, "failed")
		ok := true
		for option, want := range map[string]string{"-s": "Running and idle", "-d": fmt.Sprint(2100 + s.n), "-r": filepath.Base(lab.Received(s.spool)[0])} {
			var out string
			shown := false
			for end := time.Now().Add(20 * time.Second); !shown && time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
				out, _ = lab.TryRun(client(t, m, "faxstat"), "-h", s.host, option)
				shown = strings.Contains(out, want)
			}
			if !shown {
				t.Errorf("%s %s does not show %q:\n%s", key, option, want, out)
				ok = false
			}
		}
		if ok {
			s.note(key, "yes")
		}
	}
}

// table is docs/mix.md.
func table(sites []*site) string {
	var b strings.Builder
	b.WriteString(`# Litoria's programs among HylaFAX's

Made by ` + "`make interop-mix`" + `: every combination of the three servers, on a spool as Debian's package of HylaFAX 6.0.7 lays
it out, with both makers' clients. In each, one page is sent by HylaFAX's and by Litoria's sendfax and one is received,
compared pixel by pixel at the far end (Asterisk 22: ReceiveFAX, SendFAX); and both faxstat show the line, the jobs
done and the fax received. HylaFAX's faxgetty and faxsend have iaxmodem 1.2.0, Litoria's their own modem.

| faxq | hfaxd | faxgetty, faxsend | sent by HylaFAX's sendfax | by Litoria's | received | HylaFAX's faxstat | Litoria's |
|---|---|---|---|---|---|---|---|
`)
	for _, s := range sites {
		fmt.Fprintf(&b, "| %v | %v | %v |", s.faxq, s.hfaxd, s.getty)
		for _, key := range []string{"sendfax HylaFAX", "sendfax Litoria", "receive", "faxstat HylaFAX", "faxstat Litoria"} {
			r := s.results[key]
			if r == "" {
				r = "not tried"
			}
			fmt.Fprintf(&b, " %s |", r)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
