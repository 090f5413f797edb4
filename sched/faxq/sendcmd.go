package faxq

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/litoria-fax/litoria/sched"
	"github.com/litoria-fax/litoria/sched/faxq/starter"
	"github.com/litoria-fax/litoria/spool"
	"github.com/litoria-fax/litoria/spool/linectl"
)

// exitNoExec is the exit status of a shell or of HylaFAX's child that could
// not start the command.
const exitNoExec = 127

// sendCommand makes a call with the send command (faxsend(8)): the modem is
// locked for it, the command gets -c for JobControl's parameters, -m with the
// device, and the job files. It writes the results into the job files; its
// exit status counts for a first job of which it wrote nothing.
func (s *Server) sendCommand(cfg *Config, c *call, b linectl.Batch, jobtype string) {
	command := cfg.sendCommand(jobtype)
	if command == "" {
		s.tell(func() {
			s.refused(c, fmt.Errorf("no process serves line %s, and no send command is configured", c.line))
		})
		return
	}
	lock, err := cfg.lockModem(c.line, s.now())
	if err != nil {
		s.tell(func() { s.refused(c, err) })
		return
	}
	defer lock.release()
	// A faxgetty on the modem waits for the lock from now on.
	if err := s.spool.Send(spool.QueuerFIFO+"."+c.line, string(spool.LineLockWait)); err != nil && !errors.Is(err, spool.ErrNobody) {
		s.warn(err)
	}
	var args []string
	for _, p := range b.Config {
		tag, value, _ := strings.Cut(p, ":")
		args = append(args, "-c", fmt.Sprintf("%s:%q", strings.TrimSpace(tag), strings.TrimSpace(value)))
	}
	args = append(append(args, "-m", c.line), b.Jobs...)
	words := append(strings.Fields(command), args...)
	cmd, err := s.startCommand(words)
	if err != nil {
		s.tell(func() { s.commandOver(c, command, err) })
		return
	}
	lock.give(cmd.pid)
	s.tell(func() { c.signal = cmd.signal })
	s.log.Info().Str("line", c.line).Str("command", strings.Join(words, " ")).Int("pid", cmd.pid).Bool("root", cmd.root).Msg("send command started")
	ended := make(chan error, 1)
	go func() { ended <- cmd.wait() }()
	select {
	case err = <-ended:
		s.tell(func() { s.commandOver(c, command, err) })
	case <-s.ctx.Done():
		lock.keep() // it is the command's now
	}
}

// running is a send command that runs.
type running struct {
	pid    int  // of the process and its group: Debian's faxsend is a script around the program
	root   bool // with root as its real user
	signal func()
	wait   func() error // nil or an *exitStatus, unless how it ended is unknown
}

// exitStatus is how a command ended.
type exitStatus struct{ syscall.WaitStatus }

// Error says it in words.
func (e *exitStatus) Error() string {
	if e.Signaled() {
		return "signal: " + e.Signal().String()
	}
	return fmt.Sprintf("exit status %d", e.ExitStatus())
}

// startCommand starts a send command in the spool: by the starter, which has
// root's rights, if the program is one that only root can change, else with
// our own. It is not bound to our life: a call outlives a faxq that is stopped.
func (s *Server) startCommand(argv []string) (*running, error) {
	if s.starter != nil && filepath.IsAbs(argv[0]) {
		cmd, err := s.starter.Start(s.spool.Dir(), argv)
		if err == nil {
			return &running{pid: cmd.PID, root: true, signal: func() { cmd.Signal(syscall.SIGTERM) }, wait: func() error { return statusError(cmd.Wait()) }}, nil
		}
		s.log.Info().Str("command", argv[0]).Err(err).Msg("send command runs without root behind it")
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = s.spool.Dir()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	pid := cmd.Process.Pid
	return &running{pid: pid, signal: func() { syscall.Kill(-pid, syscall.SIGTERM) }, wait: func() error {
		err := cmd.Wait()
		if st, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok {
			return statusError(st, nil)
		}
		return err
	}}, nil
}

func statusError(st syscall.WaitStatus, err error) error {
	if err != nil || st == 0 {
		return err
	}
	return &exitStatus{st}
}

// commandOver ends a call made by a send command.
func (s *Server) commandOver(c *call, command string, err error) {
	if len(c.jobs) > 0 {
		s.fillResult(c.jobs[0], command, err)
	}
	s.callOver(c, nil)
}

// fillResult writes a result for the first job if the command wrote none.
func (s *Server) fillResult(id sched.ID, command string, err error) {
	result, text := linectl.Done, ""
	var exit *exitStatus
	switch {
	case err == nil: // exit status 0 is send_retry
		result = linectl.Retry
	case errors.As(err, &exit) && exit.Exited() && exit.ExitStatus() < int(linectl.NoBatch):
		result = linectl.Result(exit.ExitStatus())
	case errors.As(err, &exit) && exit.Exited() && exit.ExitStatus() != exitNoExec:
		result, text = linectl.Failed, fmt.Sprintf("Send program terminated abnormally with exit status %d", exit.ExitStatus())
	case errors.As(err, &exit) && !exit.Exited(), errors.Is(err, starter.ErrLost):
		result, text = linectl.Failed, fmt.Sprintf("Send program terminated abnormally: %v", err)
	default:
		result, text = linectl.Failed, "Send program terminated abnormally; unable to exec "+command
	}
	if cerr := s.change(id, func(f *spool.Job) {
		if linectl.Result(f.Returned) != linectl.NoBatch {
			return
		}
		f.Returned = int(result)
		if text != "" {
			f.Status, f.StatusCode = text, 343
		}
	}); cerr != nil {
		s.warn(cerr)
	}
	if text != "" {
		s.log.Error().Str("job", string(id)).Msg(text)
	}
}

// jobMessage is news of a job from a send command, through the FIFO
// ("*job:...").
func (s *Server) jobMessage(id sched.ID, text string) {
	if s.jobs[id] == nil || text == "" {
		s.log.Debug().Str("job", string(id)).Str("text", text).Msg("message for a job that is not here")
		return
	}
	info := text[1:]
	switch text[0] {
	case 'c':
		s.earlierEnded(id)
		s.trigger(sched.SendCall, id, "")
	case 'C':
		s.trigger(sched.SendConnected, id, "")
	case 'd':
		s.trigger(sched.SendPage, id, info)
	case 'D':
		if _, file, ok := strings.Cut(info, `"`); ok {
			s.unref(strings.TrimSuffix(file, `"`))
		}
		s.trigger(sched.SendDoc, id, info)
	case 'p':
		s.trigger(sched.SendPollRcvd, id, info)
	case 'P':
		s.trigger(sched.SendPollDone, id, info)
	default:
		s.log.Warn().Str("job", string(id)).Str("text", text).Msg("unknown message for a job")
	}
}

// earlierEnded: when a batch comes to a job, those before it are over.
func (s *Server) earlierEnded(id sched.ID) {
	for _, l := range s.lines {
		if l.call == nil || l.call.signal == nil {
			continue
		}
		for i, o := range l.call.jobs {
			if o != id {
				continue
			}
			for _, before := range l.call.jobs[:i] {
				s.jobEnded(l.call, before)
			}
			return
		}
	}
}

// modemLock is the lock file on a modem's device, as all programs that use
// serial lines make it (UUCPLockDir, UUCPLockType, UUCPLockMode,
// UUCPLockTimeout of hylafax-config(5)). Lines whose process has a socket need
// none.
type modemLock struct {
	file *spool.UUCPLock
	pid  int
	kept bool
}

// errModemLocked says that another program has the modem.
var errModemLocked = errors.New("modem is locked by another program")

// modemLockFile is the lock of a line's device. A devid is the device's path
// below /dev with _ for /.
func (c *Config) modemLockFile(devid string) (*spool.UUCPLock, error) {
	return spool.NewUUCPLock(c.UUCPLockType, c.UUCPLockDir, "/dev/"+strings.ReplaceAll(devid, "_", "/"), c.UUCPLockMode, c.UUCPLockTimeout)
}

// lockModem takes the lock of a line's device.
func (c *Config) lockModem(devid string, now time.Time) (*modemLock, error) {
	file, err := c.modemLockFile(devid)
	if err != nil {
		return nil, fmt.Errorf("modem lock: %w", err)
	}
	ok, err := file.Lock(now)
	if err != nil {
		return nil, fmt.Errorf("modem lock: %w", err)
	}
	if !ok {
		return nil, errModemLocked
	}
	return &modemLock{file: file, pid: os.Getpid()}, nil
}

// locked tells whether another program has a line's device.
func (c *Config) locked(devid string, now time.Time) bool {
	file, err := c.modemLockFile(devid)
	if err != nil {
		return false // the attempt to take it tells why
	}
	held, err := file.Held(now)
	return held || err != nil
}

// give names the process that uses the modem, so that the lock stays good if
// we die.
func (l *modemLock) give(pid int) {
	if l.file.Give(l.pid, pid) == nil {
		l.pid = pid
	}
}

// keep leaves the lock to its owner.
func (l *modemLock) keep() { l.kept = true }

func (l *modemLock) release() {
	if !l.kept {
		_ = l.file.Release(l.pid) // the command may have removed it
	}
}
