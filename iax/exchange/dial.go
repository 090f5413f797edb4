package exchange

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/litoria-fax/litoria/iax"
)

// dialTarget is one IAX2/[user[:secret]@]peer[:port][/number[@context]] of Dial.
type dialTarget struct{ peer, number, context string }

// parseDial reads the arguments of Dial: targets joined by &, a time in seconds,
// options.
func parseDial(args string) (targets []dialTarget, timeout time.Duration, options string, err error) {
	parts := strings.SplitN(args, ",", 4)
	for _, text := range strings.Split(parts[0], "&") {
		tech, rest, ok := strings.Cut(strings.TrimSpace(text), "/")
		if !ok || !strings.EqualFold(tech, "IAX2") {
			return nil, 0, "", fmt.Errorf("Dial(%s): only IAX2/peer/number can be called", text) //nolint:staticcheck // Dial is a name
		}
		peer, number, _ := strings.Cut(rest, "/")
		if strings.ContainsAny(peer, "@:") && !strings.Contains(peer, "$") {
			return nil, 0, "", fmt.Errorf("Dial(%s): a peer of iax.conf is expected, without secret and port", text) //nolint:staticcheck // Dial is a name
		}
		number, context, _ := strings.Cut(number, "@")
		targets = append(targets, dialTarget{peer, number, context})
	}
	if len(parts) > 1 && strings.TrimSpace(parts[1]) != "" && !strings.Contains(parts[1], "$") {
		seconds, err := strconv.ParseFloat(strings.TrimSpace(parts[1]), 64)
		if err != nil || seconds <= 0 {
			return nil, 0, "", fmt.Errorf("Dial(%s): %q is no time in seconds", args, parts[1]) //nolint:staticcheck // Dial is a name
		}
		timeout = time.Duration(seconds * float64(time.Second))
	}
	if len(parts) > 2 {
		options = parts[2]
		if strings.Trim(options, "rg") != "" {
			return nil, 0, "", fmt.Errorf("Dial(%s): of the options %q only r and g are known here", args, options) //nolint:staticcheck // Dial is a name
		}
	}
	return targets, timeout, options, nil
}

// leg is one attempt of a Dial.
type leg struct {
	call *iax.Call
	peer *peerConfig
}

// dial runs Dial: calls all targets at once; the first that answers is
// connected. If none does, the plan goes on with the next step, which is how
// lines are tried one after the other.
func (ch *channel) dial(args string) {
	targets, timeout, options, err := parseDial(args)
	if err != nil {
		ch.log.Error().Err(err).Msg("exchange: Dial")
		ch.cause = iax.CauseFacilityNotImplement
		return
	}
	if strings.Contains(options, "r") {
		ch.call.Ring()
	}
	events, stop := make(chan legEvent), make(chan struct{})
	defer close(stop)
	var legs []*leg
	cause := iax.CauseNone
	for _, t := range targets {
		placed, why := ch.place(t, timeout)
		if len(placed) == 0 {
			cause = why
		}
		for _, l := range placed {
			legs = append(legs, l)
			go l.follow(events, stop)
		}
	}
	winner, why := ch.await(legs, events)
	if winner == nil {
		ch.failed(max(cause, why))
		return
	}
	ch.bridge(winner, events)
	if !strings.Contains(options, "g") && !isDone(ch.call) {
		ch.hangup(endCause(winner.call.Err()))
	}
}

// failed sets what the plan may look at after a Dial that reached nobody.
func (ch *channel) failed(cause iax.Cause) {
	ch.cause = cause
	status := "CHANUNAVAIL"
	switch cause.DialResult() { //nolint:exhaustive // the rest is CHANUNAVAIL
	case iax.DialBusy:
		status = "BUSY"
	case iax.DialNoAnswer:
		status = "NOANSWER"
		if cause == iax.CauseSubscriberAbsent {
			status = "CHANUNAVAIL"
		}
	case iax.DialCongestion:
		status = "CONGESTION"
	}
	ch.vars["DIALSTATUS"] = status
	ch.log.Info().Str("status", status).Str("why", cause.Sentence()).Msg("exchange: Dial reached nobody")
}

// place calls one target, wherever it is registered; if that is not possible it
// tells why.
func (ch *channel) place(t dialTarget, timeout time.Duration) (legs []*leg, why iax.Cause) {
	p := ch.peers.peers[t.peer]
	if p == nil || !p.peer {
		ch.log.Warn().Str("peer", t.peer).Msg("exchange: Dial: no such peer in iax.conf")
		return nil, iax.CauseNoRoute
	}
	addresses := ch.x.addresses(p)
	if len(addresses) == 0 {
		ch.log.Info().Str("callee", t.peer).Msg("exchange: Dial: the peer is not registered or not reachable")
		return nil, iax.CauseSubscriberAbsent
	}
	number, username := t.number, p.username
	if number == "" {
		number = "s"
	}
	if username == "" && p.dynamic {
		username = p.name // lets an endpoint with many lines on one socket know which is meant
	}
	peerContext := t.context
	if peerContext == "" {
		peerContext = p.peerContext
	}
	codecs := calleeCodecs(p.codecs, ch.call.Info().Codec)
	params := iax.DialParams{
		Account: iax.Account{Username: username, Secret: p.secret, Key: p.outKey, Allow: p.methods | iax.AuthRSA},
		Number:  number, Context: peerContext, Caller: ch.caller, ANI: ch.info.ANI, RDNIS: ch.info.RDNIS,
		Codecs: codecs, Encryption: p.encryption, Timeout: timeout, NoTransfer: p.transfer == transferNo, Trunk: ch.peers.trunkMode(p),
	}
	for _, addr := range addresses {
		params.Server = addr.String()
		call, err := ch.x.e.Dial(context.Background(), params)
		if err != nil {
			ch.log.Warn().Str("peer", t.peer).Err(err).Msg("exchange: Dial")
			why = iax.CauseTemporaryFailure
			continue
		}
		legs = append(legs, &leg{call, p})
	}
	return legs, why
}

// calleeCodecs puts the caller's codec first, if the callee may have it, so
// that nothing is converted.
func calleeCodecs(allowed []iax.Codec, caller iax.Codec) []iax.Codec {
	i := slices.Index(allowed, caller)
	if i < 0 {
		return allowed
	}
	return append([]iax.Codec{caller}, slices.Delete(slices.Clone(allowed), i, i+1)...)
}

// unreachable tells whether a watched peer does not answer.
func (x *Exchange) unreachable(name string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	l := x.where[name]
	return l != nil && l.state == peerUnreachable
}

// legEvent is an event of one of several legs.
type legEvent struct {
	leg *leg
	iax.Event
}

// follow passes the events of a leg on, until its end or until nobody listens.
func (l *leg) follow(to chan<- legEvent, stop <-chan struct{}) {
	for ev := range l.call.Events() {
		select {
		case to <- legEvent{l, ev}:
		case <-stop:
			return
		}
	}
}

// await waits for the first answer. It returns nil and the cause when all legs
// failed or the caller hung up.
func (ch *channel) await(legs []*leg, events <-chan legEvent) (*leg, iax.Cause) {
	alive := len(legs)
	cause := iax.CauseNone
	for alive > 0 {
		select {
		case <-ch.call.Done():
			cancel(legs, nil, iax.CauseNormalClearing)
			return nil, iax.CauseNormalClearing
		case ev := <-events:
			switch ev.Kind { //nolint:exhaustive // others need nothing
			case iax.EventRinging:
				ch.call.Ring()
			case iax.EventProceeding:
				ch.call.Proceed()
			case iax.EventProgress:
				ch.call.Progress()
				ev.leg.call.Relay(ch.call.SendVoice)
			case iax.EventAnswered:
				cancel(legs, ev.leg, answeredElsewhere)
				return ev.leg, iax.CauseNone
			case iax.EventEnded:
				alive--
				cause = max(cause, endCause(ev.Err))
			}
		}
	}
	return nil, cause
}

// answeredElsewhere tells the other legs of a Dial why they end (Q.850: 26).
const answeredElsewhere iax.Cause = 26

// cancel ends all legs but one.
func cancel(legs []*leg, but *leg, cause iax.Cause) {
	for _, l := range legs {
		if l != but {
			l.call.Hangup(cause, "")
		}
	}
}

// endCause is the cause to pass on from a leg that ended.
func endCause(e *iax.CallError) iax.Cause {
	if e == nil || e.Cause == iax.CauseNone {
		return iax.CauseNormalClearing
	}
	return e.Cause
}

// bridge connects the caller with the leg that answered, until one of them
// hangs up. Digits go through like the sound.
func (ch *channel) bridge(l *leg, events <-chan legEvent) {
	ch.log.Info().Stringer("codec", ch.call.Info().Codec).Stringer("calleeCodec", l.call.Info().Codec).Msg("exchange: connected")
	l.call.Relay(ch.call.SendVoice)
	ch.call.Relay(l.call.SendVoice)
	ch.answer()
	ch.transfer(l)
	for {
		select {
		case <-ch.call.Done():
			l.call.Hangup(endCause(ch.call.Err()), "")
			ch.over = true
			return
		case <-l.call.Done():
			return
		case ev := <-events:
			if ev.leg == l && ev.Kind == iax.EventDTMF {
				ch.call.SendDTMF(ev.Digit)
			}
		case ev := <-ch.call.Events():
			if ev.Kind == iax.EventDTMF {
				l.call.SendDTMF(ev.Digit)
			}
		}
	}
}
