package faxq

import (
	"sync/atomic"

	"github.com/rs/zerolog"
)

// Areas of ServerTracing (hylafax-config(5)) that our log tells of in detail:
// job queue and job management, messages, dial rules, documents.
const detailedAreas = 0x200 | 0x800 | 0x4000 | 0x10000 | 0x20000

// tracing lets messages through as ServerTracing says: without any area only
// what is wrong, with one of the detailed areas everything.
type tracing struct{ least atomic.Int32 }

// Sample implements zerolog.Sampler.
func (t *tracing) Sample(l zerolog.Level) bool { return int32(l) >= t.least.Load() }

func (t *tracing) set(areas int) {
	level := zerolog.InfoLevel
	switch {
	case areas == 0:
		level = zerolog.WarnLevel
	case areas&detailedAreas != 0:
		level = zerolog.DebugLevel
	}
	t.least.Store(int32(level))
}

// traced is a log under tracing; one for debugging stays as it is.
func traced(log zerolog.Logger, t *tracing) zerolog.Logger {
	if log.GetLevel() <= zerolog.DebugLevel {
		return log
	}
	return log.Level(zerolog.DebugLevel).Sample(t)
}
