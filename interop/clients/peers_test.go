//go:build interop

package clients_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/protocol/protocoltest"
	"github.com/litoria-fax/litoria/protocol/server"
)

// startOurs starts this module's server on a spool, as HylaFAX's is set up by default.
func startOurs(t *testing.T, dir string) string {
	t.Helper()
	srv, err := server.New(server.Config{Spool: dir, NoPasswordDelay: true, LookupHost: func(context.Context, string) string { return "localhost" }})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l, false) }()
	t.Cleanup(func() {
		srv.Close()
		if err := <-ended; !errors.Is(err, server.ErrClosed) {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// buildClients builds this module's client commands.
func buildClients(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"sendfax", "faxstat", "faxrm", "faxalter"} {
		cmd := exec.Command("go", "build", "-o", dir, "github.com/litoria-fax/litoria/cmd/"+name)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("build %s: %v\n%s", name, err, out)
		}
	}
	return dir
}

// script is what is done with each pair of client and server. DOC is a document.
var script = []string{
	"sendfax -n -d 5551234 DOC",
	"sendfax -n -m -x Acme -d Ann@5551235#44 -l -P high -d 5551236 DOC DOC",
	"sendfax -n -D -E -1 -B 9600 -b 4800 -M 20ms -t 4 -T 5 -i tag -s a4 -S 123 -F line -Z 1-2 -r re -y there -V 1 -X us -Y here -U 2 -A -k 'now + 2 days' -a 'now + 1 hour' -f 'Joe <joe@example.com>' -d 5551237 DOC",
	"sendfax -n -p -d 5551238 DOC",
	"sendfax -n DOC",
	"sendfax -n -d 1 /nosuch",
	"faxstat",
	"faxstat -s -d -r",
	"faxstat -s -d -r -l",
	"faxstat -g -f -i -a",
	"faxalter -P 100 -t 7 -D -m any 100",
	"faxalter -a 'now + 2 hours' -k 'now + 1 day' -d 999 -Z 1 100",
	"faxalter -r 5",
	"faxalter -p 6",
	"faxalter -p 9999",
	"faxrm 100 101",
	"faxrm 5",
	"faxrm 6",
	"faxrm 9999",
	"faxrm -d doc5.tif.10",
	"faxrm -d nosuch",
	"faxstat -s -d",
}

var (
	words   = regexp.MustCompile(`'[^']*'|[^ ]+`)
	minutes = regexp.MustCompile(`\b[0-2][0-9]:[0-5][0-9]\b`)
	days    = regexp.MustCompile(`\b(Sun|Mon|Tue|Wed|Thu|Fri|Sat)[0-9][0-9][AP]M\b`)
)

// TestClients runs HylaFAX's clients and ours against HylaFAX's server and ours. All four must say the
// same and leave the same jobs.
func TestClients(t *testing.T) {
	ours := buildClients(t)
	doc := filepath.Join(t.TempDir(), "doc.ps")
	if err := os.WriteFile(doc, []byte("%!PS\n%%Pages: 1\nshowpage\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var want string
	for _, pair := range []struct {
		name, clients string
		start         func(*testing.T, string) string
	}{
		{"hylafax-hylafax", "/usr/bin", startHylaFAX},
		{"hylafax-ours", "/usr/bin", startOurs},
		{"ours-hylafax", ours, startHylaFAX},
		{"ours-ours", ours, startOurs},
	} {
		t.Run(pair.name, func(t *testing.T) {
			dir := makeSpool(t)
			addr := pair.start(t, dir)
			got := runScript(t, pair.clients, addr, doc) + jobFiles(t, dir)
			if want == "" {
				want = got
				return
			}
			if got != want {
				diff(t, want, got)
			}
		})
	}
}

// runScript runs the script and returns what was said, without what differs by the moment.
func runScript(t *testing.T, clients, addr, doc string) string {
	var b strings.Builder
	clean := cleaner(t)
	for _, line := range script {
		args := words.FindAllString(strings.ReplaceAll(line, "DOC", doc), -1)
		for i := range args {
			args[i] = strings.Trim(args[i], "'")
		}
		if args[0] == "faxalter" || args[0] == "faxrm" {
			time.Sleep(1100 * time.Millisecond) // HylaFAX's server takes a job file changed within a second for unchanged
		}
		cmd := exec.Command(filepath.Join(clients, args[0]), append([]string{"-h", addr}, args[1:]...)...)
		cmd.Env = append(os.Environ(), "FAXUSER=joe", "HOME=/nonexistent", "LC_ALL=C")
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		err := cmd.Run()
		text := strings.ReplaceAll(out.String(), "\r\n", "\n")
		text = strings.ReplaceAll(text, ": no such file or directory", "") // ours tells why
		var lines []string
		for _, l := range strings.Split(strings.TrimSpace(text), "\n") {
			if l != "" {
				lines = append(lines, clean(days.ReplaceAllString(minutes.ReplaceAllString(l, "HH:MM"), "DDDHHPM")))
			}
		}
		if args[0] == "faxstat" {
			sort.Strings(lines) // HylaFAX lists in the order of the directory
		}
		code := 0
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			code = exit.ExitCode()
		}
		b.WriteString("$ " + line + "\n")
		for _, l := range lines {
			b.WriteString("  " + l + "\n")
		}
		if strings.HasPrefix(line, "sendfax") { // only sendfax's codes mean something in HylaFAX
			b.WriteString("  exit " + map[bool]string{true: "0", false: "failure"}[code == 0] + "\n")
		}
	}
	return b.String()
}

// jobFiles returns what matters of the job files that are left.
func jobFiles(t *testing.T, dir string) string {
	var b strings.Builder
	for _, id := range []string{"102", "103", "104", "105"} {
		for _, queue := range []string{"sendq", "doneq"} {
			text, err := os.ReadFile(filepath.Join(dir, queue, "q"+id))
			if err != nil {
				continue
			}
			b.WriteString(queue + "/q" + id + "\n")
			for _, l := range strings.Split(string(text), "\n") {
				switch tag, _, _ := strings.Cut(l, ":"); tag {
				case "tts", "killtime", "schedpri", "mailaddr", "sender", "": // times; and HylaFAX's faxq sets the priority
				default:
					b.WriteString("  " + l + "\n")
				}
			}
		}
	}
	return b.String()
}

func diff(t *testing.T, want, got string) {
	t.Helper()
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	at := ""
	n := 0
	for i := 0; i < max(len(w), len(g)) && n < 12; i++ {
		a, b := "", ""
		if i < len(w) {
			a = w[i]
		}
		if i < len(g) {
			b = g[i]
		}
		if strings.HasPrefix(a, "$") {
			at = a
		}
		if a != b {
			t.Errorf("%s\n  got  %q\n  want %q", at, b, a)
			n++
		}
	}
}

// TestFTPPrograms fetches a received fax with ordinary FTP clients.
func TestFTPPrograms(t *testing.T) {
	dir := makeSpool(t)
	addr := startOurs(t, dir)
	want := protocoltest.TIFF(2)
	_, port, _ := net.SplitHostPort(addr)
	for name, command := range map[string][]string{
		"curl":        {"curl", "-s", "-u", "joe:x", "ftp://" + addr + "/recvq/fax000000001.tif"},
		"curl active": {"curl", "-s", "-P", "-", "-u", "joe:x", "ftp://" + addr + "/recvq/fax000000001.tif"},
		"lftp":        {"lftp", "-u", "joe,x", "-e", "cat recvq/fax000000001.tif; bye", "ftp://" + addr},
		"python": {"python3", "-c", "import ftplib,sys\nf=ftplib.FTP()\nf.connect('127.0.0.1'," + port +
			")\nf.login('joe','x')\nf.voidcmd('TYPE I')\nassert f.size('recvq/fax000000001.tif')>0\n" +
			"assert 'fax000000001.tif' in f.nlst('recvq')\nf.retrbinary('RETR recvq/fax000000001.tif', sys.stdout.buffer.write)\nf.quit()"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := exec.LookPath(command[0]); err != nil {
				t.Fatalf("%s is not installed: run interop/setup first", command[0])
			}
			cmd := exec.Command(command[0], command[1:]...)
			cmd.Stderr = io.Discard
			out, err := cmd.Output()
			if err != nil || !bytes.Equal(out, want) {
				t.Errorf("%v: %d octets, want %d", err, len(out), len(want))
			}
		})
	}
}
