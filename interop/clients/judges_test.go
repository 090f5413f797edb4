//go:build interop

package clients_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/interop/lab"
	"github.com/litoria-fax/litoria/protocol/client"
	"github.com/litoria-fax/litoria/protocol/client/typerules"
	"github.com/litoria-fax/litoria/protocol/protocoltest"
)

// TestTypeRules finds the rules of Debian's file, and of one with each operator, for documents of many kinds,
// and compares them with those that HylaFAX's typetest finds.
func TestTypeRules(t *testing.T) {
	if _, err := exec.LookPath("typetest"); err != nil {
		t.Fatal("HylaFAX's clients are not installed: run interop/setup first")
	}
	const operators = "0\tshort\t>0x7000\tps\tgreater\n0\tshort\t>=0x6f6f\tps\tgreater or equal\n0\tshort\t<0x2000\tps\tless\n" +
		"0\tshort\t<=0x2020\ttiff\tless or equal\n2\tshort\t&0x6060\tpdf\tand\n2\tlong\t^0x20202020\tpcl\txor\n0\tshort\t!0x6060\tps\tnot\n" +
		"0\tlong\t!=0x61616161\terror\tnot equal\n>4\tistring\tABC\tps\tsecond\n>4\tstring\tabd\tps\tthird\n0\tasciiesc\tx\tps\ttext # comment\n0\taddr\t=0\tps\taddress\n"
	own := filepath.Join(t.TempDir(), "rules")
	if err := os.WriteFile(own, []byte(operators), 0o644); err != nil {
		t.Fatal(err)
	}
	filler := strings.Repeat(" filler", 90)
	for _, rules := range []string{"/etc/hylafax/typerules", own} {
		for n, head := range []string{
			"%!PS-Adobe", "%PDF-1.4", "MM\x00*", "II*\x00", "\x89PNG\r\n\x1a\n", "GIF87a", "GIF89a", "GIF90a", "\xff\xd8\xff\xe0\x00\x10JFIF", "\xff\xd8\xff\xe1\x00\x10Exif",
			"\x1bE", "\x1b%-1", "\x1b&l", "\x1b*t", "P1 1 1", "P4\n", "P6\n", "begin 644 x", "x T psc", "#FIG 3.2", "#Inventor V2.0 ascii", "#Inventor V2.0 binary", "plain text", "\x1f\x1e", "\x1f\x9d", "\x00\x01\x02\x03",
			"\x59\xa6\x6a\x95", "zzzz", "oozz", "ooz", "  ab", "aaaaabc", "aaaaABC", "aaaaabd", "aaaaabe", "``ab", "~~~~", "\x1b$B",
		} {
			name := filepath.Join(t.TempDir(), fmt.Sprint("document", n))
			if err := os.WriteFile(name, []byte(head+filler), 0o644); err != nil {
				t.Fatal(err)
			}
			if got, want := ourRule(t, rules, head+filler), theirRule(t, rules, name); got != want {
				t.Errorf("%s, %q: ours finds %q, HylaFAX's typetest %q", rules, head, got, want)
			}
		}
	}
}

// ourRule is the result and the command of the rule that ours finds.
func ourRule(t *testing.T, file, head string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	rules, faults, err := typerules.Parse(bytes.NewReader(text))
	if err != nil || len(faults) > 0 {
		t.Fatal(err, faults)
	}
	r := rules.Match([]byte(head))
	if r == nil {
		return "none"
	}
	return strings.Join(strings.Fields(strings.ReplaceAll(r.Result.String(), "ps", "postscript")+" "+r.Command), " ")
}

// theirRule is the last rule that typetest says is a success.
func theirRule(t *testing.T, rules, name string) string {
	t.Helper()
	out, err := exec.Command("typetest", "-f", rules, name).CombinedOutput()
	found := "none"
	for _, l := range strings.Split(string(out), "\n") {
		_, rest, ok := strings.Cut(l, "success (result ")
		if !ok {
			continue
		}
		result, command, _ := strings.Cut(rest, ", rule \"")
		found = strings.Join(strings.Fields(result+" "+strings.TrimSuffix(command, "\")")), " ")
	}
	if !bytes.Contains(out, []byte("rule: ")) {
		t.Fatalf("typetest: %v: %s", err, out)
	}
	return found
}

// TestFaxcover draws pages of HylaFAX's faxcover and ours from HylaFAX's template; no pel may differ.
func TestFaxcover(t *testing.T) {
	ours := filepath.Join(buildClients(t), "faxcover")
	for name, args := range map[string][]string{
		"little": {"-f", "Joe", "-n", "1", "-D", "%Y"},
		"all": {"-f", "Joe (User)", "-n", "555 0100", "-t", `Ann \ Other`, "-x", "Acme", "-r", "about it", "-p", "3", "-D", "%d %B %Y, %Z %%", "-X", "us", "-l", "here",
			"-v", "1", "-L", "there", "-N", "2", "-V", "3", "-M", "joe@example.com", "-s", "a4", "-m", "9", "-z", "20",
			"-c", `first line\nthe second line is quite a long one that must be broken into several lines\n\nfourth`},
		"letter": {"-f", "Joe", "-n", "1", "-D", "%Y", "-s", "na-let", "-c", "a comment"},
	} {
		t.Run(name, func(t *testing.T) {
			want, got := drawCover(t, "/usr/bin/faxcover", args), drawCover(t, ours, args)
			if !bytes.Equal(want, got) {
				t.Errorf("faxcover %q: the pages differ", args)
			}
		})
	}
	for _, symbols := range []string{"comments1 comments2 comments3 comments9", "Comment1 Comment2 Comment3 Comment9", "to to-company from from-mail-address regarding page-count"} {
		template := filepath.Join(t.TempDir(), "template.ps")
		if err := os.WriteFile(template, []byte(strings.ReplaceAll(symbols, " ", " ==\n")+" ==\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		args := []string{"-C", template, "-f", "Joe", "-n", "1", "-x", "A (b) \\ c", "-m", "9", "-z", "12", "-c", `one line\nanother that is longer\n third`}
		if want, got := printCover(t, "/usr/bin/faxcover", args), printCover(t, ours, args); want != got {
			t.Errorf("%s are\n%swant\n%s", symbols, got, want)
		}
	}
}

func makeCover(t *testing.T, program string, args []string) []byte {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	page, err := cmd.Output()
	if err != nil || len(page) == 0 {
		t.Fatalf("%s %q: %v", program, args, err)
	}
	return page
}

// ghostscript runs a program with Ghostscript and returns what it makes.
func ghostscript(t *testing.T, program []byte, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("gs", append([]string{"-q", "-dSAFER", "-dBATCH", "-dNOPAUSE"}, append(args, "-")...)...)
	cmd.Stdin = bytes.NewReader(program)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("gs: %v: %s", err, out)
	}
	return out
}

func drawCover(t *testing.T, program string, args []string) []byte {
	t.Helper()
	return ghostscript(t, makeCover(t, program, args), "-sDEVICE=pbmraw", "-r100", "-sOutputFile=-")
}

func printCover(t *testing.T, program string, args []string) string {
	t.Helper()
	return string(ghostscript(t, makeCover(t, program, args), "-sDEVICE=nullpage"))
}

// TestWait waits for a job with sendfax -w, until another client removes it, by HylaFAX's faxq and both
// servers. HylaFAX's sendfax ends with 0 whatever became of the job; ours tells.
func TestWait(t *testing.T) {
	ours := buildClients(t)
	doc := filepath.Join(t.TempDir(), "doc.ps")
	if err := os.WriteFile(doc, []byte("%!PS\n%%Pages: 1\nshowpage\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	// Our hfaxd as a program, as faxq must be able to read what it writes.
	program := func(t *testing.T, dir string) string { return startProgram(t, filepath.Join(ours, "hfaxd"), dir) }
	for _, p := range []pair{
		{"hylafax-hylafax", "/usr/bin", startHylaFAX}, {"hylafax-ours", "/usr/bin", program},
		{"ours-hylafax", ours, startHylaFAX}, {"ours-ours", ours, program},
	} {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			dir := lab.NewHylaFAXSpool(t, nil)
			startFaxq(t, dir)
			addr := p.start(t, dir)
			ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
			defer stop()
			cmd := exec.CommandContext(ctx, filepath.Join(p.clients, "sendfax"), "-h", addr, "-w", "-n", "-a", "now + 1 hour", "-d", "5551234", doc)
			cmd.Env = append(os.Environ(), "FAXUSER=joe", "HOME="+t.TempDir())
			var said lockedBuffer
			cmd.Stdout, cmd.Stderr = &said, &said
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			killWhenQueued(t, protocoltest.Peer{Addr: addr, Dir: dir}, "1")
			cmd.Wait()
			code := cmd.ProcessState.ExitCode()
			want := 0
			if p.clients == ours {
				want = 255
			}
			if code != want || ctx.Err() != nil || !strings.HasPrefix(said.String(), "request id is 1 ") {
				t.Errorf("sendfax -w = %d, %q, want %d", code, said.String(), want)
			}
			if p.clients == ours && !strings.Contains(said.String(), "job 1 failed: ") {
				t.Errorf("sendfax -w says %q", said.String())
			}
		})
	}
}

// startFaxq starts HylaFAX's scheduler on a spool.
func startFaxq(t *testing.T, dir string) {
	t.Helper()
	cmd := exec.Command("/usr/sbin/faxq", "-q", dir, "-D")
	if err := cmd.Start(); err != nil {
		t.Fatalf("HylaFAX is not installed: run interop/setup first: %v", err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	lab.Wait(t, 40*time.Second, "faxq to listen", func() bool {
		f, err := os.OpenFile(filepath.Join(dir, "FIFO"), os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if err == nil {
			f.Close()
		}
		return err == nil
	})
}

// killWhenQueued removes a job as soon as the scheduler has it. It asks in a new session each time: HylaFAX's hfaxd
// goes on with what it read once, where the scheduler changes the job within the same second.
func killWhenQueued(t *testing.T, peer protocoltest.Peer, id client.JobID) {
	t.Helper()
	var state any
	kill := func() bool {
		c := peer.Dial(t, "joe", client.Config{})
		defer c.Close()
		p, err := c.JobProgress(id)
		if state = fmt.Sprint(p, err); err != nil || p.State != client.StatePending {
			return false
		}
		err = c.Kill(id)
		state = err
		return err == nil
	}
	for range 1000 {
		if kill() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("job %s is not queued: %v", id, state)
}

// lockedBuffer may be written by a process while it is read.
type lockedBuffer struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
