package faxlog

import (
	"io"
	"time"

	"github.com/rs/zerolog"
)

// Console is a log for people: to w, each line with its time.
func Console(w io.Writer, debug bool) zerolog.Logger {
	level := zerolog.InfoLevel
	if debug {
		level = zerolog.DebugLevel
	}
	return zerolog.New(zerolog.ConsoleWriter{Out: w, NoColor: true, TimeFormat: time.DateTime}).Level(level).With().Timestamp().Logger()
}

// Background is a log for a program in the background: to this machine's syslog, under a facility. A
// facility that syslog does not have is told there.
func Background(facility string, debug bool) zerolog.Logger {
	level := zerolog.InfoLevel
	if debug {
		level = zerolog.DebugLevel
	}
	w := NewSyslog("", "")
	log := zerolog.New(w).Level(level)
	if facility != "" {
		if err := w.SetFacility(facility); err != nil {
			log.Warn().Err(err).Msg("configuration")
		}
	}
	return log
}
