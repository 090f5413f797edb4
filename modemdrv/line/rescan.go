package line

import (
	"errors"
	"io/fs"
	"slices"

	"github.com/litoria-fax/litoria/spool"
)

// Lines come and go while the process runs, and no call notices: a new
// etc/config.DEVID makes a line, a changed one is taken over between two calls,
// and a line whose file is gone ends with the call it is in. What sets it off is
// SIGHUP, or the message LineRescan on the FIFO of any line.

// leavingText is the status of a line that goes when a call is over.
const leavingText = "the line is being removed"

// Rescan takes up lines whose configuration is new, drops those whose
// configuration is gone, and rereads changed ones that are idle.
func (p *Process) Rescan() {
	p.following.Lock()
	defer p.following.Unlock()
	p.follow()
	for _, id := range p.Lines() {
		l := p.line(id)
		if l == nil {
			continue
		}
		l.mu.Lock()
		if l.state == Idle || l.state == Waiting {
			l.reread()
		} // a line in a call rereads when the call is over
		l.mu.Unlock()
	}
}

// follow brings the set of lines in step with the configuration files. A process
// that was told its lines takes up no others.
func (p *Process) follow() {
	ids := p.o.Lines
	if len(ids) == 0 {
		var err error
		if ids, err = p.configured(); err != nil {
			p.log.Error().Err(err).Msg("configuration files cannot be listed")
			return
		}
	}
	for _, id := range p.Lines() {
		l := p.line(id)
		if l == nil || l.base != nil {
			continue
		}
		_, err := p.readConfig(id)
		if gone := errors.Is(err, fs.ErrNotExist) || !slices.Contains(ids, id); gone || l.leaves() {
			p.leave(l, gone)
		}
	}
	for _, id := range ids {
		if p.line(id) != nil {
			continue
		}
		if _, err := p.readConfig(id); len(p.o.Lines) > 0 && errors.Is(err, fs.ErrNotExist) {
			continue // one of ours that was removed
		}
		if err := p.Add(id); err != nil {
			p.refuse(id, err)
		}
	}
}

// refuse says why there is no such line, in the log and where faxstat looks.
func (p *Process) refuse(id string, err error) {
	p.log.Error().Str("line", id).Err(err).Msg("line not started")
	if spool.CheckDevID(id) != nil {
		return
	}
	if err := p.o.Spool.SetStatus(id, spool.StatusRefused+err.Error()); err != nil {
		p.log.Error().Str("line", id).Err(err).Msg("status cannot be written")
	}
}

// leave removes a line with its channels as soon as none of them is in a call;
// from now on they begin no other. With gone false a line that was to leave
// stays: its configuration is there again.
func (p *Process) leave(base *Line, gone bool) {
	busy := false
	for _, l := range append(p.channels(base), base) {
		l.mu.Lock()
		l.leaving = gone
		switch l.state {
		case Idle, Waiting:
			l.setState(Idle) // that is, Waiting as long as it leaves
		case Answering, Receiving, Sending:
			busy = true
		case Initializing, Closed:
		}
		l.mu.Unlock()
	}
	switch {
	case gone && busy:
		base.log.Info().Msg("the line is removed when its call is over")
	case gone:
		p.Remove(base.devid)
	}
}

func (l *Line) leaves() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.leaving
}

// left goes on with the removal of a line after one of its calls. The line's
// mutex is held.
func (l *Line) left() {
	base := l
	if l.base != nil {
		base = l.base
	}
	l.process.calls.Go(func() {
		l.process.following.Lock()
		defer l.process.following.Unlock()
		if base.leaves() {
			l.process.leave(base, true)
		}
	})
}
