// Package fastline is a line without a modem: it takes jobs as every line does
// (spool/linectl), writes the job files as every line does, and hands the pages
// to a far end in the same instant. Tests of the scheduler use it where what
// counts is the queue and not the sound. It is not part of any product.
package fastline

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/litoria-fax/litoria/modemdrv/tiff"
	"github.com/litoria-fax/litoria/spool"
	"github.com/litoria-fax/litoria/spool/linectl"
)

// FarEnd is what is at the other end of the line.
type FarEnd interface {
	// Call dials. ErrBusy and ErrNoAnswer are answers; other errors are faults.
	Call(number string) (Session, error)
}

// Answers of a far end that is not connected, or not any more.
var (
	ErrBusy = errors.New("busy")
	// ErrBroken says that the call broke. What was said last may have arrived.
	ErrBroken = errors.New("call broke")
)

// Session is a call that was answered.
type Session interface {
	// Page sends a page and waits for the far end's answer: confirmed (MCF) or
	// refused (RTN).
	Page(p Page) (confirmed bool, err error)
	// Close hangs up.
	Close()
}

// Page is what the far end sees of a page.
type Page struct {
	Job  string // its tag
	File string // the prepared document
	Num  int    // page of File, from 0
	Last bool   // of the job: EOP follows
}

// Line serves one device.
type Line struct {
	spool *spool.Spool
	devid string
	far   FarEnd
	retry time.Duration
	srv   *linectl.Server

	mu      sync.Mutex // guards the rest
	jobs    []string
	current string
	aborted map[string]bool
	calls   sync.WaitGroup
}

// Listen begins to serve a device and tells faxq so. What did not get through
// is to be tried again after retry.
func Listen(s *spool.Spool, devid string, far FarEnd, retry time.Duration) (*Line, error) {
	l := &Line{spool: s, devid: devid, far: far, retry: retry, aborted: map[string]bool{}}
	var err error
	if l.srv, err = linectl.Listen(s.Dir(), devid, l); err != nil {
		return nil, err
	}
	l.ready()
	return l, nil
}

// Close ends the line after its call.
func (l *Line) Close() { l.calls.Wait(); l.srv.Close() }

func (l *Line) ready() { _ = l.spool.ModemStatus(l.devid, spool.ModemReady) } // nobody may listen now

// Status implements linectl.Handler.
func (l *Line) Status() linectl.Line {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.jobs != nil {
		return linectl.Line{State: linectl.Sending, Jobs: l.jobs, Current: l.current}
	}
	return linectl.Line{State: linectl.Idle}
}

// Abort implements linectl.Handler.
func (l *Line) Abort(job string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.jobs == nil {
		return linectl.ErrIdle
	}
	l.aborted[job] = true
	return nil
}

// Send implements linectl.Handler.
func (l *Line) Send(b linectl.Batch, report func(linectl.Event)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.jobs != nil {
		return &linectl.Refusal{Reason: "sending", Busy: true}
	}
	l.jobs = b.Jobs
	l.calls.Add(1)
	go l.call(b.Jobs, report)
	return nil
}

func (l *Line) call(jobs []string, report func(linectl.Event)) {
	defer l.calls.Done()
	var session Session
	for _, name := range jobs {
		var ok bool
		if session, ok = l.attempt(name, session, report); !ok {
			break
		}
	}
	if session != nil {
		session.Close()
	}
	l.mu.Lock()
	l.jobs, l.current = nil, ""
	clear(l.aborted)
	l.mu.Unlock()
	report(linectl.Event{Event: linectl.CallEnd})
	l.ready()
}

// attempt sends one job and tells whether the call goes on.
func (l *Line) attempt(name string, session Session, report func(linectl.Event)) (Session, bool) {
	commid, err := l.spool.NextCommID()
	if err != nil {
		return session, false
	}
	a, j, err := linectl.BeginAttempt(l.spool, name, commid, session != nil)
	if err != nil {
		return session, false
	}
	l.mu.Lock()
	l.current = j.JobID
	l.mu.Unlock()
	report(linectl.Event{Event: linectl.Dialing, Job: j.JobID, CommID: commid})
	end := linectl.Ending{Result: linectl.Retry, Status: "Busy signal detected", Code: 1, TTS: time.Now().Add(l.retry)}
	if session == nil {
		session, err = l.far.Call(j.Number)
	}
	if err == nil {
		end = l.session(a, j, session, func(e linectl.Event) { e.Job, e.CommID = j.JobID, commid; report(e) })
	}
	result, err := a.End(end)
	if err != nil {
		return session, false // the job file says what is true
	}
	report(linectl.Event{Event: linectl.JobEnd, Job: j.JobID, CommID: commid, Result: result, Status: end.Status, Code: end.Code})
	return session, result == linectl.Done
}

// session sends what is left of a job.
func (l *Line) session(a *linectl.Attempt, j *spool.Job, s Session, report func(linectl.Event)) linectl.Ending {
	failed := func(code int, err error) linectl.Ending {
		return linectl.Ending{Result: linectl.Retry, Status: err.Error(), Code: code, TTS: time.Now().Add(l.retry)}
	}
	if err := a.Connected("+1 FASTLINE", ""); err != nil {
		return failed(343, err)
	}
	report(linectl.Event{Event: linectl.Connected})
	var docs []spool.Document
	for _, d := range j.Documents {
		if d.Op == spool.OpFax {
			docs = append(docs, d)
		}
	}
	for i, d := range docs {
		pages, err := countPages(l.spool.Path(d.File))
		if err != nil {
			return linectl.Ending{Result: linectl.Failed, Status: err.Error(), Code: 300}
		}
		for p := d.DirNum; p < pages; p++ {
			l.mu.Lock()
			aborted := l.aborted[j.JobID]
			l.mu.Unlock()
			if aborted {
				return failed(345, errors.New("Job aborted by request"))
			}
			end := p == pages-1
			if err := l.page(a, s, Page{j.JobTag, d.File, p, end && i == len(docs)-1}, end, report); err != nil {
				return failed(128, err)
			}
		}
	}
	return linectl.Ending{Result: linectl.Done, SignalRate: "14400 bit/s", DataFormat: "2-D MMR"}
}

// page sends a page; end: the last one of its document.
func (l *Line) page(a *linectl.Attempt, s Session, p Page, end bool, report func(linectl.Event)) error {
	if p.Last {
		if err := a.LastPageOut(); err != nil {
			return err
		}
	}
	confirmed, err := s.Page(p)
	if err != nil {
		return err
	}
	if !confirmed {
		if p.Last {
			if err := a.LastPageRefused(); err != nil {
				return err
			}
		}
		return errors.New("page refused (RTN)")
	}
	n, err := a.PageSent(end)
	if err != nil {
		return err
	}
	report(linectl.Event{Event: linectl.Page, Pages: n, File: p.File})
	if end {
		report(linectl.Event{Event: linectl.Document, Pages: n, File: p.File})
	}
	return nil
}

func countPages(file string) (int, error) {
	r, err := tiff.Open(file)
	if err != nil {
		return 0, fmt.Errorf("document cannot be read: %w", err)
	}
	defer r.Close()
	return len(r.Pages()), nil
}
