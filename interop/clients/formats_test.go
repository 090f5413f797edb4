//go:build interop

package clients_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/protocol/protocoltest"
)

// formatForms are a letter of a format with the widths and precisions that are compared; %[1]c is the letter.
const formatForms = "%%%[1]c|%%1%[1]c|%%3%[1]c|%%12%[1]c|%%-12%[1]c|%%.1%[1]c|%%.4%[1]c|%%-10.5%[1]c|%%7.3%[1]c|%%012%[1]c"

// lettersAtOnce is how many letters are asked for with one command: a line has at most 510 octets.
const lettersAtOnce = 5

// faultyLetters are wrong with HylaFAX's server: the first two end it, the last shows nothing.
var faultyLetters = map[string]string{"RCVFMT": "q", "MDMFMT": "r", "FILEFMT": "q"}

// formatLetters are the letters of a format that can be compared.
func formatLetters(format string) (letters []rune) {
	for l := 'A'; l <= 'z'; l++ {
		if (l <= 'Z' || l >= 'a') && !strings.ContainsRune(faultyLetters[format], l) {
			letters = append(letters, l)
		}
	}
	return letters
}

func formatOf(letters []rune) string {
	var parts []string
	for _, l := range letters {
		parts = append(parts, fmt.Sprintf(formatForms, l))
	}
	return strings.Join(parts, "|")
}

// formatPeer is a session in which listings are asked for.
type formatPeer struct {
	net.Conn
	in *bufio.Reader
}

func dialPeer(t *testing.T, addr, user string) *formatPeer {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	p := &formatPeer{c, bufio.NewReader(c)}
	p.reply(t)
	p.ask(t, "USER "+user)
	if user == "boss" {
		p.ask(t, "ADMIN "+protocoltest.Password)
	}
	return p
}

// ask sends a command and returns the reply's text.
func (p *formatPeer) ask(t *testing.T, command string) string {
	t.Helper()
	fmt.Fprintf(p, "%s\r\n", command)
	return p.reply(t)
}

func (p *formatPeer) reply(t *testing.T) string {
	t.Helper()
	p.SetReadDeadline(time.Now().Add(20 * time.Second))
	var text strings.Builder
	for code := ""; ; {
		line, err := p.in.ReadString('\n')
		if err != nil {
			t.Fatalf("a server is gone after %q: %v", text.String(), err)
		}
		text.WriteString(line)
		if code == "" && len(line) > 3 {
			code = line[:3]
		}
		if len(line) > 3 && line[:3] == code && line[3] == ' ' {
			return text.String()
		}
	}
}

// addJobs puts jobs of every state, and with other fields, into the spool.
func addJobs(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "doneq", "q*"))
	if err != nil || len(files) == 0 {
		t.Fatal("no jobs in the test spool", err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for i := range 16 {
		state, queue := i%8+1, "sendq"
		if state >= 7 {
			queue = "doneq"
		}
		id := 40 + i
		set := map[string]string{"state": fmt.Sprint(state), "jobid": fmt.Sprint(id)}
		if i >= 8 {
			for tag, value := range map[string]string{
				"notify": "when done+requeued", "pagechop": "all", "chopthreshold": "2.25", "desiredbr": "5", "desiredst": "7", "desiredec": "0",
				"desireddf": "0", "useccover": "0", "usexvres": "1", "doneop": "archive", "modem": "ttyS0", "sender": "A name of some length",
				"status": "A text that goes on and on, beyond what lists show", "statuscode": "333", "external": "+1.555.0100,,123456789",
				"regarding": "a subject", "comments": "a comment", "subaddr": "77", "passwd": "secret", "tsi": "our tsi", "faxnumber": "5550199",
				"csi": "their csi", "tagline": "a line %p", "fromvoice": "5550177", "fromcompany": "Us", "fromlocation": "Here", "voice": "5550188",
				"pagerange": "1-2", "priority": "7", "schedpri": "254", "npages": "12", "totpages": "1234", "ndials": "3", "totdials": "11",
				"ntries": "2", "tottries": "10", "minbr": "3", "groupid": "41", "commid": "", "signalrate": "", "dataformat": "", "jobtag": "",
				"desiredtl": "1", "nskip": "1", "skippages": "2", "ncover": "1", "coverpages": "1", "retrytime": "300", "client": "pc.example.com",
			} {
				set[tag] = value
			}
		}
		var job strings.Builder
		for line := range strings.Lines(string(text)) {
			tag, _, _ := strings.Cut(line, ":")
			if value, ok := set[tag]; ok {
				line = tag + ":" + value + "\n"
			}
			job.WriteString(line)
		}
		name := filepath.Join(dir, queue, fmt.Sprintf("q%d", id))
		if err := os.WriteFile(name, []byte(job.String()), info.Mode()); err != nil {
			t.Fatal(err)
		}
		if owner, ok := info.Sys().(*syscall.Stat_t); ok {
			if err := os.Chown(name, int(owner.Uid), int(owner.Gid)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestFormats asks HylaFAX's hfaxd and ours, on one spool with jobs of all states, for each letter of the
// four formats, in many widths: the listings must be the same, octet by octet, for users and administrators.
func TestFormats(t *testing.T) {
	dir := makeSpool(t)
	addJobs(t, dir)
	theirs, ours := startHylaFAX(t, dir), startOurs(t, dir)
	for _, user := range []string{"joe", "boss"} {
		t.Run(user, func(t *testing.T) {
			a, b := dialPeer(t, theirs, user), dialPeer(t, ours, user)
			compared := 0
			for _, f := range []struct {
				format string
				dirs   []string
			}{
				{"JOBFMT", []string{"sendq", "doneq"}}, {"RCVFMT", []string{"recvq"}}, {"MDMFMT", []string{"status"}}, {"FILEFMT", []string{"docq", "etc"}},
			} {
				for letters := range slices.Chunk(formatLetters(f.format), lettersAtOnce) {
					for _, p := range []*formatPeer{a, b} {
						if r := p.ask(t, fmt.Sprintf("%s \"%s\"", f.format, formatOf(letters))); !strings.HasPrefix(r, "200") {
							t.Fatalf("%s %s: %s", f.format, string(letters), r)
						}
					}
					for _, d := range f.dirs {
						want, got := sameMoment(t, a, b, d)
						compared += strings.Count(want, "\n")
						if want != got {
							t.Errorf("%s %s, %s:\nHylaFAX %q\nours    %q", f.format, string(letters), d, want, got)
						}
					}
				}
			}
			if t.Logf("%d lines compared", compared); compared < 150 {
				t.Error("there was little to compare")
			}
		})
	}
}

// list gives a directory's listing.
func (p *formatPeer) list(t *testing.T, dir string) string {
	t.Helper()
	var n [6]int
	reply := p.ask(t, "PASV")
	at := strings.IndexAny(reply[3:], "0123456789") + 3
	if _, err := fmt.Sscanf(reply[at:], "%d,%d,%d,%d,%d,%d", &n[0], &n[1], &n[2], &n[3], &n[4], &n[5]); err != nil {
		t.Fatalf("PASV: %q: %v", reply, err)
	}
	data, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", n[4]<<8|n[5]))
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	if r := p.ask(t, "LIST "+dir); !strings.HasPrefix(r, "150") {
		return r
	}
	data.SetReadDeadline(time.Now().Add(20 * time.Second))
	b, err := io.ReadAll(data)
	if r := p.reply(t); err == nil && !strings.HasPrefix(r, "226") {
		t.Fatalf("LIST %s: %s", dir, r)
	}
	if err != nil { // HylaFAX's may reset the connection on which it has sent a list
		t.Logf("LIST %s at %s: %v", dir, p.RemoteAddr(), err)
		return err.Error()
	}
	lines := strings.Split(string(b), "\r\n")
	for i := range lines { // the times of FILEFMT end with a line end, with ours a blank: no line of a list goes on
		lines[i] = strings.ReplaceAll(lines[i], "\n", " ")
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}

// momentTries is how often both are asked until they say the same.
const momentTries = 4

// sameMoment asks both; times that count differ where a second passes in between, but not always.
func sameMoment(t *testing.T, a, b *formatPeer, dir string) (want, got string) {
	t.Helper()
	for range momentTries {
		if want, got = a.list(t, dir), b.list(t, dir); want == got {
			break
		}
	}
	return want, got
}
