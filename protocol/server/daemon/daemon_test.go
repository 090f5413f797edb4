package daemon

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/litoria-fax/litoria/protocol/protocoltest"
)

// asHfaxd tells the test's program that it is hfaxd.
const asHfaxd = "LITORIA_TEST_HFAXD"

func TestMain(m *testing.M) {
	if os.Getenv(asHfaxd) == "" {
		os.Exit(m.Run())
	}
	if err := Main(os.Args, os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "hfaxd:", err)
		os.Exit(1)
	}
}

// nobody is who runs hfaxd in the tests that root runs.
const nobody = 65534

// program copies the test's program and a spool to where anybody can use them.
func program(t *testing.T) (exe, spool string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "litoria-hfaxd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	exe, spool = filepath.Join(dir, "hfaxd"), filepath.Join(dir, "spool")
	text, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(exe, text, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(spool, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := protocoltest.MakeSpool(spool); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() != 0 {
		return exe, spool
	}
	os.Chmod(dir, 0o755)
	err = filepath.Walk(spool, func(path string, _ os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, nobody, -1)
	})
	if err != nil {
		t.Fatal(err)
	}
	return exe, spool
}

func hfaxd(exe string, args ...string) *exec.Cmd {
	cmd := exec.Command(exe, args...)
	cmd.Env = append(os.Environ(), asHfaxd+"=1")
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	return cmd
}

// freePort returns a port on which nobody listens.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// daemons returns the processes of a program, by its file.
func daemons(t *testing.T, exe string) []int {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		t.Fatal(err)
	}
	var found []int
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && target == exe {
			pid, err := strconv.Atoi(strings.Split(link, "/")[2])
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, pid)
		}
	}
	return found
}

// Without -d hfaxd goes to the background: the command ends when it serves, and a session of its own
// goes on until SIGTERM.
func TestBackground(t *testing.T) {
	exe, spool := program(t)
	port := freePort(t)
	out, err := hfaxd(exe, "-q", spool, "-l", "127.0.0.1", "-i", port).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Fatalf("hfaxd: %v, %q", err, out)
	}
	pids := daemons(t, exe)
	if len(pids) != 1 {
		t.Fatalf("processes in the background: %v, want one", pids)
	}
	t.Cleanup(func() { syscall.Kill(pids[0], syscall.SIGKILL) })
	conn, err := net.Dial("tcp", "127.0.0.1:"+port) // no waiting: it serves
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	greeting, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil || !strings.HasPrefix(greeting, "220 ") {
		t.Errorf("greeting %q, %v", greeting, err)
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pids[0]))
	if err != nil {
		t.Fatal(err)
	}
	_, fields, _ := strings.Cut(string(stat), ") ")
	if f := strings.Fields(fields); f[3] != strconv.Itoa(pids[0]) || f[4] != "0" {
		t.Errorf("session %s, terminal %s; want %d and none", f[3], f[4], pids[0])
	}
	second, err := hfaxd(exe, "-q", spool, "-l", "127.0.0.1", "-i", port).CombinedOutput()
	if err == nil || !strings.Contains(string(second), "address already in use") {
		t.Errorf("second hfaxd: %v, %q; want: address already in use", err, second)
	}
	if err := syscall.Kill(pids[0], syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	if rest, err := io.ReadAll(conn); err != nil || !bytes.HasPrefix(rest, []byte("421 ")) {
		t.Errorf("client at the end: %q, %v; want 421", rest, err)
	}
}

// What is wrong is told by the command, with an exit code, also where the fault shows in the background.
func TestBackgroundFails(t *testing.T) {
	exe, spool := program(t)
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"-S":         {[]string{"-q", spool, "-S"}, "hfaxd: -S: pagers (SNPP) are not supported; hfaxd --help lists the options\n"},
		"-O":         {[]string{"-q", spool, "-O"}, "hfaxd: -O: the protocol before HylaFAX 4 is not supported; hfaxd --help"},
		"-u":         {[]string{"-q", spool, "-u", "socket"}, "hfaxd: -u: Unix sockets are not supported; hfaxd --help"},
		"AdminGroup": {[]string{"-q", spool, "-c", "AdminGroup: wheel"}, "AdminGroup has no effect: it is for logins by PAM, which are not supported"},
		"no spool":   {[]string{"-q", spool + "/none"}, "is not a spool directory"},
		"no key":     {[]string{"-q", spool, "-c", "TLSCertificate: nosuch.pem"}, "TLS: "},
		"bad option": {[]string{"-q", spool, "-c", "IdleTimeout: soon"}, `"soon" is not a number of seconds`},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := hfaxd(exe, append(tt.args, "-l", "127.0.0.1", "-i", freePort(t))...).CombinedOutput()
			if err == nil || !strings.Contains(string(out), tt.want) {
				t.Errorf("hfaxd: %v, %q; want %q", err, out, tt.want)
			}
		})
	}
	if left := daemons(t, exe); len(left) > 0 {
		t.Errorf("left in the background: %v", left)
	}
}

// Debian starts hfaxd for pagers too: fax clients are served all the same, and the command says what is not.
// So does the log for parameters that do nothing here.
func TestNotServed(t *testing.T) {
	exe, spool := program(t)
	if err := os.WriteFile(filepath.Join(spool, "etc", "hfaxd.conf"), []byte("ServerTracing: 1\nAdminGroup: faxadmin\nMaxMsgLength: 128\nUserGroup: fax\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	port, pagers := freePort(t), freePort(t)
	out, err := hfaxd(exe, "-q", spool, "-l", "127.0.0.1", "-i", port, "-s", pagers, "-o", "4557").CombinedOutput()
	want := "hfaxd: -s " + pagers + ": pagers (SNPP) are not supported; nobody listens there\n" +
		"hfaxd: -o 4557: the protocol before HylaFAX 4 is not supported; nobody listens there\n"
	if err != nil || string(out) != want {
		t.Errorf("hfaxd: %v, %q, want %q", err, out, want)
	}
	for _, pid := range daemons(t, exe) {
		syscall.Kill(pid, syscall.SIGKILL)
	}
	if out, err := hfaxd(exe, "-q", spool, "-s", pagers).CombinedOutput(); err == nil || !strings.Contains(string(out), "fax clients need -i PORT") {
		t.Errorf("hfaxd for pagers alone: %v, %q", err, out)
	}
	foreground := hfaxd(exe, "-d", "-q", spool, "-l", "127.0.0.1", "-i", freePort(t), "-s", pagers)
	log, err := foreground.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := foreground.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { foreground.Process.Kill(); foreground.Wait() })
	defer time.AfterFunc(10*time.Second, func() { foreground.Process.Kill() }).Stop() // ends the log
	lines := bufio.NewScanner(log)
	for _, want := range []string{
		"-s " + pagers + ": pagers (SNPP) are not supported",
		"line 2: AdminGroup has no effect: it is for logins by PAM, which are not supported",
		"line 3: MaxMsgLength has no effect: pagers (SNPP) are not supported",
		"line 4: unknown parameter usergroup",
	} {
		found := false
		for !found && lines.Scan() {
			found = strings.Contains(lines.Text(), want)
		}
		if !found {
			t.Fatalf("the log does not say %q", want)
		}
	}
}

// With -I, or without any port, hfaxd serves the client on its standard input (inetd(8)) and ends with it.
func TestInetd(t *testing.T) {
	exe, spool := program(t)
	for _, args := range [][]string{{"-q", spool, "-I"}, {"-q", spool}} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		client, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		accepted, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		cmd := hfaxd(exe, args...)
		if cmd.Stdin, err = accepted.(*net.TCPConn).File(); err != nil {
			t.Fatal(err)
		}
		cmd.Stdout, cmd.Stderr = cmd.Stdin.(*os.File), cmd.Stdin.(*os.File) // as inetd has it: logs must not go there
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		cmd.Stdin.(*os.File).Close()
		accepted.Close()
		fmt.Fprint(client, "USER joe\r\nQUIT\r\n")
		client.SetReadDeadline(time.Now().Add(10 * time.Second))
		text, err := io.ReadAll(client)
		lines := strings.Split(strings.TrimSuffix(string(text), "\r\n"), "\r\n")
		if err != nil || len(lines) != 3 || lines[0][:4] != "220 " || lines[1] != "230 User joe logged in." || lines[2] != "221 Goodbye." {
			t.Errorf("hfaxd %q: %q, %v", args, lines, err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("hfaxd %q: %v", args, err)
		}
		client.Close()
		l.Close()
	}
}

// hfaxd.conf is read anew when it changes; a wrong line does not make the others void.
func TestConfiguration(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "etc/hfaxd.conf")
	var out bytes.Buffer
	c := &configuration{options: &options{items: []string{"FaxContact: joe"}}, spool: dir, log: zerolog.New(&out)}
	for i, tt := range []struct {
		text    string
		timeout time.Duration
		logged  string
	}{
		{"IdleTimeout: 60\n", time.Minute, ""},
		{"NoSuch: 1\nServerTracing: much\nIdleTimeout: 120\n", 2 * time.Minute, "unknown parameter nosuch"},
		{"ServerTracing: 0x100\nIdleTimeout: 30\n", 30 * time.Second, "configuration read"},
		{"ServerTracing: 1\nMaxMsgLength: 30\n", 900 * time.Second, "MaxMsgLength has no effect: pagers (SNPP) are not supported"},
	} {
		out.Reset()
		if err := os.WriteFile(file, []byte(tt.text), 0o644); err != nil {
			t.Fatal(err)
		}
		os.Chtimes(file, time.Time{}, time.Now().Add(time.Duration(i-100)*time.Hour))
		for range 2 {
			s, err := c.read()
			if err != nil || s.IdleTimeout != tt.timeout || s.FaxContact != "joe" {
				t.Fatalf("read after %q = %v, %v", tt.text, s, err)
			}
		}
		if got := out.String(); !strings.Contains(got, tt.logged) || tt.logged == "" && got != "" || strings.Count(got, tt.logged) > 1 && tt.logged != "" {
			t.Errorf("%q: logged %q, want %q once", tt.text, got, tt.logged)
		}
	}
}
