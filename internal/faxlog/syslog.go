// Package faxlog is where the daemons log: to standard error in the foreground,
// to syslog(3) in the background, under the facility that the configuration
// names (LogFacility).
package faxlog

import (
	"bytes"
	"fmt"
	"log/syslog"
	"strings"
	"sync"

	"github.com/rs/zerolog"
)

// syslogTag is the name under which messages are logged, as HylaFAX's.
const syslogTag = "HylaFAX"

// Syslog writes log messages to syslog(3), under a facility that can change. Where no syslog
// answers, messages are lost, as with syslog(3).
type Syslog struct {
	network, address string // "" for this machine's syslog

	mu       sync.Mutex // guards what follows
	facility syslog.Priority
	to       *syslog.Writer // nil until one answered
}

// NewSyslog makes a writer to the syslog at an address of a network, both empty for this machine's.
func NewSyslog(network, address string) *Syslog {
	return &Syslog{network: network, address: address, facility: syslog.LOG_DAEMON}
}

// facilities are the names of syslog.h.
func facilities() map[string]syslog.Priority {
	return map[string]syslog.Priority{
		"auth": syslog.LOG_AUTH, "authpriv": syslog.LOG_AUTHPRIV, "cron": syslog.LOG_CRON, "daemon": syslog.LOG_DAEMON,
		"ftp": syslog.LOG_FTP, "kern": syslog.LOG_KERN, "lpr": syslog.LOG_LPR, "mail": syslog.LOG_MAIL,
		"news": syslog.LOG_NEWS, "security": syslog.LOG_AUTH, "syslog": syslog.LOG_SYSLOG, "user": syslog.LOG_USER,
		"uucp": syslog.LOG_UUCP, "local0": syslog.LOG_LOCAL0, "local1": syslog.LOG_LOCAL1, "local2": syslog.LOG_LOCAL2,
		"local3": syslog.LOG_LOCAL3, "local4": syslog.LOG_LOCAL4, "local5": syslog.LOG_LOCAL5, "local6": syslog.LOG_LOCAL6,
		"local7": syslog.LOG_LOCAL7,
	}
}

// SetFacility chooses the facility by its name (LogFacility), upper or lower case.
func (w *Syslog) SetFacility(name string) error {
	facility, ok := facilities()[strings.ToLower(name)]
	if !ok {
		return fmt.Errorf("LogFacility: syslog has no facility %q", name)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if facility != w.facility && w.to != nil {
		w.to.Close()
		w.to = nil
	}
	w.facility = facility
	return nil
}

// Write implements io.Writer, for messages without a level.
func (w *Syslog) Write(message []byte) (int, error) {
	return w.WriteLevel(zerolog.InfoLevel, message)
}

// WriteLevel implements zerolog.LevelWriter.
func (w *Syslog) WriteLevel(level zerolog.Level, message []byte) (int, error) {
	var line bytes.Buffer
	text := zerolog.ConsoleWriter{Out: &line, NoColor: true, PartsExclude: []string{zerolog.TimestampFieldName, zerolog.LevelFieldName}}
	if _, err := text.Write(message); err != nil {
		return 0, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.to == nil {
		to, err := syslog.Dial(w.network, w.address, w.facility|syslog.LOG_INFO, syslogTag)
		if err != nil {
			return len(message), nil //nolint:nilerr // no syslog: syslog(3) says nothing either
		}
		w.to = to
	}
	if err := w.send(level, strings.TrimSpace(line.String())); err != nil {
		w.to.Close()
		w.to = nil // try anew with the next message
	}
	return len(message), nil
}

// send gives a message the priority that HylaFAX's has.
func (w *Syslog) send(level zerolog.Level, text string) error {
	switch {
	case level >= zerolog.ErrorLevel:
		return w.to.Err(text)
	case level == zerolog.WarnLevel:
		return w.to.Warning(text)
	case level == zerolog.InfoLevel:
		return w.to.Info(text)
	}
	return w.to.Debug(text)
}
