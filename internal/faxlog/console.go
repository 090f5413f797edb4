package faxlog

import (
	"io"
	"time"

	"github.com/rs/zerolog"

	"github.com/litoria-fax/litoria/spool/config"
)

// Console is a log for people: to w, each line with its time.
func Console(w io.Writer, debug bool) zerolog.Logger {
	level := zerolog.InfoLevel
	if debug {
		level = zerolog.DebugLevel
	}
	return zerolog.New(zerolog.ConsoleWriter{Out: w, NoColor: true, TimeFormat: time.DateTime}).Level(level).With().Timestamp().Logger()
}

// Background is a log for a program in the background: to this machine's syslog, under the facility
// that the spool's configuration names (LogFacility).
func Background(spool string, debug bool) zerolog.Logger {
	level := zerolog.InfoLevel
	if debug {
		level = zerolog.DebugLevel
	}
	w := NewSyslog("", "")
	log := zerolog.New(w).Level(level)
	c, err := config.Read(spool, "etc/config")
	if err == nil && c.Has("LogFacility") {
		err = w.SetFacility(c.String("LogFacility"))
	}
	if err != nil {
		log.Warn().Err(err).Msg("configuration")
	}
	return log
}
