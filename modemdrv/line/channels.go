package line

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"

	"github.com/litoria-fax/litoria/iax"
	"github.com/litoria-fax/litoria/spool/config"
)

// A line with IAXChannels above 1 has further channels on the same account and
// registration: DEVID-2, DEVID-3 and so on. To faxq and faxstat each is a line
// like any other; it has the configuration file of DEVID and no registration of
// its own.
//
// Locks: a channel's mutex may be held while its base's is taken, never the
// other way round.

// maxChannels bounds IAXChannels.
const maxChannels = 100

// channelID is the device identifier of the n-th channel of a line, n from 2.
func channelID(devid string, n int) string { return devid + "-" + strconv.Itoa(n) }

// account is the device identifier whose configuration the line has.
func (l *Line) account() string {
	if l.base != nil {
		return l.base.devid
	}
	return l.devid
}

// readSettings makes Settings of a configuration of the line.
func (l *Line) readSettings(c *config.Config) (*Settings, []error, error) {
	set, problems, err := ReadSettings(l.spool, l.account(), c)
	if set != nil {
		set.DevID = l.devid
	}
	return set, problems, err
}

// channels lists the channels of a line besides itself.
func (p *Process) channels(base *Line) []*Line {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []*Line
	for _, id := range sortedIDs(p.lines) {
		if l := p.lines[id]; l.base == base {
			list = append(list, l)
		}
	}
	return list
}

// fitChannels brings the channels of a line in step with its configuration: none
// when it is closed.
func (p *Process) fitChannels(base *Line) {
	if base.base != nil {
		return
	}
	p.fitting.Lock()
	defer p.fitting.Unlock()
	base.mu.Lock()
	want := base.set.Channels
	if base.state == Closed {
		want = 0
	}
	base.mu.Unlock()
	for _, l := range p.channels(base) {
		if n := len(base.devid) + 1; channelNumber(l.devid[n:]) > want {
			p.Remove(l.devid)
		}
	}
	for n := 2; n <= want; n++ {
		id := channelID(base.devid, n)
		if p.line(id) != nil {
			continue
		}
		if err := p.serve(&Line{process: p, spool: p.o.Spool, devid: id, base: base, log: p.log.With().Str("line", id).Logger()}); err != nil {
			p.log.Error().Str("line", id).Err(err).Msg("channel not started")
		}
	}
}

func channelNumber(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}

// line finds a line.
func (p *Process) line(devid string) *Line {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lines[devid]
}

// baseNews takes over how the registration of the account does.
func (l *Line) baseNews() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.base.mu.Lock()
	registered, trouble := l.base.registered, l.base.trouble
	l.base.mu.Unlock()
	changed := registered != l.registered || trouble != l.trouble
	l.registered, l.trouble = registered, trouble
	if l.state == Initializing || l.state == Waiting && changed || l.state == Idle && !registered {
		l.setState(Idle)
	}
}

// identity is what incoming calls are told apart by; it is read without a lock.
type identity struct {
	bind, peer, number string
	registrar          *iax.Registrar
	policy             iax.Policy
}

// publish makes a change of the settings or the registration known to incoming
// calls. The mutex is held.
func (l *Line) publish() {
	id := &identity{bind: l.set.Bind, peer: l.set.Registration.Username, number: l.set.Number, registrar: l.registrar, policy: l.set.incomingPolicy()}
	l.identity.Store(id)
}

// incomingPolicy says what the line asks of its callers: where it wants
// encryption, a proof by its own secret, of which the key is made; where it has
// the exchange's public key, a signature.
func (set *Settings) incomingPolicy() iax.Policy {
	p := iax.Policy{Codecs: set.Dial.Codecs, Encryption: set.Dial.Encryption, NoTransfer: set.Dial.NoTransfer, Trunk: set.Dial.Trunk}
	if p.Encryption != iax.EncryptNever && set.Dial.Secret != "" {
		p.Methods, p.Secret = iax.AuthMD5, set.Dial.Secret
	}
	if set.ServerKey != nil {
		p.Methods |= iax.AuthRSA
		p.Keys = append(p.Keys, set.ServerKey)
	}
	return p
}

// callers is the authority of a socket: it finds the line that a call may be for
// and applies what that one demands.
type callers struct {
	iax.SamePolicy
	process *Process
	bind    string
}

// Caller implements iax.Authority.
func (a callers) Caller(info iax.CallInfo) iax.Policy {
	for _, l := range a.process.candidates(a.bind, info) {
		return l.identity.Load().policy
	}
	return iax.Policy{}
}

// meets tells whether a call proved what the line demands: it may have been
// asked on behalf of another line on the same socket.
func (id *identity) meets(info iax.CallInfo, asked *identity) bool {
	p := &id.policy
	if p.Encryption == iax.EncryptDemand && !info.Encrypt {
		return false
	}
	return p.Methods == 0 || info.Auth&p.Methods != 0 && p.Secret == asked.policy.Secret && slices.Equal(p.Keys, asked.policy.Keys)
}

// incoming finds the line that takes a call.
func (p *Process) incoming(bind string, c *iax.Call) {
	info := c.Info()
	list := p.candidates(bind, info)
	for _, l := range list {
		if l.identity.Load().meets(info, list[0].identity.Load()) && l.take(c) {
			return
		}
	}
	p.log.Info().Str("caller", info.Caller.Number).Str("called", info.Called).Stringer("from", info.Remote).Msg("all lines are busy")
	c.Reject(iax.CauseBusy, "busy")
}

// candidates lists the lines that a call may be for, the best first: the one
// whose peer name the exchange gives, the one whose number was called, and if
// neither is known all that are registered at that exchange.
func (p *Process) candidates(bind string, info iax.CallInfo) []*Line {
	p.mu.Lock()
	defer p.mu.Unlock()
	var byName, byNumber, byServer []*Line
	for _, devid := range sortedIDs(p.lines) {
		l := p.lines[devid]
		id := l.identity.Load()
		if id == nil || id.bind != bind {
			continue
		}
		at := netip.AddrPort{}
		if r := l.registration(id); r != nil {
			at = r.Status().Addr
		}
		switch {
		case info.Username != "" && info.Username == id.peer:
			byName = append(byName, l)
		case info.Called != "" && info.Called == id.number:
			byNumber = append(byNumber, l)
		case !at.IsValid() || at.Addr().Unmap() == info.Remote.Addr().Unmap():
			byServer = append(byServer, l)
		}
	}
	switch {
	case len(byName) > 0:
		return byName
	case len(byNumber) > 0:
		return byNumber
	}
	return byServer
}

// registration is that of the line's account; nil: there is none.
func (l *Line) registration(id *identity) *iax.Registrar {
	if l.base == nil {
		return id.registrar
	}
	if id = l.base.identity.Load(); id == nil {
		return nil
	}
	return id.registrar
}

// readChannels checks IAXChannels.
func readChannels(n int) (int, error) {
	if n < 1 || n > maxChannels {
		return 1, fmt.Errorf("IAXChannels: %d is not between 1 and %d; the line has one", n, maxChannels)
	}
	return n, nil
}
