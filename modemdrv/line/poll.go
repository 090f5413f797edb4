package line

import (
	"time"

	"github.com/litoria-fax/litoria/modemdrv/t30"
	"github.com/litoria-fax/litoria/spool"
	"github.com/litoria-fax/litoria/spool/linectl"
)

// polled is the job whose poll request brings documents in, as far as their
// record and delivery need it. nil: they come with a call that somebody else made.
type polled struct {
	Job, Tag string
	User     string // to whom the documents go by mail
	Dest     string
}

// address makes of a RECV record a POLL record (xferfaxlog(5)).
func (p *polled) address(rec *spool.Record) {
	if p == nil {
		return
	}
	rec.Kind, rec.JobID, rec.JobTag, rec.User, rec.Dest = "POLL", p.Job, p.Tag, p.User, p.Dest
	rec.CallIDs = nil
}

// delivery is the command for a received document: FaxRcvdCmd, or PollRcvdCmd
// with the requester's address first.
func (p *polled) delivery(set *Settings, file, commid, devid, reason string, callIDs []string) script {
	if p == nil {
		return script{command: set.FaxRcvdCmd, args: append([]string{file, devid, commid, reason}, callIDs...)}
	}
	return script{command: set.PollRcvdCmd, args: []string{p.User, file, devid, commid, reason}}
}

// poll is what a transmission with a poll request knows about it.
type poll struct {
	request   spool.Document // its address and password
	inbox     *inbox
	from      origin
	documents int // that came
}

// pollRequest makes the transmission ready for the first poll request of its
// job, if it has one: T.30 allows one in a call, after what is sent. Jobs that
// poll are not sent in batches.
func (t *transmission) pollRequest() {
	j := t.jobs[0].job
	i := j.Find(spool.OpPoll)
	if i < 0 {
		return
	}
	t.poll = &poll{request: j.Documents[i], from: origin{sender: unspecified}}
	t.poll.inbox = newInbox(t.Line, t.set, t.log, &t.poll.from, t)
	t.poll.inbox.polled = &polled{Job: j.JobID, Tag: j.JobTag, User: j.MailAddr, Dest: destination(j)}
}

// configurePoll tells T.30 of the poll request.
func (t *transmission) configurePoll(cfg *t30.Config) {
	if t.poll == nil {
		return
	}
	cfg.Poll, cfg.Pages = true, t.poll.inbox
	cfg.PolledAddress, cfg.PollPassword = t.poll.request.Addr, t.poll.request.File
}

// pollNews follows the part of the session in which we receive.
func (t *transmission) pollNews(n t30.News) {
	if t.poll == nil {
		return
	}
	switch n := n.(type) {
	case t30.StateNews:
		if n.To == t30.SendingDTC && n.From != t30.AwaitingDCS {
			t.pollBegins()
		}
	case t30.RemoteNews:
		if id := clean(n.Remote.ID); id != "" {
			t.poll.from.sender = id
		}
	case t30.NegotiatedNews:
		if !n.Sending {
			t.params, t.known = n.Parameters, true
		}
	case t30.PageStartNews:
		if !n.Sending {
			t.sayNow("Polling %q for job %s, page %d at %v", t.poll.from.sender, t.jobs[0].job.JobID, n.Page, n.Parameters.Rate)
		}
	}
}

// pollBegins: what was to be sent is sent, and the far end's document is asked for.
func (t *transmission) pollBegins() {
	t.leave(t.page)
	t.tracer.role, t.tracer.id = "POLL", "TSI"
	t.trace("POLL FAX: begin (SEP %q)", t.poll.request.Addr)
	can := t.remote.Capabilities
	if can == nil {
		return
	}
	if t.poll.request.Addr != "" && !can.SelectivePolling {
		t.trace("POLL FAX: the far end does not know addresses (SEP); it gives what it has")
	}
	if t.poll.request.File != "" && !can.Password {
		t.trace("POLL FAX: the far end does not know passwords (PWD)")
	}
}

// pageReceived: nobody waits for single pages (recipient).
func (t *transmission) pageReceived(*received) {}

// documentReceived reports a polled document and hands it to the requester
// (recipient).
func (t *transmission) documentReceived(d *received, reason string) {
	b := t.poll.inbox
	info := b.info(d, reason)
	t.report(linectl.Event{Event: linectl.PollReceived, Job: t.jobs[0].job.JobID, CommID: t.log.CommID, File: d.file.Name, Pages: d.pages,
		Seconds: int(info.Seconds), Params: info.Params, CSI: info.Sender, Reason: reason})
	t.deliver(b.polled.delivery(t.set, d.file.Name, t.log.CommID, t.devid, reason, nil), d.file.Name, b.trace)
}

// pollOver hands on what came, and takes the request off the job if all of it did.
// It gives how the job ends by that; ok is false if the session's result tells.
func (t *transmission) pollOver(s *sending, result t30.Result) (e linectl.Ending, ok bool) {
	t.poll.documents = t.poll.inbox.end(result)
	switch {
	case result.Outcome != t30.Done:
		return e, false
	case t.poll.documents == 0:
		return linectl.Ending{Result: linectl.Retry, Status: "The far end ended the call before a page was polled", TTS: t.set.Redial.Session(time.Now()), NoPage: s.pages == 0}, true
	}
	t.trace("POLL FAX: end")
	last := t.poll.inbox.documents[len(t.poll.inbox.documents)-1]
	left, err := s.attempt.PollDone()
	t.check(s, err)
	t.report(linectl.Event{Event: linectl.PollDone, Job: s.job.JobID, CommID: t.log.CommID, File: last.file.Name, Pages: s.job.NPages,
		Seconds: int(time.Since(t.poll.inbox.documents[0].start) / time.Second), Params: packParameters(t.params)})
	if left == 0 {
		return linectl.Ending{Result: linectl.Done}, true
	}
	// One DTC in a call is all that T.30 has.
	return linectl.Ending{Result: linectl.Retry, Status: "Another poll request of this job needs a call of its own", TTS: time.Now()}, true
}
