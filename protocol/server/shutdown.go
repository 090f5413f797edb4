package server

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/litoria-fax/litoria/protocol"
)

// shutdown is a parsed shutdown file (hylafax-shutdown(5)): when the server goes down, how long
// before that clients are refused and disconnected, and what they are told.
type shutdown struct {
	at         time.Time
	deny       time.Duration
	disconnect time.Duration
	message    string
}

// maxShutdownFile is the most that is read of a shutdown file.
const maxShutdownFile = 16 << 10

// parseShutdown parses a shutdown file: year, month (0 is January), day, hour, minute, and two
// times HHMM before that.
func parseShutdown(r io.Reader) (*shutdown, error) {
	br := bufio.NewReader(io.LimitReader(r, maxShutdownFile))
	first, err := br.ReadString('\n')
	if err != nil && !isEOF(err) {
		return nil, err
	}
	var year, month, day, hour, minute, deny, disconnect int
	if _, err := fmt.Sscan(first, &year, &month, &day, &hour, &minute, &deny, &disconnect); err != nil {
		return nil, fmt.Errorf("shutdown file format error: %w", err)
	}
	rest, err := io.ReadAll(br)
	if err != nil {
		return nil, err
	}
	hhmm := func(n int) time.Duration { return time.Duration(n/100)*time.Hour + time.Duration(n%100)*time.Minute }
	return &shutdown{
		at:   time.Date(year, time.Month(month+1), day, hour, minute, 0, 0, time.Local),
		deny: hhmm(deny), disconnect: hhmm(disconnect), message: strings.TrimLeft(string(rest), "\n"),
	}, nil
}

// shutdownPlan reads the shutdown file; nil where there is none.
func (srv *Server) shutdownPlan() *shutdown {
	name := srv.settings().ShutdownFile
	if name == "" {
		return nil
	}
	f, err := srv.root.Open(spoolPath(name))
	if err != nil {
		if !isNotExist(err) {
			srv.log.Error().Err(err).Msg("shutdown file")
		}
		return nil
	}
	defer f.Close()
	plan, err := parseShutdown(f)
	if err != nil {
		srv.log.Error().Err(err).Str("file", name).Msg("shutdown file")
		return nil
	}
	return plan
}

// isShutdown reports whether the server is down for ordinary clients. Unless quiet, the message is
// shown now and then with a reply before it is.
func (s *session) isShutdown(quiet bool) bool {
	plan := s.srv.shutdownPlan()
	if plan == nil {
		return false
	}
	now := s.srv.now()
	disconnect := plan.at.Add(-plan.disconnect)
	if left := disconnect.Sub(now); !quiet && s.noticeDue(left, now) {
		s.notice, s.noticeTime = plan.message, now
	}
	return now.After(disconnect)
}

// noticeDue reports whether to show the message of a shutdown: at first, and the more often the
// nearer it is.
func (s *session) noticeDue(left time.Duration, now time.Time) bool {
	since := now.Sub(s.noticeTime)
	switch {
	case s.noticeTime.IsZero(), left < time.Minute:
		return true
	case left < 15*time.Minute:
		return since > 5*time.Minute
	case left < 24*time.Hour:
		return since > 30*time.Minute
	}
	return since >= 24*time.Hour
}

func (s *session) shutdownStatus() {
	if plan := s.srv.shutdownPlan(); plan != nil {
		s.line("    Server scheduled to be unavailable at %s", s.zone(plan.at.Add(-plan.disconnect)).Format(time.ANSIC))
		return
	}
	s.line("    No server down time currently scheduled")
}

// cmdSHUT schedules a shutdown.
func (s *session) cmdSHUT(a *args) error {
	if err := s.needAdmin(); err != nil {
		return err
	}
	a.space()
	spec := a.word("shutdown-time")
	reasonText := "<unspecified reason>"
	if !a.atEnd() {
		reasonText = a.text()
	}
	if a.err != nil {
		return a.err
	}
	when, ok := shutdownTime(spec, s.srv.now().Local())
	if !ok {
		return &syntaxError{"bad time specification"}
	}
	name := s.srv.settings().ShutdownFile
	if name == "" {
		return protocol.Errorf(protocol.CodeBadValue, "Null configured shutdown filename; something is hosed.")
	}
	content := fmt.Sprintf("%d %d %d %d %d 5 1\n\n%s\n\n",
		when.Year(), when.Month()-1, when.Day(), when.Hour(), when.Minute(), reasonText)
	if err := s.srv.replaceFile(spoolPath(name), []byte(content), 0o644); err != nil {
		return protocol.Errorf(protocol.CodeFileUnavailable, "Shutdown failed; %s.", reason(err))
	}
	s.log.Warn().Str("user", s.user).Time("at", when).Str("reason", reasonText).Msg("shutdown scheduled")
	s.reply(protocol.CodeOK, "System shutdown scheduled for %s.", when.Format(time.ANSIC))
	return nil
}

// shutdownTime parses NOW, HHMM of today, or YYYYMMDDHHMM, in local time.
func shutdownTime(spec string, now time.Time) (time.Time, bool) {
	if strings.EqualFold(spec, "NOW") {
		return now, true
	}
	layout := map[int]string{4: "1504", 12: "200601021504"}[len(spec)]
	if layout == "" {
		return time.Time{}, false
	}
	t, err := time.ParseInLocation(layout, spec, now.Location())
	if err != nil {
		return time.Time{}, false
	}
	if len(spec) == 4 {
		t = time.Date(now.Year(), now.Month(), now.Day(), t.Hour(), t.Minute(), 0, 0, now.Location())
	}
	return t, true
}
