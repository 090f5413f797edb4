package server

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/litoria-fax/litoria/protocol"
)

// Events of faxq: a class in the upper, a number in the lower four bits.
const (
	eventsJob   = 0
	eventsSend  = 1
	eventsRecv  = 2
	eventsModem = 3

	eventJobDead       = 4
	eventSendPage      = 16 + 3
	eventSendDocument  = 16 + 4
	eventPollReceived  = 16 + 5
	eventPollDone      = 16 + 6
	eventRecvBegin     = 32
	eventRecvStart     = 32 + 1
	eventRecvPage      = 32 + 2
	eventRecvDocument  = 32 + 3
	eventRecvEnd       = 32 + 4
	eventModemCallerID = 48 + 11
)

// event is a decoded event message of faxq.
type event struct {
	number int
	at     time.Time
	text   string // in HylaFAX's words
	job    string // number of the job, of job and send events
	raw    []byte
}

var errShortEvent = errors.New("event message cut off")

// parseEvent decodes an event message. Its binary parts are in the byte order and layout of this
// machine, which is faxq's too.
func parseEvent(b []byte) (event, error) {
	if len(b) < eventHeaderSize {
		return event{}, errShortEvent
	}
	e := event{
		number: int(binary.NativeEndian.Uint16(b[6:])),
		at:     time.Unix(int64(binary.NativeEndian.Uint64(b[8:])), 0),
		raw:    b,
	}
	body := &eventReader{b: b[eventHeaderSize:]}
	switch e.number >> 4 {
	case eventsJob, eventsSend:
		e.readJob(body)
	case eventsRecv:
		body.skipModem()
		e.text = receiveEventText(e.number, body.string())
	case eventsModem:
		e.readModem(body)
	default:
		return e, fmt.Errorf("unknown event %d", e.number)
	}
	return e, body.err
}

// eventReader reads the parts of an event message.
type eventReader struct {
	b   []byte
	err error
}

func (r *eventReader) bytes(n int) []byte {
	if len(r.b) < n {
		r.err = errShortEvent
		return make([]byte, n)
	}
	part := r.b[:n]
	r.b = r.b[n:]
	return part
}

// string reads text up to a NUL, or to the end.
func (r *eventReader) string() string {
	text, rest, _ := bytes.Cut(r.b, []byte{0})
	r.b = rest
	return string(text)
}

// Sizes in event messages on 64-bit machines.
const (
	jobFixedSize   = 40 // three times, priority, process, state, padding
	jobPriorityAt  = 24
	modemFixedSize = 8 // state, polling, capabilities (four octets), priority (two octets)
)

// skipModem reads past the modem of an event and returns its identifier.
func (r *eventReader) skipModem() string {
	id := r.string()
	r.string() // number
	r.string() // communication identifier
	r.bytes(modemFixedSize)
	return id
}

func (e *event) readJob(r *eventReader) {
	fixed := r.bytes(jobFixedSize)
	priority := int32(binary.NativeEndian.Uint32(fixed[jobPriorityAt:]))
	e.job = r.string()
	dest := r.string()
	r.string() // device
	commid := r.string()
	e.text = fmt.Sprintf("JOB %s (dest %s pri %d com %s): ", e.job, dest, priority, commid)
	if e.number>>4 == eventsJob {
		e.text += jobEventNames()[e.number&15]
		return
	}
	e.text += "SEND FAX: " + sendEventText(e.number, r.string())
}

func (e *event) readModem(r *eventReader) {
	e.text = fmt.Sprintf("MODEM %s: %s", r.skipModem(), modemEventNames()[e.number&15])
	if e.number == eventModemCallerID {
		e.text += r.string()
	}
}

const unknownEvent = "Unknown event"

func jobEventNames() [16]string {
	return [16]string{
		"Created", "Suspended", "Ready to send", "Sleeping awaiting time-to-send", "Marked dead",
		"Being processed by scheduler", "Corpus reaped", "Activated", "Rejected", "Killed", "Blocked by another job",
		"Delayed by time-of-day restriction or similar", "Parameters altered", "Timed out", "Preparation started",
		"Preparation finished",
	}
}

func modemEventNames() [16]string {
	names := [16]string{
		"Assigned to job", "Released by job", "Marked down", "Marked ready", "Marked busy", "Considered wedged",
		"In-use by an outbound job", "Inbound data call begin", "Inbound data call completed",
		"Inbound voice call begin", "Inbound voice call completed", "Caller-id information: ",
	}
	for i, n := range names {
		if n == "" {
			names[i] = unknownEvent
		}
	}
	return names
}

// sendEventText describes an event of a call that sends.
func sendEventText(number int, body string) string {
	info := parseEventInfo(body)
	switch number {
	case eventSendPage:
		return fmt.Sprintf("Page %d sent in %s (file %s) %s", info.pages, info.duration(), info.quoted(0), info.parameters())
	case eventSendDocument:
		return fmt.Sprintf("Document sent in %s (file %s)", info.duration(), info.quoted(0))
	case eventPollDone:
		return fmt.Sprintf("Poll completed in %s (file %s)", info.duration(), info.quoted(0))
	case eventPollReceived:
		return fmt.Sprintf("Recv polled document from %s, %d pages in %s, file %s",
			info.quoted(0), info.pages, info.duration(), info.plain(0))
	}
	names := map[int]string{
		0: "Begin attempt", 1: "Call placed (off-hook)", 2: "Connected to remote device", 7: "Finished attempt",
		8: "Reformat documents because of capabilities mismatch", 9: "Requeue job", 10: "Job completed successfully",
	}
	if n, ok := names[number&15]; ok {
		return n
	}
	return unknownEvent
}

// receiveEventText describes an event of a call that receives.
func receiveEventText(number int, body string) string {
	info := parseEventInfo(body)
	sender, file, commid := info.quoted(0), info.plain(0), info.plain(1)
	switch number {
	case eventRecvBegin:
		return "RECV FAX: Call started"
	case eventRecvEnd:
		return "RECV FAX: Call ended"
	case eventRecvStart:
		return fmt.Sprintf("RECV FAX: Session started (com %s), TSI \"%s\" %s", commid, sender, info.parameters())
	case eventRecvPage:
		return fmt.Sprintf("RECV FAX: From %s (com %s), page %d in %s %s", sender, commid, info.pages, info.duration(), info.parameters())
	case eventRecvDocument:
		return fmt.Sprintf("RECV FAX: From %s (com %s), %d pages in %s, file %s", sender, commid, info.pages, info.duration(), file)
	}
	return "RECV FAX: " + unknownEvent
}

// eventInfo is what comes with an event of a call: three hexadecimal numbers, words, and quoted
// words, separated by commas.
type eventInfo struct {
	seconds, pages, params uint64
	words, strings         []string
}

func parseEventInfo(body string) eventInfo {
	var info eventInfo
	head, quoted, _ := strings.Cut(body, "\"")
	fields := strings.Split(strings.TrimSuffix(head, ","), ",")
	for i, p := range []*uint64{&info.seconds, &info.pages, &info.params} {
		if i < len(fields) {
			*p, _ = strconv.ParseUint(fields[i], 16, 64) // what is no number is 0
		}
	}
	if len(fields) > 3 {
		info.words = fields[3:]
	}
	info.strings = strings.Split(strings.TrimSuffix(quoted, "\""), "\",\"")
	return info
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}

func (i eventInfo) plain(n int) string  { return at(i.words, n) }
func (i eventInfo) quoted(n int) string { return at(i.strings, n) }

func (i eventInfo) duration() string {
	return protocol.FormatDuration(time.Duration(min(i.seconds, 1<<31)) * time.Second)
}

// parameters shows the parameters of a page.
func (i eventInfo) parameters() string {
	r := receiveInfo{params: uint32(i.params)}
	length := map[uint32]string{297: "A4", 364: "B4"}[r.pageLength()]
	if length == "" {
		length = "INF"
	}
	resolutions := [...]string{"3.85 line/mm", "7.7 line/mm", "15.4 line/mm", "", "R16 x 15.4 line/mm", "", "", ""}
	scanline := [...]string{"0 ms", "5 ms", "10 ms, 5 ms", "10 ms", "20 ms, 10 ms", "20 ms", "40 ms, 20 ms", "40 ms"}
	return fmt.Sprintf("<%s, %s, %s, %d bit/s, %s>", length, resolutions[i.params&7], r.dataFormat(), r.rate(), scanline[i.params>>18&7])
}

// line is the event as SITE TRIGGER shows it in TYPE A.
func (e *event) line(s *session) string {
	return fmt.Sprintf("%s %d %s\r\n", s.zone(e.at).Format("150405"), 100+e.number, cleanLine([]byte(e.text)))
}

// triggerSpecMax is the longest trigger specification that is passed on.
const triggerSpecMax = 256

// beginTrigger registers with faxq for events.
func (s *session) beginTrigger(spec string) error {
	if len(spec) > triggerSpecMax || strings.ContainsAny(spec, "\x00\r\n:") {
		return errors.New("bad trigger specification")
	}
	id, err := s.questionQueue(opTrigger, spec)
	if err != nil {
		return err
	}
	s.trigger, s.triggerID, s.triggerSpec = true, id, spec
	return nil
}

// endTrigger tells faxq that no more events are wanted.
func (s *session) endTrigger() {
	if !s.trigger {
		return
	}
	s.trigger = false
	if err := s.tellQueue(opEndTrigger, s.triggerID); err != nil {
		s.log.Debug().Err(err).Msg("trigger")
	}
}

// renewTrigger registers again after faxq began anew.
func (s *session) renewTrigger() {
	if err := s.beginTrigger(s.triggerSpec); err != nil {
		s.log.Warn().Err(err).Msg("trigger of before the scheduler's restart")
	}
}

// jobPoll is how often JWAIT looks at the job itself, should an event be lost.
const jobPoll = 2 * time.Second

// waitForJob waits until a job is over. It returns false if the client broke the wait off.
func (s *session) waitForJob(id string) bool {
	poll := time.NewTicker(jobPoll)
	defer poll.Stop()
	for {
		if j, err := s.findJob(id); err != nil || j.state().final() {
			return true
		}
		s.listen()
		select {
		case <-s.queue.events:
		case <-poll.C:
		case <-s.queue.hello:
			s.renewTrigger()
		case line := <-s.lines():
			s.heard(line)
			switch {
			case line.gone:
				return false
			case line.err == nil && strings.EqualFold(line.text, "ABOR"):
				s.reply(protocol.CodeTransferAborted, "Operation aborted. Data connection closed.")
				s.reply(protocol.CodeTransferDone, "Abort successful")
				return false
			}
			s.held = &line
		case <-s.srv.closing:
			s.quit = true
			return true
		}
	}
}

// siteTRIGGER sends events on the data connection until the client breaks it off.
func (s *session) siteTRIGGER(a *args) error {
	spec := a.only("trigger-spec")
	if a.err != nil {
		return a.err
	}
	if err := s.beginTrigger(spec); err != nil {
		return protocol.Errorf(protocol.CodeBadJob, "Cannot register trigger: %s.", err)
	}
	defer s.endTrigger()
	pr, pw := io.Pipe()
	stop := make(chan struct{})
	done := make(chan struct{})
	go s.pumpEvents(pw, stop, done)
	stream := &eventStream{outgoing: newOutgoing(pr, typeImage, modeStream), pipe: pr}
	err := s.run(&transfer{
		opening: fmt.Sprintf("%s for trigger \"%s\".", openingData, spec),
		file:    stream, size: -1, endless: true,
	})
	close(stop)
	pr.CloseWithError(io.EOF)
	<-done
	return err
}

// eventStream is a transfer that can be unblocked.
type eventStream struct {
	*outgoing
	pipe *io.PipeReader
}

func (e *eventStream) cancel() { e.pipe.CloseWithError(io.EOF) }

// mayWatch reports whether events of a job are for this client: they tell the number that is called,
// which only the job's owner and administrators may know.
func (s *session) mayWatch(id string) bool {
	if s.admin {
		return true
	}
	for _, dir := range []string{sendQueue, doneQueue} {
		rel := path.Join(dir, "q"+id)
		info, err := s.srv.root.Lstat(rel)
		if err != nil || !isJobID(id) || !isPlain(info) {
			continue
		}
		data, err := s.srv.jobCache.load(s.srv, rel, info)
		return err == nil && (data.get("owner") == s.user || s.fileRight(info, rightWrite))
	}
	return false
}

// pumpEvents writes events as they come. It touches nothing of the session that changes during a
// transfer.
func (s *session) pumpEvents(w *io.PipeWriter, stop, done chan struct{}) {
	defer close(done)
	defer w.Close()
	for {
		select {
		case <-stop:
			return
		case raw := <-s.queue.events:
			e, err := parseEvent(raw)
			if err != nil {
				s.log.Error().Err(err).Msg("event of the scheduler")
				continue
			}
			if e.job != "" && !s.mayWatch(e.job) {
				continue
			}
			out := []byte(e.line(s))
			if s.kind == typeImage { // as it comes from faxq
				out = e.raw
			}
			if _, err := w.Write(out); err != nil {
				return
			}
		}
	}
}
