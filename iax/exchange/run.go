package exchange

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/litoria-fax/litoria/iax"
	"github.com/rs/zerolog"
)

// maxSteps bounds the steps of one call: a Goto in a circle ends.
const maxSteps = 1000

// channel is one incoming call on its way through the dial plan.
type channel struct {
	x      *Exchange
	call   *iax.Call
	info   iax.CallInfo
	peer   *peerConfig
	plan   *dialPlan
	peers  *peerFile
	log    zerolog.Logger
	caller iax.CallerID
	vars   map[string]string

	context  string
	number   string
	prio     int
	answered bool
	over     bool
	cause    iax.Cause // of the last Dial
}

// incoming runs the dial plan for a call. It is the call's own goroutine.
func (x *Exchange) incoming(c *iax.Call) {
	peers, plan := x.config()
	info := c.Info()
	p := x.callerOf(peers, info)
	if p == nil {
		c.Reject(iax.CauseFacilityNotSubscr, "No authority found")
		return
	}
	ch := &channel{
		x: x, call: c, info: info, peer: p, plan: plan, peers: peers, caller: info.Caller, vars: make(map[string]string),
		context: p.context, number: info.Called, prio: 1,
		log: x.log.With().Str("peer", p.name).Str("number", info.Called).Logger(),
	}
	if p.hasCallerID {
		ch.caller = p.callerID
	}
	ch.run()
}

// run goes from step to step until the call is over or there is no next one.
func (ch *channel) run() {
	for range maxSteps {
		e := ch.plan.find(ch.context, ch.number)
		if e == nil {
			ch.hangup(iax.CauseNoRoute)
			return
		}
		s := e.steps[ch.prio]
		if s == nil {
			ch.fallThrough()
			return
		}
		ch.prio++
		ch.step(s)
		if ch.over || isDone(ch.call) {
			return
		}
	}
	ch.log.Warn().Int("steps", maxSteps).Msg("exchange: the dial plan goes round in a circle")
	ch.hangup(iax.CauseNormalUnspecified)
}

// fallThrough ends a call for which there is no next step: with what the last
// Dial gave.
func (ch *channel) fallThrough() {
	cause := ch.cause
	if cause == iax.CauseNone {
		cause = iax.CauseNormalClearing
	}
	ch.hangup(cause)
}

func (ch *channel) hangup(cause iax.Cause) {
	ch.over = true
	ch.call.Hangup(cause, "")
}

// step runs one application.
func (ch *channel) step(s *step) {
	args := expand(s.args, ch.look)
	ch.log.Debug().Str("app", s.app).Str("args", args).Msg("exchange: step")
	switch strings.ToLower(s.app) {
	case "answer":
		ch.answer()
	case "ringing":
		ch.call.Ring()
	case "proceeding":
		ch.call.Proceed()
	case "progress":
		ch.call.Progress()
	case "noop", "verbose":
		ch.log.Info().Str("text", args).Msg("exchange: " + s.app)
	case "wait":
		ch.wait(args)
	case "busy":
		ch.call.Busy()
		ch.endAfter(args, iax.CauseBusy)
	case "congestion":
		ch.call.Congestion()
		ch.endAfter(args, iax.CauseCongestion)
	case "hangup":
		ch.hangup(causeArg(args, ch.cause))
	case "echo":
		ch.echo()
	case "milliwatt":
		ch.milliwatt()
	case "receivefax", "sendfax":
		ch.fax(s, args, strings.EqualFold(s.app, "sendfax"))
	case "set":
		ch.set(s, args)
	case "goto":
		ch.jump(s, args)
	case "dial":
		ch.dial(args)
	default:
		ch.log.Error().Str("app", s.app).Str("file", s.file).Int("line", s.line).Msg("exchange: the application is not known here; hanging up")
		ch.hangup(iax.CauseFacilityNotImplement)
	}
}

// look gives the value of a variable.
func (ch *channel) look(name string) string {
	if v, ok := ch.vars[name]; ok {
		return v
	}
	switch strings.ToUpper(name) {
	case "EXTEN":
		return ch.number
	case "CONTEXT":
		return ch.context
	case "PRIORITY":
		return strconv.Itoa(ch.prio - 1)
	case "CALLERID(NUM)", "CALLERID(NUMBER)":
		return ch.caller.Number
	case "CALLERID(NAME)":
		return ch.caller.Name
	case "CALLERID(ALL)", "CALLERID":
		return fmt.Sprintf("%q <%s>", ch.caller.Name, ch.caller.Number)
	case "CALLERID(RDNIS)":
		return ch.info.RDNIS
	case "CALLERID(DNID)":
		return ch.info.DNID
	case "CHANNEL(PEERNAME)":
		return ch.peer.name
	case "HANGUPCAUSE":
		return strconv.Itoa(int(ch.cause))
	}
	return ch.plan.globals[name]
}

// set runs Set(NAME=value).
func (ch *channel) set(s *step, args string) {
	name, v, ok := strings.Cut(args, "=")
	name = strings.TrimSpace(name)
	switch upper := strings.ToUpper(name); {
	case !ok:
		ch.log.Error().Str("file", s.file).Int("line", s.line).Msg("exchange: Set needs NAME=value")
	case upper == "CALLERID(NUM)" || upper == "CALLERID(NUMBER)":
		ch.caller.Number = v
	case upper == "CALLERID(NAME)":
		ch.caller.Name = v
	case strings.Contains(name, "("):
		ch.log.Error().Str("name", name).Str("file", s.file).Int("line", s.line).Msg("exchange: Set does not know this function")
	default:
		ch.vars[strings.TrimLeft(name, "_")] = v
	}
}

// jump runs Goto([[context,]extension,]priority).
func (ch *channel) jump(s *step, args string) {
	parts := strings.Split(args, ",")
	context, number := ch.context, ch.number
	if n := len(parts); n >= 2 {
		number = strings.TrimSpace(parts[n-2])
		if n >= 3 {
			context = strings.TrimSpace(parts[n-3])
		}
	}
	e := ch.plan.find(context, number)
	prio := 0
	if e != nil {
		prio = e.labelled(strings.TrimSpace(parts[len(parts)-1]))
	}
	if prio == 0 {
		ch.log.Error().Str("to", args).Str("file", s.file).Int("line", s.line).Msg("exchange: Goto leads nowhere; hanging up")
		ch.hangup(iax.CauseNoRoute)
		return
	}
	ch.context, ch.number, ch.prio = context, number, prio
}

func (ch *channel) answer() {
	if !ch.answered {
		ch.answered = true
		ch.call.Answer(nil)
	}
}

// wait runs Wait(seconds); the end of the call ends it.
func (ch *channel) wait(args string) {
	seconds, err := strconv.ParseFloat(strings.TrimSpace(args), 64)
	if err != nil || seconds < 0 {
		return
	}
	sleep(ch.call, time.Duration(seconds*float64(time.Second)))
}

// sleep waits, at most to the end of the call.
func sleep(c *iax.Call, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-c.Done():
	case <-t.C:
	}
}

// endAfter runs the rest of Busy and Congestion: the caller may listen for some
// seconds.
func (ch *channel) endAfter(args string, cause iax.Cause) {
	if args != "" {
		ch.wait(args)
	} else {
		sleep(ch.call, busyDefault)
	}
	ch.hangup(cause)
}

// busyDefault is how long busy and congestion are told where no time is given;
// Asterisk would wait for ever.
const busyDefault = 10 * time.Second

// causeArg reads the cause of Hangup.
func causeArg(args string, last iax.Cause) iax.Cause {
	if n, err := strconv.ParseUint(strings.TrimSpace(args), 10, 8); err == nil && n > 0 {
		return iax.Cause(n)
	}
	if last != iax.CauseNone && args != "" {
		return last
	}
	return iax.CauseNormalClearing
}

// echo sends back what comes, until the call ends.
func (ch *channel) echo() {
	ch.answer()
	ch.call.Relay(ch.call.SendVoice)
	<-ch.call.Done()
	ch.over = true
}

func isDone(c *iax.Call) bool {
	select {
	case <-c.Done():
		return true
	default:
		return false
	}
}

// milliwatt sends 1004 Hz at 0 dBm0 until the call ends.
func (ch *channel) milliwatt() {
	ch.answer()
	ch.call.Attach(&tone{})
	<-ch.call.Done()
	ch.over = true
}
