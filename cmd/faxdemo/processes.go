package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// server is the whole fax server of the demo: its folder and processes.
type server struct {
	bin, dir, spool string
	hfaxdPort       int
	iaxPort         int
	running         []*exec.Cmd
	user            *syscall.Credential // whom the programs run as; nil: as we do
}

// the two lines of the demo
const (
	lineA, numberA = "ttyIAX0", "1000"
	lineB, numberB = "ttyIAX1", "1001"
)

// newServer prepares the folder: spool, configuration of the lines and of the
// exchange.
func newServer(bin, dir string) (*server, error) {
	s := &server{bin: bin, dir: dir, spool: filepath.Join(dir, "spool")}
	err := s.ordinary()
	if err != nil {
		return nil, err
	}
	if s.hfaxdPort, err = freePort("tcp"); err != nil {
		return nil, err
	}
	if s.iaxPort, err = freePort("udp"); err != nil {
		return nil, err
	}
	if out, err := s.command("faxsetup", "-q", s.spool, "-create").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("faxsetup: %w: %s", err, out)
	}
	files := map[string]string{
		"iax.conf":        fmt.Sprintf(iaxConf, s.iaxPort, lineA, lineB),
		"extensions.conf": fmt.Sprintf(extensionsConf, numberA, lineA, numberB, lineB),
		filepath.Join("spool", "etc", "config."+lineA): fmt.Sprintf(lineConf, numberA, "St. Hyla Clinic", s.iaxPort, lineA),
		filepath.Join("spool", "etc", "config."+lineB): fmt.Sprintf(lineConf, numberB, "Dr. Litoria", s.iaxPort, lineB),
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	return s, s.sendWhole()
}

// sendWhole lets pages be sent with the white at their end (PageChop), so that they
// can be compared bit by bit.
func (s *server) sendWhole() error {
	f, err := os.OpenFile(filepath.Join(s.spool, "etc", "config"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.WriteString("\nPageChop: none\n"); err != nil {
		return err
	}
	return f.Close()
}

// nobody is the user and group that owns nothing, on all systems that we know.
const nobody = 65534

// ordinary sees to it that the programs run as an ordinary user, even when root
// starts the demo: then as nobody, from copies that nobody may read.
func (s *server) ordinary() error {
	if os.Getuid() != 0 {
		return nil
	}
	s.user = &syscall.Credential{Uid: nobody, Gid: nobody, NoSetGroups: true}
	copies := filepath.Join(s.dir, "bin")
	if err := os.Mkdir(copies, 0o755); err != nil {
		return err
	}
	for _, name := range []string{"faxsetup", "iaxexchange", "hfaxd", "faxq", "faxgetty", "sendfax", "faxstat"} {
		b, err := os.ReadFile(filepath.Join(s.bin, name))
		if err != nil {
			return fmt.Errorf("%w (run make first)", err)
		}
		if err := os.WriteFile(filepath.Join(copies, name), b, 0o755); err != nil {
			return err
		}
	}
	s.bin = copies
	return errors.Join(os.Chmod(s.dir, 0o755), os.Chown(s.dir, nobody, nobody))
}

const iaxConf = `[general]
bindaddr=127.0.0.1
bindport=%[1]d

[line](!)
type=friend
host=dynamic
context=fax
qualify=yes
disallow=all
allow=ulaw

[%[2]s](line)
secret=pond

[%[3]s](line)
secret=pond
`

const extensionsConf = `[fax]
exten => %s,1,Dial(IAX2/%s/${EXTEN},60)
exten => %s,1,Dial(IAX2/%s/${EXTEN},60)
exten => 486,1,Busy
exten => 600,1,Answer
exten => 600,2,Echo
`

const lineConf = `FAXNumber: %[1]s
RecvFileMode: 0644
LocalIdentifier: "%[2]s"
SessionTracing: 0xFFF
TagLineFormat: ""
IAXServer: 127.0.0.1:%[3]d
IAXPeer: %[4]s
IAXSecret: pond
`

// start starts exchange, hfaxd, faxq and the two faxgettys.
func (s *server) start() error {
	for _, argv := range [][]string{
		{"iaxexchange", "-c", s.dir},
		{"hfaxd", "-q", s.spool, "-i", fmt.Sprint(s.hfaxdPort), "-d"},
		{"faxq", "-q", s.spool, "-D"},
		{"faxgetty", "-q", s.spool, lineA},
		{"faxgetty", "-q", s.spool, lineB},
	} {
		name := argv[0]
		if name == "faxgetty" {
			name += "-" + argv[len(argv)-1]
		}
		log, err := os.OpenFile(filepath.Join(s.dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return err
		}
		cmd := s.command(argv[0], argv[1:]...)
		cmd.Stdout, cmd.Stderr = log, log
		err = cmd.Start()
		log.Close()
		if err != nil {
			return fmt.Errorf("%s: %w (run make first)", argv[0], err)
		}
		s.running = append(s.running, cmd)
	}
	return nil
}

// ready waits until both lines are idle, that is registered.
func (s *server) ready(limit time.Duration) error {
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if s.status(lineA) == idle && s.status(lineB) == idle {
			if c, err := net.Dial("tcp", s.host()); err == nil {
				c.Close()
				return nil
			}
		}
	}
	return fmt.Errorf("the server did not come up within %v; see the .log files in %s", limit, s.dir)
}

const idle = "Running and idle"

// status is what faxstat -s says of a line.
func (s *server) status(line string) string {
	b, err := os.ReadFile(filepath.Join(s.spool, "status", line))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

func (s *server) host() string { return fmt.Sprintf("127.0.0.1:%d", s.hfaxdPort) }

func (s *server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: s.user}
	return cmd
}

// stop ends all processes: politely first.
func (s *server) stop() {
	done := make(chan struct{})
	go func() {
		for _, cmd := range s.running {
			_ = cmd.Wait() // how a process ends after a signal tells nothing
		}
		close(done)
	}()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		for _, cmd := range s.running {
			_ = syscall.Kill(-cmd.Process.Pid, sig)
		}
		select {
		case <-done:
			return
		case <-time.After(3 * time.Second):
		}
	}
}

func freePort(network string) (int, error) {
	if network == "udp" {
		c, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			return 0, err
		}
		defer c.Close()
		return c.LocalAddr().(*net.UDPAddr).Port, nil
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
