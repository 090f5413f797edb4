//go:build interop

package lab

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/interop/ports"
)

// Line is a line of Litoria's under test.
type Line struct {
	Device string // devid
	Peer   string // name at the exchange
	Secret string
	Number string
	Config string // further lines of config.<devid>
}

// Litoria is a server of ours with all its processes, on a spool of its own.
type Litoria struct {
	Spool string
	Port  int // of hfaxd
	Faxq  *Process
	Hfaxd *Process
	Getty *Process
	lines []Line
	getty []string // what faxgetty is told of its lines
	dir   string
	bin   string // copies of our programs, which Owner may run
}

// Root is the top of the checkout.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

// Bin is the path of one of our programs, built by `make`.
func Bin(t testing.TB, name string) string {
	t.Helper()
	p := filepath.Join(Root(), "bin", name)
	if _, err := os.Stat(p); err != nil {
		t.Fatalf("%s is not built: run make first", name)
	}
	return p
}

// Owner is the user whom fax servers work as: HylaFAX's, so that its programs
// and ours can share a spool.
const Owner = "uucp"

// AsOwner are the rights of Owner.
func AsOwner(t testing.TB) *syscall.Credential {
	t.Helper()
	u, err := user.Lookup(Owner)
	if err != nil {
		t.Fatalf("%v: run interop/setup first", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid), NoSetGroups: true}
}

// NewLitoriaSpool makes a fresh spool with one config file for each line, all
// of them at the exchange on a port of loopback.
func NewLitoriaSpool(t testing.TB, exchangePort int, lines ...Line) string {
	t.Helper()
	spool := filepath.Join(TempDir(t), "spool")
	Run(t, Bin(t, "faxsetup"), "-q", spool, "-create", "-quiet", "-user", Owner)
	for _, l := range lines {
		text := fmt.Sprintf("FAXNumber: %s\nLocalIdentifier: \"%s\"\nSessionTracing: 0xFFF\nServerTracing: 0xFFF\nRecvFileMode: 0644\nLogFileMode: 0644\nTagLineFormat: \"\"\nModemType: IAX2\n"+
			"IAXServer: 127.0.0.1:%d\nIAXPeer: %s\nIAXSecret: %s\nIAXCallerIDNumber: %s\n%s",
			l.Number, l.Device, exchangePort, l.Peer, l.Secret, l.Number, l.Config)
		if err := os.WriteFile(filepath.Join(spool, "etc", "config."+l.Device), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return spool
}

// StartLitoria starts faxq, hfaxd and one faxgetty for all lines of a spool,
// and waits until all are idle.
func StartLitoria(t testing.TB, spool string, lines ...Line) *Litoria {
	t.Helper()
	var devices []string
	for _, line := range lines {
		devices = append(devices, line.Device)
	}
	return StartLitoriaWith(t, spool, devices, lines...)
}

// StartLitoriaWith is StartLitoria with other arguments of faxgetty than the
// devices of its lines.
func StartLitoriaWith(t testing.TB, spool string, getty []string, lines ...Line) *Litoria {
	t.Helper()
	l := &Litoria{Spool: spool, Port: ports.TCP(t), lines: lines, getty: getty, dir: filepath.Dir(spool)}
	l.bin = filepath.Join(l.dir, "bin")
	if err := os.MkdirAll(l.bin, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"faxq", "hfaxd", "faxgetty", "faxsend"} {
		Run(t, "cp", Bin(t, name), l.bin) // the checkout may be in a closed home directory
	}
	l.StartFaxq(t)
	l.StartHfaxd(t)
	l.StartGetty(t)
	l.WaitIdle(t)
	return l
}

// StartFaxq starts the scheduler (again).
func (l *Litoria) StartFaxq(t testing.TB) {
	l.Faxq = l.start(t, "faxq", "-q", l.Spool, "-D")
}

// StartHfaxd starts the protocol server (again).
func (l *Litoria) StartHfaxd(t testing.TB) {
	l.Hfaxd = l.start(t, "hfaxd", "-q", l.Spool, "-i", fmt.Sprint(l.Port), "-d")
}

// StartGetty starts the process of all lines (again).
func (l *Litoria) StartGetty(t testing.TB) {
	l.Getty = l.start(t, "faxgetty", append([]string{"-q", l.Spool}, l.getty...)...)
}

// StartMore starts a process for a further line of the spool.
func (l *Litoria) StartMore(t testing.TB, line Line) *Process {
	t.Helper()
	return StartAs(t, AsOwner(t), l.dir, "faxgetty-"+line.Device, filepath.Join(l.bin, "faxgetty"), "-q", l.Spool, line.Device)
}

func (l *Litoria) start(t testing.TB, name string, args ...string) *Process {
	t.Helper()
	return StartAs(t, AsOwner(t), l.dir, name, append([]string{filepath.Join(l.bin, name)}, args...)...)
}

// WaitIdle waits until every line is ready for a call.
func (l *Litoria) WaitIdle(t testing.TB) {
	t.Helper()
	Wait(t, 20*time.Second, "our lines to be idle", func() bool {
		out, _ := TryRun(Bin(t, "faxstat"), "-h", l.Host(), "-s")
		return strings.Count(out, "Running and idle") >= len(l.lines)
	})
}

// Host is the server in the form that clients take with -h.
func (l *Litoria) Host() string { return fmt.Sprintf("127.0.0.1:%d", l.Port) }

// Submit sends a document with our sendfax and gives the job's number. The
// line is devid, or any where empty.
func (l *Litoria) Submit(t testing.TB, devid, number, file string, options ...string) string {
	t.Helper()
	host := l.Host()
	if devid != "" {
		host = devid + "@" + host
	}
	argv := append([]string{Bin(t, "sendfax"), "-n"}, options...)
	return RequestID(t, Run(t, append(argv, "-h", host, "-d", number, file)...))
}

// Received lists the files of recvq, oldest first.
func Received(spool string) []string {
	files, _ := filepath.Glob(filepath.Join(spool, "recvq", "fax*.tif"))
	return files
}
