package linectl

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/litoria-fax/litoria/spool"
)

// Status codes of this contract beside HylaFAX's own.
const (
	// CodeUnconfirmed (statuscode of a job): the last page went out, and no
	// confirmation came. Whether the far end has the fax is not known.
	CodeUnconfirmed = 199
	// CodeLineDied: the process that had the line ended in the middle of the
	// call. HylaFAX uses it for a send program that ends abnormally.
	CodeLineDied = 343
)

// What the job file says of an attempt as long as nothing better is known.
const (
	textLineDied    = "Call ended unexpectedly: the process that had the line stopped"
	textUnconfirmed = "Unconfirmed: the last page was sent, but the call ended before the receiver confirmed it"
)

// Foreseen tells that a job's status and status code are what was written ahead
// of an event of the call. In a job that is active they are no news: its call
// goes on.
func Foreseen(status string, code int) bool {
	return code == CodeLineDied && status == textLineDied || code == CodeUnconfirmed && status == textUnconfirmed
}

// Attempt writes what one call teaches about one job into the job file. Every
// method writes, under the file's lock, what would be true if the line died
// right afterwards: that is all a scheduler needs to know when it comes back.
// A method returns after the file is synced; only then may the line go on, or
// report. An error means that the file still tells the former state.
type Attempt struct {
	spool *spool.Spool
	name  string
}

// BeginAttempt is called when the call for the job is being placed, before
// anything is dialled: the attempt counts from here (totdials, ndials), and as
// long as nothing else is written it has failed with CodeLineDied, to be tried
// again. The job must be in the send queue and active.
//
// In a batch it is called for every job when its turn comes; answered tells
// that the far end is on the line already, so nothing was dialled for this job
// (HylaFAX counts such a job's call all the same).
func BeginAttempt(s *spool.Spool, name, commid string, answered bool) (*Attempt, *spool.Job, error) {
	a := &Attempt{s, name}
	var job spool.Job
	err := a.update(func(j *spool.Job) error {
		if j.State != spool.StateActive {
			return fmt.Errorf("linectl: job %s is %v, not active", j.JobID, j.State)
		}
		j.CommID = commid
		j.TotDials++
		j.NDials++
		if answered {
			j.NDials = 0
			j.TotTries++
		}
		j.TTS = 0
		outcome(j, Retry, textLineDied, CodeLineDied)
		job = *j
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	return a, &job, nil
}

// Connected is called when the far end turned out to be a fax machine: the
// dial failures are over, the try counts. csi and nsf may be empty.
func (a *Attempt) Connected(csi, nsf string) error {
	return a.update(func(j *spool.Job) error {
		if j.NDials > 0 { // not counted by BeginAttempt
			j.NDials = 0
			j.TotTries++
		}
		if csi != "" {
			j.CSI = csi
		}
		if nsf != "" {
			j.NSF = nsf
		}
		return nil
	})
}

// LastPageOut is called before the last page's post-message command (EOP,
// PPS-EOP) is sent: from here on the far end may have the whole fax without our
// knowing. If nothing follows, the job has failed as unconfirmed.
func (a *Attempt) LastPageOut() error {
	return a.update(func(j *spool.Job) error {
		outcome(j, Failed, textUnconfirmed, CodeUnconfirmed)
		return nil
	})
}

// LastPageRefused is called when the far end answered the last page with a
// rejection (RTN, PPR): it is known not to have it.
func (a *Attempt) LastPageRefused() error {
	return a.update(func(j *spool.Job) error {
		outcome(j, Retry, textLineDied, CodeLineDied)
		return nil
	})
}

// PageSent is called when the far end confirmed a page of the first document
// that is left: the job has one page more, the document begins one page later,
// pagehandling one page shorter. With last, the document's pages are all
// sent; it leaves the job's list, and its source is released. If it was the
// job's last document, the job is done from here on.
func (a *Attempt) PageSent(last bool) (npages int, err error) {
	err = a.update(func(j *spool.Job) error {
		i := j.Find(spool.OpFax)
		if i < 0 {
			return fmt.Errorf("linectl: job %s: a page was sent, but no document is left", j.JobID)
		}
		j.NPages++
		j.NTries = 0
		j.PageHandling = CutPage(j.PageHandling)
		j.Documents[i].DirNum++
		npages = j.NPages
		if !last {
			return nil
		}
		a.release(j, i)
		sent(j)
		return nil
	})
	return npages, err
}

// Skipped is called for a page that is not to be sent (pagehandling X), after
// the pages before it were confirmed. If it was the last page of the job's last
// document, the job is done.
func (a *Attempt) Skipped(last bool) error {
	return a.update(func(j *spool.Job) error {
		i := j.Find(spool.OpFax)
		if i < 0 {
			return fmt.Errorf("linectl: job %s: no document is left to skip a page of", j.JobID)
		}
		j.NPages++
		j.NSkip++
		j.PageHandling = CutPage(j.PageHandling)
		j.Documents[i].DirNum++
		if !last {
			return nil
		}
		a.release(j, i)
		sent(j)
		return nil
	})
}

// sent says what is true when a document is off the job's list: after the last,
// the job is done, or what remains is to poll.
func sent(j *spool.Job) {
	switch {
	case j.Find(spool.OpFax) >= 0:
	case j.Find(spool.OpPoll) >= 0:
		outcome(j, Retry, textLineDied, CodeLineDied)
	default:
		outcome(j, Done, "", 0)
	}
}

// PollDone is called when the documents that the job's first poll request asked
// for are received and handed on: the request leaves the job's list. With
// nothing else on it the job is done from here on. left tells how many requests
// remain.
func (a *Attempt) PollDone() (left int, err error) {
	err = a.update(func(j *spool.Job) error {
		i := j.Find(spool.OpPoll)
		if i < 0 {
			return fmt.Errorf("linectl: job %s: a poll is over, but no request is left", j.JobID)
		}
		j.NTries = 0
		j.Documents = append(j.Documents[:i], j.Documents[i+1:]...)
		for _, d := range j.Documents {
			if d.Op == spool.OpPoll {
				left++
			}
		}
		sent(j)
		return nil
	})
	return left, err
}

// Ending is how an attempt ended.
type Ending struct {
	Result Result
	Status string // for people; empty with Done
	Code   int    // HylaFAX's status code; 0 with Done
	// TTS is the time for the next attempt; zero lets the scheduler choose.
	TTS time.Time
	// SignalRate and DataFormat as HylaFAX writes them ("14400 bit/s",
	// "2-D MMR"); empty if there was no session.
	SignalRate, DataFormat string
	// NoPage: a session in which not one page was confirmed; counts ntries.
	NoPage bool
}

// End writes the attempt's result. An attempt that ended unconfirmed keeps
// that: Retry and Failed cannot talk it away.
func (a *Attempt) End(e Ending) (Result, error) {
	result := e.Result
	err := a.update(func(j *spool.Job) error {
		if j.StatusCode == CodeUnconfirmed && result != Done {
			result = Failed
			outcome(j, Failed, joinStatus(textUnconfirmed, e.Status), CodeUnconfirmed)
		} else {
			outcome(j, result, e.Status, e.Code)
		}
		if e.NoPage {
			j.NTries++
		}
		if e.SignalRate != "" {
			j.SignalRate = e.SignalRate
		}
		if e.DataFormat != "" {
			j.DataFormat = e.DataFormat
		}
		if !e.TTS.IsZero() {
			j.TTS = e.TTS.Unix()
		}
		return nil
	})
	return result, err
}

func outcome(j *spool.Job, r Result, text string, code int) {
	j.Returned, j.Status, j.StatusCode = int(r), text, code
}

func joinStatus(a, b string) string {
	if b == "" {
		return a
	}
	return a + " (" + b + ")"
}

// update changes the job file under its lock.
func (a *Attempt) update(change func(*spool.Job) error) error {
	l, err := a.spool.LockJob(a.name)
	if l != nil {
		defer l.Unlock()
	}
	if err != nil {
		return fmt.Errorf("linectl: %w", err)
	}
	if err := change(l.Job); err != nil {
		return err
	}
	return l.Save()
}

// release takes a sent document off the job's list. Its source, which stands
// before it, goes from the job's own name (doc1.ps.12) to the common one
// (doc1.ps), so that the number of links tells how many jobs still need it.
func (a *Attempt) release(j *spool.Job, i int) {
	if i > 0 && j.Documents[i-1].Op.Saved() {
		j.Documents[i-1].File = ReleaseSource(a.spool, j.Documents[i-1].File)
	}
	j.Documents = append(j.Documents[:i], j.Documents[i+1:]...)
}

// ReleaseSource gives a job's link to a source document up and returns the
// document's common name. Nothing is lost if it fails: the link stays until the
// queue is cleaned.
func ReleaseSource(s *spool.Spool, file string) string {
	base := strings.TrimSuffix(file, filepath.Ext(file))
	if base == file || spool.CheckName(file) != nil {
		return file
	}
	if err := os.Rename(s.Path(file), s.Path(base)); err != nil {
		if !errors.Is(err, os.ErrNotExist) {
			return file
		}
		if _, err := os.Stat(s.Path(base)); err != nil {
			return file
		}
		return base // released before, by a line that was killed since
	}
	// rename does nothing when both names are links to one file.
	if err := os.Remove(s.Path(file)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return file
	}
	return base
}

// CutPage takes the first page off a pagehandling string (sendq(5)): two
// digits of parameters, possibly Z and four digits of page chopping, a letter.
func CutPage(p string) string {
	n := 3
	if len(p) > 2 && p[2] == 'Z' {
		n = 8
	}
	if len(p) < n {
		return ""
	}
	return p[n:]
}

// FIFOMessage gives the event as faxsend(8) tells it to faxq's FIFO (the text
// behind "*job:"), and whether there is such a message.
func (e *Event) FIFOMessage() (string, bool) {
	letter := map[EventKind]string{Dialing: "c", Connected: "C", Page: "d", Document: "D", PollReceived: "p", PollDone: "P"}[e.Event]
	switch letter {
	case "":
		return "", false
	case "c", "C":
		return letter, true
	case "p":
		return letter + spool.RecvInfo{Seconds: uint32(max(e.Seconds, 0)), NPages: e.Pages, Params: e.Params, File: e.File, CommID: e.CommID, Sender: e.CSI, Reason: e.Reason}.String(), true
	}
	return fmt.Sprintf("%s%x,%x,%x,%s,%q", letter, e.Seconds, e.Pages, e.Params, e.CommID, e.File), true
}
