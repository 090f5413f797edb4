package qam

import "sync"

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
