package faxq

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/renameio/v2"

	"github.com/litoria-fax/litoria/sched"
	"github.com/litoria-fax/litoria/spool"
)

// Limits of the scripts that are run for jobs.
const (
	maxScripts    = 8 // at a time
	noticeTimeout = 5 * time.Minute
	scriptGrace   = 5 * time.Second // between the wish that a script end and its end by force
)

// notice is one run of NotifyCmd (notify(8)).
type notice struct {
	File     string `json:"file"` // job file, relative to the spool
	Why      string `json:"why"`
	Duration string `json:"duration"`
	Next     string `json:"next,omitempty"`
}

// notify tells the sender of a job that it goes on.
func (s *Server) notify(a sched.Notify) {
	j := s.jobs[a.Job]
	if j == nil {
		return
	}
	n := notice{File: j.name, Why: string(a.Why), Duration: spool.FormatDuration(a.Duration)}
	if a.Why == sched.WhyRequeued {
		n.Next = a.Next.Local().Format("15:04")
	}
	s.runNotice(n, "")
}

// noticePrefix begins the names of the files in tmp that keep the notices of
// jobs' ends until they were given.
const noticePrefix = "notice."

// keepNotice writes down that a notice is owed, before the job is moved to
// doneq: a faxq that is killed in between gives it at its next start.
func (s *Server) keepNotice(id sched.ID, n notice) (path string, err error) {
	if !s.notifies() {
		return "", nil
	}
	b, err := json.Marshal(n)
	if err != nil {
		return "", err
	}
	path = s.spool.Path(spool.Tmp, noticePrefix+string(id))
	return path, renameio.WriteFile(path, b, 0o600)
}

// notifies tells whether there is a command to run.
func (s *Server) notifies() bool {
	_, err := os.Stat(s.script(s.cfg.NotifyCmd))
	return err == nil
}

// repeatNotices gives the notices that an earlier faxq still owed.
func (s *Server) repeatNotices() {
	owed, _ := filepath.Glob(s.spool.Path(spool.Tmp, noticePrefix+"*"))
	for _, path := range owed {
		var n notice
		b, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(b, &n)
		}
		if err == nil {
			_, err = os.Stat(s.spool.Path(n.File))
			if errors.Is(err, fs.ErrNotExist) {
				continue // the job is still in sendq and will end again
			}
		}
		if err != nil {
			s.warn(err)
			os.Remove(path)
			continue
		}
		s.runNotice(n, path)
	}
}

// runNotice runs NotifyCmd beside everything else; pending is removed when it
// has ended.
func (s *Server) runNotice(n notice, pending string) {
	if !s.notifies() {
		return
	}
	args := []string{n.File, n.Why, n.Duration}
	if n.Next != "" {
		args = append(args, n.Next)
	}
	command := s.cfg.NotifyCmd
	s.work(func() {
		if !s.notices.enter(s.ctx) {
			return
		}
		defer s.notices.leave()
		if err := s.run(s.limits.script, command, args...); err != nil && s.ctx.Err() == nil {
			s.log.Error().Str("file", n.File).Str("why", n.Why).Err(err).Msg("notification failed")
		}
		if pending != "" && s.ctx.Err() == nil {
			os.Remove(pending)
		}
	})
}

// script is the path of a command of the configuration, whose arguments are cut
// off.
func (s *Server) script(command string) string {
	word, _, _ := strings.Cut(strings.TrimSpace(command), " ")
	if word == "" || filepath.IsAbs(word) {
		return word
	}
	return s.spool.Path(word)
}

// run runs a command of the configuration in the spool directory with further
// arguments, which no shell sees.
func (s *Server) run(limit time.Duration, command string, args ...string) error {
	ctx, cancel := context.WithTimeout(s.ctx, limit)
	defer cancel()
	out, err := s.command(ctx, command, args...).CombinedOutput()
	if err != nil && len(out) > 0 {
		return errors.New(err.Error() + ": " + lastLine(out))
	}
	return err
}

// command prepares a command of the configuration.
func (s *Server) command(ctx context.Context, command string, args ...string) *exec.Cmd {
	words := append(strings.Fields(command), args...)
	cmd := exec.CommandContext(ctx, words[0], words[1:]...) // relative to the spool
	cmd.Dir = s.spool.Dir()
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = s.limits.grace // then by force; grandchildren may hold the output open
	return cmd
}

// lastLine is the last line of a program's output: usually its complaint.
func lastLine(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

func base(name string) string { return filepath.Base(name) }
