package line

import (
	"sync/atomic"

	"github.com/litoria-fax/litoria/iax"
	"github.com/litoria-fax/litoria/modemdrv/t30"
)

// media connects a session to a call. The call's goroutine runs the session;
// an abort may be asked for by any.
type media struct {
	faxSession
	tapes   *tapes      // nil: the call is not recorded
	running atomic.Bool // the call was answered
	wanted  atomic.Bool // somebody asks for the end
	aborted bool
}

// Transmit is the session's, with an abort before it where one is wanted.
func (m *media) Transmit(out []int16) {
	m.running.Store(true)
	if m.wanted.Load() && !m.aborted {
		m.aborted = true
		m.faxSession.Abort()
	}
	m.faxSession.Transmit(out)
}

// userAborted tells that the call was ended because somebody asked for it.
func (m *media) userAborted() bool { return m != nil && m.wanted.Load() }

// result ends the session, if it still runs, and gives what became of it. The
// call is over: nobody else touches the session any more.
func (m *media) result() t30.Result {
	if !m.faxSession.Done() {
		m.faxSession.LineDown()
	}
	m.tapes.close(m.faxSession)
	return m.faxSession.Result()
}

var _ iax.Media = (*media)(nil)
