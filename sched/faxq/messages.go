package faxq

import (
	"strconv"
	"strings"

	"github.com/litoria-fax/litoria/sched"
	"github.com/litoria-fax/litoria/spool"
)

// Letters of clients' messages to faxq.
const (
	msgQuit      = 'Q'
	msgTrigger   = 'T'
	msgConfig    = 'C'
	msgUntrigger = 'D'
	msgRemove    = 'R'
	msgKill      = 'K'
	msgSubmit    = 'S'
	msgUnref     = 'U'
	msgSuspend   = 'X'
	msgInterrupt = 'Y'
	msgNoop      = 'N'
	msgDebug     = 'Z'

	msgModem   = '+'
	msgJob     = '*'
	msgReceive = '@'
)

// reply is where the answer to a message goes.
type reply struct {
	fifo string // of the client; empty if it wants none
	cmd  byte
}

// message carries out a message from the FIFO: a letter, the sender's FIFO or
// name and a colon, the arguments.
func (s *Server) message(m string) {
	s.log.Debug().Str("text", m).Msg("FIFO")
	cmd := m[0]
	id, args, ok := strings.Cut(m[1:], ":")
	if !ok {
		id, args = "", id
	}
	switch cmd {
	case msgModem:
		s.modemMessage(id, args)
		return
	case msgJob:
		s.jobMessage(sched.ID(id), args)
		return
	case msgReceive:
		s.receiveMessage(id, args)
		return
	case msgQuit:
		s.log.Info().Msg("QUIT")
		s.quit = true
		s.queue.Quit()
		return
	case msgTrigger:
		s.createTrigger(id, args)
		return
	}
	s.request(reply{id, cmd}, args)
}

// request carries out a client's request that is answered with yes or no.
func (s *Server) request(r reply, args string) {
	now := s.now()
	ok := false
	switch r.cmd {
	case msgConfig:
		s.log.Info().Str("parameter", args).Msg("CONFIG")
		ok = s.setConfig(args)
	case msgUntrigger:
		ok = s.triggers.cancel(args)
	case msgRemove:
		s.log.Info().Str("job", args).Msg("REMOVE JOB")
		s.queue.Kill(sched.ID(args), sched.WhyRemoved, r, now)
		return
	case msgKill:
		s.log.Info().Str("job", args).Msg("KILL JOB")
		s.queue.Kill(sched.ID(args), sched.WhyKilled, r, now)
		return
	case msgSubmit:
		s.log.Info().Str("job", args).Msg("SUBMIT JOB")
		ok = s.submit(args)
	case msgUnref:
		s.unref(args)
		ok = true
	case msgSuspend:
		s.log.Info().Str("job", args).Msg("SUSPEND JOB")
		s.queue.Suspend(sched.ID(args), false, r, now)
		return
	case msgInterrupt:
		s.log.Info().Str("job", args).Msg("INTERRUPT JOB")
		s.queue.Suspend(sched.ID(args), true, r, now)
		return
	case msgNoop:
		ok = true
	case msgDebug:
		s.debugState()
		ok = true
	default:
		s.log.Warn().Str("command", string(r.cmd)).Str("client", r.fifo).Msg("unknown message")
	}
	s.answer(sched.Answer{Token: r, OK: ok})
}

// setConfig changes a parameter until etc/config is read again (faxconfig(8)).
func (s *Server) setConfig(parameter string) bool {
	cfg, err := s.cfg.with(parameter)
	if err != nil {
		s.warn(err)
		return false
	}
	s.useConfig(cfg)
	return true
}

// answer sends a client yes or no.
func (s *Server) answer(a sched.Answer) {
	r, ok := a.Token.(reply)
	if !ok || r.fifo == "" {
		return
	}
	sign := byte('!')
	if a.OK {
		sign = '*'
	}
	s.sendClient(r.fifo, []byte{r.cmd, sign, 0})
}

// modemMessage is news of a line from its process (faxgetty).
func (s *Server) modemMessage(devid, text string) {
	if devid == "" || spool.CheckDevID(devid) != nil || text == "" {
		s.log.Warn().Str("line", devid).Str("text", text).Msg("bad message of a line")
		return
	}
	l := s.line(devid)
	info := text[1:]
	switch text[:1] {
	case spool.ModemReady:
		l.polling = false
		s.ready(l, info)
		s.triggerLine(lineReady, l, "")
	case spool.ModemBusy, spool.ModemInUse:
		l.polling = false
		s.queue.LineBusy(devid)
		if text[:1] == spool.ModemInUse {
			s.triggerLine(lineInUse, l, "")
		} else {
			s.triggerLine(lineBusy, l, "")
		}
	case spool.ModemDown:
		l.polling = false
		s.queue.LineTrouble(devid, s.trouble(devid))
		s.triggerLine(lineDown, l, "")
	case spool.ModemNumber:
		l.number = info
	case spool.ModemSession:
		l.commid = info
	case spool.ModemWedged:
		s.wedged(l)
	case spool.ModemCallID:
		s.triggerLine(lineCallID, l, info)
	case "d":
		s.triggerLine(lineDataBegin, l, "")
	case "e":
		s.triggerLine(lineDataEnd, l, "")
	case "v":
		s.triggerLine(lineVoiceBegin, l, "")
	case "w":
		s.triggerLine(lineVoiceEnd, l, "")
	default:
		s.log.Warn().Str("line", devid).Str("text", text).Msg("unknown message of a line")
	}
}

// trouble is what a line that is down says of it in status/DEVID.
func (s *Server) trouble(devid string) string {
	text, err := s.spool.ReadStatus(devid)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(text, spool.StatusModemWait+": ")
}

// ready takes a line's announcement: P or p for polling, the capabilities in
// hexadecimal, a colon and the priority in hexadecimal. All may be missing.
func (s *Server) ready(l *line, info string) {
	if info == "" {
		s.queue.LineReady(l.id, nil, 0, s.now())
		return
	}
	l.poll = info[0] == 'P'
	hex, pri, hasPri := strings.Cut(info[1:], ":")
	caps, err := strconv.ParseUint(hex, 16, 32)
	if err != nil {
		s.log.Warn().Str("line", l.id).Str("capabilities", info).Msg("capabilities of a line cannot be read; it is believed to be capable of all")
		s.queue.LineReady(l.id, nil, 0, s.now())
		return
	}
	l.caps = uint32(caps)
	if p, err := strconv.ParseUint(pri, 16, 16); hasPri && err == nil {
		l.pri = int(p)
	}
	c := capability(l.caps)
	c.Poll = l.poll
	s.queue.LineReady(l.id, &c, l.pri, s.now())
}

// capability unpacks a line's capabilities.
func capability(v uint32) sched.Capability {
	return sched.Capability{
		VRes:    uint(v & 0x7f),
		Widths:  uint(v >> 14 & 7),
		Lengths: uint(v >> 19 & 7),
		Formats: uint(v >> 22 & 0x1f),
	}
}

// wedged calls for help with a line that does not work (wedged(8)).
func (s *Server) wedged(l *line) {
	s.log.Error().Str("line", l.id).Msg("line appears to be wedged")
	s.triggerLine(lineWedged, l, "")
	command, id := s.cfg.WedgedCmd, l.id
	if command == "" {
		return
	}
	s.work(func() {
		if err := s.run(s.limits.script, command, id, "/dev/"+strings.ReplaceAll(id, "_", "/")); err != nil && s.ctx.Err() == nil {
			s.log.Error().Str("line", id).Err(err).Msg("WedgedCmd failed")
		}
	})
}

// receiveMessage is news of a reception.
func (s *Server) receiveMessage(devid, text string) {
	if spool.CheckDevID(devid) != nil || text == "" {
		s.log.Warn().Str("line", devid).Str("text", text).Msg("bad message of a reception")
		return
	}
	events := map[byte]sched.Event{'B': recvBegin, 'E': recvEnd, 'S': recvStart, 'P': recvPage, 'D': recvDoc}
	e, ok := events[text[0]]
	if !ok {
		s.log.Warn().Str("line", devid).Str("text", text).Msg("unknown message of a reception")
		return
	}
	s.triggerLine(e, s.line(devid), text[1:])
}

// debugState writes the queue's state into the log.
func (s *Server) debugState() {
	for _, l := range s.queue.Lines() {
		s.log.Info().Str("line", l.ID).Str("state", l.State.String()).Int("priority", l.Priority).Msg("line")
	}
	for id, j := range s.jobs {
		st, _ := s.queue.Has(id)
		s.log.Info().Str("job", string(id)).Str("state", st.String()).Str("dest", j.dest).Msg("job")
	}
}

// hello tells lines and clients that faxq has begun anew: lines announce
// themselves, clients ask for their triggers again. FIFOs that nobody reads are
// removed.
func (s *Server) hello() {
	for id := range s.lines {
		_ = s.spool.Send(spool.QueuerFIFO+"."+id, "HELLO") // those that run will answer
	}
	s.helloClients()
}
