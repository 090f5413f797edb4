package qam

import (
	"sync"

	"github.com/litoria-fax/litoria/modemdrv/modem"
)

type quality struct{}

// memory is what a long training taught, for the short one after it.
type memory struct {
	valid bool
	eq    equalizer
	omega float64
}

func (r *Receiver) remember() {}

// Quality reports on the reception under way or last ended.
func (r *Receiver) Quality() modem.Quality {
	return modem.Quality{CarrierOffset: r.track.omega / 6.283185307179586 * float64(r.mode.Pulse.SymbolRate)}
}

var (
	filterMu sync.Mutex
	filters  = map[Pulse]*frontFilter{}
)

// filterFor gives the front end's filter of a pulse, made once.
func filterFor(p Pulse) *frontFilter {
	filterMu.Lock()
	defer filterMu.Unlock()
	f := filters[p]
	if f == nil {
		f = newFrontFilter(p)
		filters[p] = f
	}
	return f
}
