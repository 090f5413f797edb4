package faxq

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/litoria-fax/litoria/sched"
	"github.com/litoria-fax/litoria/spool"
)

// Events that pass the scheduler by (faxwatch(8)).
const (
	recvBegin sched.Event = 32 + iota
	recvStart
	recvPage
	recvDoc
	recvEnd
)
const (
	lineDown sched.Event = 50 + iota
	lineReady
	lineBusy
	lineWedged
	lineInUse
	lineDataBegin
	lineDataEnd
	lineVoiceBegin
	lineVoiceEnd
	lineCallID
)

// Classes of events: the upper bits of an event.
const (
	classJob = iota
	classSend
	classRecv
	classLine
	numClasses
)

var classNames = [numClasses]string{"JOB", "SEND", "RECV", "MODEM"}

// maxTriggers is how many triggers may exist at a time; HylaFAX's limit.
const maxTriggers = 32 * 32

// interest is a wish for events of one class: of one job or line, or of all.
type interest struct {
	id   string // "" any
	mask uint16
}

// trigger is a client's wish to hear of events (SITE TRIGGER of hfaxd(8)).
type trigger struct {
	fifo string
	want [numClasses]*interest
}

// triggers are the wishes of all clients, by their number.
type triggers struct {
	byID map[int]*trigger
	seq  map[string]uint16 // messages sent, by client
	hook *trigger          // AuditHook
	cmd  string
}

// parseTrigger reads a specification: for each class its letter, perhaps an id
// in angle brackets, and four hexadecimal digits or an asterisk.
func parseTrigger(spec string) (*trigger, error) {
	t := &trigger{}
	for i := 0; i < len(spec); {
		class := strings.IndexByte("JSRM", spec[i])
		i++
		if class < 0 {
			continue
		}
		if t.want[class] != nil {
			return nil, fmt.Errorf("trigger %q: two specifications for one class", spec)
		}
		in := &interest{}
		if i < len(spec) && spec[i] == '<' {
			end := strings.IndexByte(spec[i:], '>')
			if end < 0 {
				return nil, fmt.Errorf("trigger %q: missing '>'", spec)
			}
			in.id = spec[i+1 : i+end]
			i += end + 1
		}
		if i < len(spec) && spec[i] == '*' {
			in.mask = 0xffff
			i++
		} else {
			if len(spec) < i+4 {
				return nil, fmt.Errorf("trigger %q: event mask cut off", spec)
			}
			m, err := strconv.ParseUint(spec[i:i+4], 16, 16)
			if err != nil {
				return nil, fmt.Errorf("trigger %q: event mask is not hexadecimal", spec)
			}
			in.mask = uint16(m)
			i += 4
		}
		t.want[class] = in
	}
	return t, nil
}

// wants tells whether the trigger asks for an event of a job or line.
func (t *trigger) wants(e sched.Event, id string) bool {
	in := t.want[e>>4]
	return in != nil && in.mask&(1<<(e&15)) != 0 && (in.id == "" || in.id == id)
}

// createTrigger makes a trigger for a client; the answer has its number.
func (s *Server) createTrigger(fifo, spec string) {
	t, err := parseTrigger(spec)
	if in := (*interest)(nil); err == nil {
		for _, c := range []int{classJob, classSend} {
			if in = t.want[c]; in != nil && in.id != "" && s.jobs[sched.ID(in.id)] == nil {
				err = fmt.Errorf("trigger %q: job %s does not exist", spec, in.id)
			}
		}
	}
	id := 0
	for err == nil && s.triggers.byID[id] != nil {
		if id++; id >= maxTriggers {
			err = errors.New("too many triggers")
		}
	}
	if err != nil {
		s.warn(err)
		s.sendClient(fifo, []byte("T!\x00"))
		return
	}
	t.fifo = fifo
	if s.triggers.byID == nil {
		s.triggers.byID, s.triggers.seq = map[int]*trigger{}, map[string]uint16{}
	}
	s.triggers.byID[id] = t
	s.sendClient(fifo, fmt.Appendf(nil, "T*%d\x00", id))
}

// cancel ends a trigger.
func (ts *triggers) cancel(number string) bool {
	id, err := strconv.Atoi(number)
	if err != nil || ts.byID[id] == nil {
		return false
	}
	delete(ts.byID, id)
	return true
}

// drop ends the triggers of a client that is gone.
func (ts *triggers) drop(fifo string) {
	for id, t := range ts.byID {
		if t.fifo == fifo {
			delete(ts.byID, id)
		}
	}
	delete(ts.seq, fifo)
}

// setHook arranges for a command at events (AuditHook).
func (ts *triggers) setHook(cmd, spec string, warn func(error)) {
	ts.hook, ts.cmd = nil, ""
	if cmd == "" {
		return
	}
	t, err := parseTrigger(spec)
	if err != nil {
		warn(fmt.Errorf("AuditHook: %w", err))
		return
	}
	ts.hook, ts.cmd = t, cmd
}

// post carries an event of the queue to those who want it.
func (s *Server) post(a sched.Post) {
	if a.Line != "" {
		s.triggerLine(a.Event, s.line(a.Line), "")
		return
	}
	s.trigger(a.Event, a.Job, "")
	if j := s.jobs[a.Job]; j != nil && a.Event == sched.JobReap {
		if j.reaped = true; j.filed {
			delete(s.jobs, a.Job)
		}
	}
}

// trigger tells of an event of a job.
func (s *Server) trigger(e sched.Event, id sched.ID, info string) {
	s.publish(e, string(id), info, func(b []byte) []byte {
		j := s.jobs[id]
		if j == nil {
			j = &job{}
		}
		state, _ := s.queue.Has(id)
		b = binary.NativeEndian.AppendUint64(b, uint64(j.tts))
		b = binary.NativeEndian.AppendUint64(b, uint64(j.kill))
		b = binary.NativeEndian.AppendUint64(b, uint64(j.began))
		b = binary.NativeEndian.AppendUint32(b, uint32(j.schedPri))
		b = binary.NativeEndian.AppendUint32(b, 0) // process
		b = binary.NativeEndian.AppendUint16(b, uint16(state))
		b = append(b, 0, 0, 0, 0, 0, 0) // the structure's padding
		return appendStrings(b, string(id), j.dest, j.device, j.commid)
	})
}

// triggerLine tells of an event of a line.
func (s *Server) triggerLine(e sched.Event, l *line, info string) {
	s.publish(e, l.id, info, func(b []byte) []byte {
		b = appendStrings(b, l.id, l.number, l.commid)
		state, poll := byte('D'), byte('p')
		for _, q := range s.queue.Lines() {
			if q.ID == l.id {
				state = [...]byte{sched.LineDown: 'D', sched.LineBusy: 'B', sched.LineReady: 'R'}[q.State]
			}
		}
		if l.poll {
			poll = 'P'
		}
		b = append(b, state, poll)
		b = binary.NativeEndian.AppendUint32(b, l.caps)
		return binary.NativeEndian.AppendUint16(b, uint16(l.pri))
	})
}

func appendStrings(b []byte, list ...string) []byte {
	for _, s := range list {
		b = append(append(b, s...), 0)
	}
	return b
}

// eventHeader is the length of an event message's header: '!', a blank, the
// client's message number, the length, the event, the time.
const eventHeader = 16

// publish sends an event message, the layout of which is that of HylaFAX's
// structures on this machine, and runs the AuditHook.
func (s *Server) publish(e sched.Event, id, info string, body func([]byte) []byte) {
	if t := s.triggers.hook; t != nil && t.wants(e, id) {
		s.runHook(e, id, info)
	}
	var msg []byte
	for _, t := range s.triggers.byID {
		if !t.wants(e, id) {
			continue
		}
		if msg == nil {
			msg = append(body(make([]byte, eventHeader, 256)), info...)
			msg = msg[:min(len(msg), spool.MaxMessage)]
			msg[0], msg[1] = '!', ' '
			binary.NativeEndian.PutUint16(msg[4:], uint16(len(msg)))
			binary.NativeEndian.PutUint16(msg[6:], uint16(e))
			binary.NativeEndian.PutUint64(msg[8:], uint64(s.now().Unix()))
		}
		binary.NativeEndian.PutUint16(msg[2:], s.triggers.seq[t.fifo])
		s.triggers.seq[t.fifo]++
		s.sendClient(t.fifo, msg)
	}
}

// runHook runs the AuditHook's command for an event.
func (s *Server) runHook(e sched.Event, id, info string) {
	args := []string{classNames[e>>4], fmt.Sprintf("0x%04x", 1<<(e&15)), id}
	if info != "" {
		args = append(args, info)
	}
	command := s.triggers.cmd
	s.work(func() {
		if !s.notices.enter(s.ctx) {
			return
		}
		defer s.notices.leave()
		if err := s.run(s.limits.script, command, args...); err != nil && s.ctx.Err() == nil {
			s.log.Error().Strs("arguments", args).Err(err).Msg("AuditHook failed")
		}
	})
}

// sendClient writes to a client's FIFO without waiting. A client that does not
// read any more is forgotten.
func (s *Server) sendClient(fifo string, msg []byte) {
	if fifo == "" {
		return
	}
	if err := spool.CheckName(fifo); err != nil {
		s.warn(err)
		return
	}
	fd, err := syscall.Open(s.spool.Path(fifo), syscall.O_WRONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC|syscall.O_NOFOLLOW, 0)
	if err != nil {
		s.log.Debug().Str("client", fifo).Err(err).Msg("client is gone")
		s.triggers.drop(fifo)
		return
	}
	defer syscall.Close(fd)
	if _, err := syscall.Write(fd, msg); err != nil {
		s.log.Warn().Str("client", fifo).Err(err).Msg("client does not take its messages")
	}
}

// fifoGrace is the age below which a FIFO that nobody reads may belong to a
// client that is about to open it.
const fifoGrace = 10 * time.Second

// helloClients tells the clients' processes that faxq has begun anew and
// removes the FIFOs of those that are gone.
func (s *Server) helloClients() {
	names, _ := filepath.Glob(s.spool.Path(spool.Client, "[0-9]*"))
	slices.Sort(names)
	for _, path := range names {
		info, err := os.Lstat(path)
		if err != nil || info.Mode()&os.ModeNamedPipe == 0 {
			continue
		}
		if err := s.spool.Send(spool.Client+"/"+filepath.Base(path), "HELLO"); errors.Is(err, spool.ErrNobody) && s.now().Sub(info.ModTime()) > fifoGrace {
			os.Remove(path)
		}
	}
}
