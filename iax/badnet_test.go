package iax

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// TestAudioOverBadNetworks lets a minute of sound cross a bad network in a whole
// call, both ways. No sample may slip, and no more may be missing than the
// network lost.
func TestAudioOverBadNetworks(t *testing.T) {
	for _, tc := range []struct {
		name               string
		loss, dup, reorder float64
		jitter             time.Duration
		crypt              Encryption
	}{
		{name: "clean"},
		{name: "loss 1 %", loss: 0.01},
		{name: "loss 3 %", loss: 0.03},
		{name: "jitter 40 ms", jitter: 40 * time.Millisecond},
		{name: "loss 1 % and jitter 40 ms", loss: 0.01, jitter: 40 * time.Millisecond},
		{name: "reordering 1 %", reorder: 0.01},
		{name: "duplication 1 %", dup: 0.01},
		{name: "encrypted, loss 1 %, jitter 20 ms", loss: 0.01, jitter: 20 * time.Millisecond, crypt: EncryptAllow},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				in := make(chan *Call, 1)
				callee := &lineMedia{}
				policy := Policy{Codecs: []Codec{SLinear}, Methods: AuthMD5, Secret: "frog", Encryption: tc.crypt}
				p := newPair(t, Config{Authority: &secretAuthority{policy: policy}, Incoming: func(c *Call) { c.Answer(callee); in <- c }})
				defer p.close(t)
				lost := 0
				p.net.SetFate(func(rnd *rand.Rand, b []byte, _, _ netip.AddrPort) []time.Duration {
					d := 10*time.Millisecond + time.Duration(rnd.Float64()*float64(tc.jitter))
					if rnd.Float64() < tc.reorder {
						d += 25 * time.Millisecond
					}
					if rnd.Float64() < tc.loss {
						if len(b) > 300 {
							lost++
						}
						return nil
					}
					if rnd.Float64() < tc.dup {
						return []time.Duration{d, d + time.Millisecond}
					}
					return []time.Duration{d}
				})
				c, err := p.a.Dial(context.Background(), DialParams{Account: Account{Username: "line", Secret: "frog"}, Server: "10.0.0.2", Number: "1", Encryption: tc.crypt})
				if err != nil {
					t.Fatal(err)
				}
				caller := &lineMedia{limit: 3000}
				c.Attach(caller)
				<-c.Done()
				other := <-in
				<-other.Done()
				for who, m := range map[string]*lineMedia{"caller": caller, "callee": callee} {
					good := m.checkNoSlip(t, who)
					if m.concealed > (lost+3)*FrameSamples || good < len(m.heard)-m.concealed-5*FrameSamples {
						t.Errorf("%s: %d heard, %d in place, %d made up, network lost %d", who, len(m.heard), good, m.concealed, lost)
					}
				}
				if s := other.Stats(); s.Late > 1 || tc.dup > 0 && s.Duplicates == 0 || tc.reorder > 0 && s.Reordered == 0 {
					t.Errorf("stats = %v", s)
				}
			})
		})
	}
}
