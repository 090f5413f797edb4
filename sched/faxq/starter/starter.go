// Package starter runs send commands that want root behind them.
//
// HylaFAX's faxsend, pagesend and uucpsend refuse to work unless their real
// user is root and their effective user the spool's owner: they become root
// again to open and lock serial devices. HylaFAX's faxq itself runs like that
// all its life. Ours does not: where root starts it, it leaves a small process
// behind, the starter, and gives up root's rights for good. The starter reads
// requests on a socket that it inherited, starts commands with the rights that
// they expect, and tells how they ended. It knows no spool and no network.
//
// Whoever takes over faxq can ask the starter for programs, so it starts only
// what root alone could have put in place (see Trusted): the file and every
// directory above it belong to root and nobody else may change them. All else
// faxq runs with its own rights.
//
// A command outlives faxq: the starter then waits for its end and goes.
package starter

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// maxMessage bounds a request: a batch of job files and JobControl's
// parameters.
const maxMessage = 64 << 10

// request is what faxq asks for: a command, or a signal to one.
type request struct {
	ID     int
	Dir    string   `json:",omitempty"`
	Argv   []string `json:",omitempty"`
	Signal int      `json:",omitempty"` // to the process group of command ID
}

// answer is what became of a request: first PID or Error, then Ended.
type answer struct {
	ID     int
	PID    int                `json:",omitempty"`
	Error  string             `json:",omitempty"`
	Ended  bool               `json:",omitempty"`
	Status syscall.WaitStatus `json:",omitempty"`
}

// ErrNotTrusted says that a program is not one that only root can change.
var ErrNotTrusted = errors.New("not a program that only root can change")

// sticky directories (/tmp) may be above a trusted program: nobody but root
// can rename or remove root's own entries there.
const writableByOthers = 0o022

// Trusted finds the real path of a program that only root can have put where
// it is. The error is ErrNotTrusted, or that of the file system.
func Trusted(path string) (string, error) { return trusted(path, "/", 0) }

// trusted is Trusted up to a directory and for an owner (tests).
func trusted(path, top string, owner uint32) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", err
	}
	if real, err = filepath.Abs(real); err != nil {
		return "", err
	}
	for p := real; ; p = filepath.Dir(p) {
		info, err := os.Lstat(p)
		if err != nil {
			return "", err
		}
		st, ok := info.Sys().(*syscall.Stat_t)
		safe := ok && st.Uid == owner && (info.Mode().Perm()&writableByOthers == 0 || info.IsDir() && info.Mode()&fs.ModeSticky != 0)
		if p == real {
			safe = safe && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
		}
		if !safe {
			return "", fmt.Errorf("%s: %w (%s)", path, ErrNotTrusted, p)
		}
		if p == top || p == "/" {
			return real, nil
		}
	}
}

// Serve is the starter: it reads requests from conn until its other end is
// closed, and returns when the last command has ended. uid and gid are the
// effective user and group of the commands; as root it becomes them itself,
// keeping root as its real user.
func Serve(conn *os.File, uid, gid int) error {
	if os.Getuid() == 0 {
		if err := lowerRights(uid, gid); err != nil {
			return err
		}
	}
	s := &service{conn: conn, ended: make(chan ended), running: map[int]int{}, trusted: Trusted}
	return s.serve()
}

// lowerRights makes uid and gid effective.
func lowerRights(uid, gid int) error {
	for _, step := range []func() error{
		func() error { return syscall.Setgroups([]int{gid}) },
		func() error { return syscall.Setresgid(0, gid, 0) },
		func() error { return syscall.Setresuid(0, uid, 0) },
	} {
		if err := step(); err != nil {
			return fmt.Errorf("starter: cannot become user %d: %w", uid, err)
		}
	}
	return nil
}

// ended is the end of a command.
type ended struct {
	id     int
	status syscall.WaitStatus
}

type service struct {
	conn    *os.File
	ended   chan ended
	running map[int]int // process by request
	trusted func(string) (string, error)
}

func (s *service) serve() error {
	requests := make(chan request)
	go s.read(requests)
	for requests != nil || len(s.running) > 0 {
		select {
		case r, ok := <-requests:
			if !ok {
				requests = nil
				continue
			}
			s.carryOut(r)
		case e := <-s.ended:
			delete(s.running, e.id)
			s.tell(answer{ID: e.id, Ended: true, Status: e.status})
		}
	}
	return nil
}

// read passes requests on until faxq is gone or says what is no request.
func (s *service) read(to chan<- request) {
	defer close(to)
	b := make([]byte, maxMessage)
	for {
		n, err := s.conn.Read(b)
		var r request
		if err != nil || n == 0 || json.Unmarshal(b[:n], &r) != nil {
			return
		}
		to <- r
	}
}

func (s *service) carryOut(r request) {
	if r.Signal != 0 {
		if pid := s.running[r.ID]; pid > 0 {
			_ = syscall.Kill(-pid, syscall.Signal(r.Signal)) // it may have ended just now
		}
		return
	}
	pid, err := s.start(r)
	if err != nil {
		s.tell(answer{ID: r.ID, Error: err.Error()})
		return
	}
	s.tell(answer{ID: r.ID, PID: pid})
}

func (s *service) start(r request) (pid int, err error) {
	if len(r.Argv) == 0 || s.running[r.ID] != 0 {
		return 0, errors.New("starter: bad request")
	}
	program, err := s.trusted(r.Argv[0])
	if err != nil {
		return 0, err
	}
	cmd := exec.Command(program, r.Argv[1:]...)
	cmd.Args[0], cmd.Dir = r.Argv[0], r.Dir
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	for _, name := range []string{"TZ", "LANG", "LC_ALL"} {
		if v, ok := os.LookupEnv(name); ok {
			cmd.Env = append(cmd.Env, name+"="+v)
		}
	}
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	pid = cmd.Process.Pid
	s.running[r.ID] = pid
	go func() {
		_ = cmd.Wait() // its status is what counts
		var st syscall.WaitStatus
		if cmd.ProcessState != nil {
			st, _ = cmd.ProcessState.Sys().(syscall.WaitStatus)
		}
		s.ended <- ended{r.ID, st}
	}()
	return pid, nil
}

// tell writes an answer; faxq may be gone.
func (s *service) tell(a answer) {
	if b, err := json.Marshal(a); err == nil {
		_, _ = s.conn.Write(b)
	}
}
