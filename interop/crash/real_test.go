//go:build crash

package crash

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/interop/ports"
	"github.com/litoria-fax/litoria/modemdrv/tiff"
	"github.com/litoria-fax/litoria/spool"
)

// In TestRealLines the lines are real: a faxgetty with soft modems that calls
// over IAX2, in the time that telephones take. The far end is a second faxgetty
// that nobody kills; what it has in its recvq is the ledger. A call takes a
// quarter of a minute, so there are far fewer of them than in TestCrash.
// Each job has a call of its own, since one TSI names one job.
const (
	envReal     = "LITORIA_CRASH_REAL" // set: the test runs
	realLines   = 3
	realPause   = 4 * time.Second
	realSettle  = 4 * time.Minute
	realWaiting = 8
	firstPage   = 300 // rows of the first page of each document; the next has more, so that pages tell themselves
	morePage    = 100
)

func TestRealLines(t *testing.T) {
	if os.Getenv(envReal) == "" {
		t.Skipf("it takes %v and more in real time: set %s, or run make crash-real", 3*time.Minute, envReal)
	}
	duration, seed := settings(t, 3*time.Minute)
	s, far := newRealSite(t)
	kills := s.run(duration, seed, realPause)
	s.settle()
	s.readFarEnd(far)
	s.judge(kills)
}

// newRealSite is a server whose lines call those of another spool.
func newRealSite(t *testing.T) (s *site, far *spool.Spool) {
	s = bareSite(t, "faxq", "hfaxd", "faxgetty", "iaxexchange")
	s.doc, s.tsi, s.waiting, s.settled = s.doc[:2], true, realWaiting, realSettle
	s.number = func(n int) string { return fmt.Sprint(2000 + n%realLines) }
	for i := range s.doc {
		s.doc[i] = filepath.Join(s.dir, fmt.Sprintf("doc%d.tif", i+1))
		makePages(t, s.doc[i], i+1, func(page int) int { return firstPage + page*morePage })
	}
	var err error
	if far, err = spool.Create(filepath.Join(s.dir, "far")); err != nil {
		t.Fatal(err)
	}
	s.write("etc/config", "MaxBatchJobs: 1\nJobReqOther: 1\nMaxDials: 1000\nMaxTries: 1000\nPollLockWait: 1\nNotifyCmd: bin/notify\nPageChop: none\n", 0o644)
	port := ports.UDP(t)
	conf := fmt.Sprintf("[general]\nbindaddr=127.0.0.1\nbindport=%d\n\n", port)
	plan := "[fax]\n"
	var near, away []string
	for i := range realLines {
		n, f := fmt.Sprint("ttyN", i), fmt.Sprint("ttyF", i)
		near, away = append(near, n), append(away, f)
		for _, peer := range []string{n, f} {
			conf += fmt.Sprintf("[%s]\ntype=friend\nhost=dynamic\ncontext=fax\nauth=md5\nsecret=frog\ndisallow=all\nallow=ulaw\n\n", peer)
		}
		plan += fmt.Sprintf("exten => %d,1,Dial(IAX2/%s/${EXTEN},60)\n", 2000+i, f)
		line := "FAXNumber: %d\nIAXServer: 127.0.0.1:%d\nIAXPeer: %s\nIAXSecret: frog\nRingsBeforeAnswer: 1\nUseJobTSI: yes\nTagLineFormat: \"\"\n" +
			"JobReqProto: 1\nJobReqOther: 1\nJobReqError: 1\nJobReqNoCarrier: 1\nJobReqNoAnswer: 1\nJobReqBusy: 1\nJobReqNoFCon: 1\nJobReqNoDialtone: 1\nJobRetryNoCarrier: 1000\n"
		s.write("etc/config."+n, fmt.Sprintf(line, 1000+i, port, n), 0o644)
		if err := os.WriteFile(far.Path("etc/config."+f), fmt.Appendf(nil, line, 2000+i, port, f), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"iax.conf": conf, "extensions.conf": plan} {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	giveAway(t, s.spool.Dir())
	giveAway(t, far.Dir())
	s.immortal("iaxexchange", "-c", s.dir)
	s.immortal("faxgetty", append([]string{"-q", far.Dir()}, away...)...)
	s.addServers()
	s.add("lines", func() *exec.Cmd {
		return exec.Command(s.bin("faxgetty"), append([]string{"-q", s.spool.Dir()}, near...)...)
	})
	return s, far
}

// immortal starts a program that is not killed before the end.
func (s *site) immortal(name string, args ...string) {
	s.t.Helper()
	log, err := os.Create(filepath.Join(s.dir, "far-"+name+".log"))
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.Command(s.bin(name), args...)
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = log, log, asNobody()
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		log.Close()
	})
}

// readFarEnd makes the ledger of what was received. A page is told by its
// height, a job by the TSI. What is whole was confirmed, as far as the far end
// could say so.
func (s *site) readFarEnd(far *spool.Spool) {
	s.t.Helper()
	names, err := filepath.Glob(far.Path(spool.RecvQ, "fax*.tif"))
	if err != nil {
		s.t.Fatal(err)
	}
	pages := map[string]int{} // of the jobs
	for tag, sub := range s.sent {
		pages[tag] = sub.pages
	}
	for _, name := range names {
		r, err := tiff.Open(name)
		if err != nil {
			s.t.Logf("%s: %v (a reception that was cut off)", name, err)
			continue
		}
		for _, p := range r.Pages() {
			s.enter("tag"+strings.TrimSpace(p.Description), p.Height, pages)
		}
		r.Close()
	}
	if b, err := os.ReadFile(far.Path(far.RecordFile())); err == nil {
		s.ledger.calls = strings.Count(string(b), "\tRECV\t")
		for line := range strings.Lines(string(b)) {
			if r, err := spool.ParseRecord(strings.TrimSuffix(line, "\n"), time.Local); err == nil && r.Kind == "RECV" && r.Status != "" {
				s.ledger.broken++
			}
		}
	}
}

// enter notes a page that was received.
func (s *site) enter(tag string, height int, pages map[string]int) {
	n := (height - firstPage) / morePage
	if height < firstPage || (height-firstPage)%morePage != 0 || n >= pages[tag] {
		return // the beginning of a page
	}
	f := s.ledger.faxes[tag]
	if f == nil {
		f = &fax{pages: map[string]int{}}
		s.ledger.faxes[tag] = f
	}
	f.pages[strconv.Itoa(n)]++
	if n == pages[tag]-1 {
		f.complete++
		f.confirmed++
	}
}
