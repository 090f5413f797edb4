//go:build interop

// Package lab starts and stops the real peers that Litoria is tested against:
// Asterisk from Debian sid in a chroot, HylaFAX's daemons and iaxmodem. What it
// starts listens on loopback only, on ports that are free at the time, keeps
// its files in a folder of the test's own, and ends with the test.
//
// It needs root and what ../setup installs, and it says so where that is
// missing: a test of this folder never passes by skipping.
package lab

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/modemdrv/tiff"
)

// Dir is the folder of the interop set-up (LITORIA_INTEROP_DIR of ../setup).
func Dir() string {
	if d := os.Getenv("LITORIA_INTEROP_DIR"); d != "" {
		return d
	}
	return "/var/cache/litoria-interop"
}

// Need fails the test with a sentence where a program of the set-up is missing.
func Need(t testing.TB, programs ...string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Fatal("interop tests start daemons of other users and a chroot: run them as root")
	}
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Fatalf("%s is not installed: run interop/setup first", p)
		}
	}
}

// TempDir is a folder that other users (HylaFAX works as uucp) can enter.
func TempDir(t testing.TB) string {
	t.Helper()
	d, err := os.MkdirTemp("", "litoria-interop-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(d, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() && os.Getenv("LITORIA_INTEROP_KEEP") != "" {
			t.Logf("kept: %s", d)
			return
		}
		os.RemoveAll(d)
	})
	return d
}

// Process is a daemon in the foreground, its output in a file.
type Process struct {
	Name string
	Log  string // path of its standard output and error
	cmd  *exec.Cmd
	done chan struct{}
	once sync.Once
}

// Start runs a daemon until the test ends.
func Start(t testing.TB, dir, name string, argv ...string) *Process {
	t.Helper()
	return StartAs(t, nil, dir, name, argv...)
}

// StartAs is Start with the rights of another user.
func StartAs(t testing.TB, rights *syscall.Credential, dir, name string, argv ...string) *Process {
	t.Helper()
	p := &Process{Name: name, Log: filepath.Join(dir, name+".out"), done: make(chan struct{})}
	out, err := os.OpenFile(p.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	p.cmd = exec.Command(argv[0], argv[1:]...)
	p.cmd.Dir = dir
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: rights}
	if err := startFirst(p.cmd); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	out.Close()
	go func() { _ = p.cmd.Wait(); close(p.done) }()
	t.Cleanup(func() {
		p.Stop()
		if t.Failed() {
			t.Logf("last lines of %s:\n%s", name, Tail(p.Log, 40))
		}
	})
	return p
}

// priority of what is started, as nice(1) has it: a soft modem that waits for
// the processor is heard as a damaged page, and other tests may be running.
const priority = -15

// startFirst starts a program in a session of its own, with priority before the
// rest of the machine. A child inherits it from the thread that makes it; and
// where the kernel shares out the processor by sessions first (autogroup), its
// session gets it too.
func startFirst(cmd *exec.Cmd) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	now, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0)
	if err == nil && syscall.Setpriority(syscall.PRIO_PROCESS, 0, priority) == nil {
		defer syscall.Setpriority(syscall.PRIO_PROCESS, 0, 20-now) // the kernel's answer is 20 - nice
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/autogroup", cmd.Process.Pid), []byte(strconv.Itoa(priority)), 0) // not on every kernel
	return nil
}

// Stop ends the daemon: politely, and after three seconds not so.
func (p *Process) Stop() {
	p.once.Do(func() {
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGTERM)
		select {
		case <-p.done:
		case <-time.After(3 * time.Second):
		}
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
		<-p.done
	})
}

// Kill is kill -9: what a power cut does to the process.
func (p *Process) Kill() {
	p.once.Do(func() {
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
		<-p.done
	})
}

// Pid is the process id of the daemon.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Wait polls until the condition holds, and fails the test with what was
// waited for when it never does.
func Wait(t testing.TB, limit time.Duration, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if cond() {
			return
		}
	}
	t.Fatalf("waited %v in vain for %s", limit, what)
}

// Run runs a command to its end and gives its output; it fails the test when
// the command does.
func Run(t testing.TB, argv ...string) string {
	t.Helper()
	out, err := TryRun(argv...)
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, out)
	}
	return out
}

// TryRun runs a command to its end, at most a minute.
func TryRun(argv ...string) (string, error) {
	cmd := exec.Command(argv[0], argv[1:]...)
	var b bytes.Buffer
	cmd.Stdout, cmd.Stderr = &b, &b
	if err := cmd.Start(); err != nil {
		return "", err
	}
	timer := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	err := cmd.Wait()
	return b.String(), err
}

// Tail gives the last lines of a file.
func Tail(path string, lines int) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	l := strings.Split(strings.TrimRight(string(b), "\n"), "\n")
	if len(l) > lines {
		l = l[len(l)-lines:]
	}
	return strings.Join(l, "\n")
}

// Contains tells whether a file has a text in it.
func Contains(path, text string) bool {
	b, err := os.ReadFile(path)
	return err == nil && bytes.Contains(b, []byte(text))
}

// SamePages fails the test unless received TIFF files, one after the other,
// hold the same pixels page by page as the one that was sent, as libtiff
// decodes them.
func SamePages(t testing.TB, sent string, received ...string) {
	t.Helper()
	if err := ComparePages(sent, received...); err != nil {
		t.Fatal(err)
	}
}

// ComparePages is SamePages with an error for an answer.
func ComparePages(sent string, received ...string) error {
	want, err := decoded(sent)
	if err != nil {
		return err
	}
	var got []*t4.Bitmap
	for _, f := range received {
		pages, err := decoded(f)
		if err != nil {
			return err
		}
		got = append(got, pages...)
	}
	names := strings.Join(received, " and ")
	if len(want) != len(got) {
		return fmt.Errorf("%s has %d pages, %s has %d", sent, len(want), names, len(got))
	}
	for i, page := range want {
		if err := samePixels(page, got[i]); err != nil {
			return fmt.Errorf("page %d of %s is not that of %s: %w", i+1, names, sent, err)
		}
	}
	return nil
}

// decoded gives the pages of a file as libtiff's tiffcp decodes them.
func decoded(file string) ([]*t4.Bitmap, error) {
	dir, err := os.MkdirTemp("", "litoria-cmp-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	plain := filepath.Join(dir, "plain.tif")
	// No compression, fill order 1, one strip a page: what remains are the pixels.
	if out, err := TryRun("tiffcp", "-c", "none", "-f", "msb2lsb", "-r", "20000", file, plain); err != nil {
		return nil, fmt.Errorf("libtiff cannot decode %s: %w: %s", file, err, firstLine(out))
	}
	return pixels(plain)
}

// pixels reads the pages of an uncompressed file.
func pixels(tif string) ([]*t4.Bitmap, error) {
	r, err := tiff.Open(tif)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var pages []*t4.Bitmap
	for i, p := range r.Pages() {
		if p.Compression != tiff.Uncompressed {
			return nil, fmt.Errorf("%s: page %d is not decoded", tif, i+1)
		}
		page, _, err := r.Decode(i)
		if err != nil {
			return nil, fmt.Errorf("%s: page %d: %w", tif, i+1, err)
		}
		pages = append(pages, page)
	}
	return pages, nil
}

func samePixels(sent, received *t4.Bitmap) error {
	stride := (sent.Width + 7) / 8
	differ, first := 0, -1
	for y := range min(sent.Height, received.Height) {
		if sent.Width == received.Width && !bytes.Equal(sent.Pix[y*stride:(y+1)*stride], received.Pix[y*stride:(y+1)*stride]) {
			if differ++; first < 0 {
				first = y
			}
		}
	}
	if sent.Width != received.Width || sent.Height != received.Height {
		return fmt.Errorf("it has %d columns and %d rows instead of %d and %d (first row that differs: %d)", received.Width, received.Height, sent.Width, sent.Height, first)
	}
	if differ > 0 {
		return fmt.Errorf("%d of %d rows differ, the first is %d", differ, sent.Height, first)
	}
	return nil
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}
