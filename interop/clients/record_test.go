//go:build interop

// Package clients_test holds the client-server protocol against HylaFAX's own programs: hfaxd,
// sendfax, faxstat, faxrm and faxalter, and against ordinary FTP clients. It runs as root, with the
// packages hylafax-server and hylafax-client installed.
package clients_test

import (
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/interop/lab"
	"github.com/litoria-fax/litoria/interop/ports"
	"github.com/litoria-fax/litoria/protocol/protocoltest"
)

var record = flag.Bool("record", false, "write the dialogues anew, as HylaFAX's hfaxd answers")

const dialogues = "../../protocol/server/testdata/dialogues"

// TestDialogues plays the dialogues with HylaFAX's hfaxd. With -record it writes its answers; without,
// it compares them with those on file.
func TestDialogues(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(dialogues, "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatal("no dialogues", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { playDialogue(t, file) })
	}
}

func playDialogue(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	d := protocoltest.ParseDialogue(string(text))
	got, err := d.Play(startHylaFAX(t, makeSpool(t)), cleaner(t))
	if err != nil {
		got = append(got, protocoltest.Line{Kind: "#", Text: "# ends: " + err.Error()})
		t.Logf("%s: %v", file, err)
	}
	if *record {
		if err := os.WriteFile(file, []byte(d.Deviations(got).String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := protocoltest.Compare(d, got, false); diff != "" {
		t.Error(diff)
	}
}

// makeSpool makes a test spool that HylaFAX's programs, who run as uucp, can use, with a scheduler.
func makeSpool(t *testing.T) string {
	t.Helper()
	dir := makeSpoolFiles(t)
	scheduler, err := protocoltest.StartScheduler(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(scheduler.Close)
	return dir
}

// makeSpoolFiles makes a test spool for the user uucp.
func makeSpoolFiles(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "litoria")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := protocoltest.MakeSpool(dir); err != nil {
		t.Fatal(err)
	}
	uucp, err := user.Lookup("uucp")
	if err != nil {
		t.Fatal("no user uucp, so no HylaFAX: run interop/setup first")
	}
	uid, _ := strconv.Atoi(uucp.Uid)
	os.Chmod(dir, 0o755)
	os.MkdirAll(filepath.Join(dir, "dev"), 0o755)
	err = filepath.Walk(dir, func(path string, _ os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, uid, -1)
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

const hylafaxd = "/usr/sbin/hfaxd"

// serverCommand is what starts an hfaxd, HylaFAX's or ours.
func serverCommand(t testing.TB, program string, args ...string) *exec.Cmd {
	t.Helper()
	argv := []string{program}
	if program == hylafaxd {
		argv = lab.HylaFAXd(t)
	}
	argv = append(argv, args...)
	return exec.Command(argv[0], argv[1:]...)
}

// startHylaFAX starts HylaFAX's hfaxd on a free port.
func startHylaFAX(t *testing.T, dir string) string {
	t.Helper()
	return startProgram(t, hylafaxd, dir)
}

// startProgram starts an hfaxd, HylaFAX's or ours, on a free port.
func startProgram(t *testing.T, program, dir string) string {
	t.Helper()
	port := fmt.Sprint(ports.TCP(t))
	addr := net.JoinHostPort("127.0.0.1", port)
	cmd := serverCommand(t, program, "-q", dir, "-l", "127.0.0.1", "-i", port, "-d")
	if err := cmd.Start(); err != nil {
		t.Fatalf("%s: %v: run interop/setup first", program, err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	awaitServer(t, addr)
	return addr
}

// awaitServer waits until a server greets.
func awaitServer(t testing.TB, addr string) {
	t.Helper()
	lab.Wait(t, 30*time.Second, "hfaxd to greet at "+addr, func() bool {
		conn, err := net.DialTimeout("tcp", addr, time.Second)
		if err != nil {
			return false
		}
		defer conn.Close()
		conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		greeting := make([]byte, 4)
		_, err = io.ReadFull(conn, greeting)
		return err == nil && string(greeting) == "220 "
	})
}

var longTime = regexp.MustCompile(`\b20[0-9]{12}\b`)

// cleaner takes this machine and this day out of what a server says.
func cleaner(t *testing.T) func(string) string {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	full := host
	if names, err := net.LookupAddr("127.0.1.1"); err == nil && len(names) > 0 {
		full = strings.TrimSuffix(names[0], ".")
	}
	year := fmt.Sprint(time.Now().Year())
	return func(s string) string {
		s = strings.ReplaceAll(s, full+" ", "fax.example.com ")
		s = strings.ReplaceAll(s, " "+host+":", " fax.example.com:")
		s = strings.ReplaceAll(s, "@"+host, "@fax.example.com")
		if host == "vm" || len(host) > 3 {
			s = strings.ReplaceAll(s, host+" ", "fax.example.com ")
		}
		return longTime.ReplaceAllStringFunc(s, func(v string) string {
			if strings.HasPrefix(v, year) {
				return "YYYYMMDDHHMMSS"
			}
			return v
		})
	}
}

// TestSuite runs this module's client library against HylaFAX's hfaxd.
func TestSuite(t *testing.T) {
	protocoltest.RunSuite(t, func(t *testing.T) protocoltest.Peer {
		dir := makeSpool(t)
		return protocoltest.Peer{Addr: startHylaFAX(t, dir), Dir: dir}
	})
}
