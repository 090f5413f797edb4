package iax

import (
	"net/netip"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/litoria-fax/litoria/iax/internal/memnet"
	"github.com/litoria-fax/litoria/iax/wire"
)

// stranger is a socket that speaks to an endpoint in raw datagrams.
type stranger struct {
	c  *memnet.Conn
	to netip.AddrPort
}

// exchange sends a datagram and gives what comes back within a while.
func (s *stranger) exchange(t *testing.T, b []byte) [][]byte {
	t.Helper()
	drop := make([]byte, 4096)
	for s.c.Waiting() > 0 { // repetitions of earlier answers
		if _, _, err := s.c.ReadFrom(drop); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.c.WriteTo(b, s.to); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	var got [][]byte
	for s.c.Waiting() > 0 {
		in := make([]byte, 4096)
		n, _, err := s.c.ReadFrom(in)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, in[:n])
	}
	return got
}

func newStranger(t *testing.T, cfg Config) (*stranger, *Endpoint) {
	t.Helper()
	net := memnet.New()
	cfg.Conn = net.Listen("10.0.0.2:4569")
	e, err := Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return &stranger{net.Listen("10.9.9.9:1000"), netip.MustParseAddrPort("10.0.0.2:4569")}, e
}

func rawNew(source wire.CallNumber, token []byte, withToken bool) []byte {
	var ies wire.IEs
	ies.AddU16(wire.IEVersion, 2)
	ies.AddText(wire.IECalledNumber, "600")
	ies.AddU32(wire.IECapability, 4)
	if withToken {
		ies.AddRaw(wire.IECallToken, token)
	}
	data, _ := ies.Append(nil)
	b, _ := (&wire.Full{Source: source, Type: wire.TypeIAX, Subclass: uint64(wire.New), Data: data}).Append(nil)
	return b
}

// TestFloodOfNew sends thousands of NEWs. Where tokens are known or demanded
// nothing is kept; where they are not, what is kept is bounded.
func TestFloodOfNew(t *testing.T) {
	for _, tc := range []struct {
		name      string
		policy    Policy
		withToken bool
		calls     int // kept at most
	}{
		{"knows tokens", Policy{}, true, 0},
		{"tokens demanded", Policy{RequireToken: true}, false, 0},
		{"no tokens", Policy{}, false, unprovedMax},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, e := newStranger(t, Config{Authority: &secretAuthority{policy: tc.policy}, Incoming: func(*Call) { t.Error("a call came through") }})
				flood := func(n int) {
					for i := range n {
						b := rawNew(wire.CallNumber(2+i%30000), nil, tc.withToken)
						answered := 0
						for _, a := range s.exchange(t, b) {
							answered += len(a)
						}
						if answered > len(b)+tokenSlack {
							t.Fatalf("%d octets answer %d", answered, len(b))
						}
					}
				}
				flood(100)
				var before, after runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&before)
				flood(5000)
				runtime.GC()
				runtime.ReadMemStats(&after)
				if n := len(e.Calls()); n > tc.calls {
					t.Errorf("%d calls are kept, at most %d may be", n, tc.calls)
				}
				if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 256<<10 {
					t.Errorf("%d octets more after 5000 NEWs", grown)
				}
				time.Sleep(time.Minute)
				if n := len(e.Calls()); n != 0 {
					t.Errorf("%d calls are kept a minute later", n)
				}
				if err := e.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestFloodOfRegistrations does the same with REGREQ of a peer that need not know
// tokens.
func TestFloodOfRegistrations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, e := newStranger(t, Config{Authority: &secretAuthority{policy: Policy{Methods: AuthMD5, Secret: "frog"}}})
		for i := range 3000 {
			b, _ := (&wire.Full{Source: wire.CallNumber(2 + i), Type: wire.TypeIAX, Subclass: uint64(wire.RegReq), Data: []byte("\x06\x04line")}).Append(nil)
			s.exchange(t, b)
		}
		e.mu.Lock()
		if n := len(e.byNumber); n > unprovedMax {
			t.Errorf("%d exchanges are kept", n)
		}
		e.mu.Unlock()
		time.Sleep(time.Minute)
		e.mu.Lock()
		if n, m := len(e.byNumber), len(e.unproved); n+m != 0 {
			t.Errorf("%d exchanges are kept a minute later, %d addresses", n, m)
		}
		e.mu.Unlock()
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestForgedToken: a token of another address or an old one is refused.
func TestForgedToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, e := newStranger(t, Config{Incoming: func(*Call) {}})
		defer e.Close() //nolint:errcheck // a test of something else
		answer := s.exchange(t, rawNew(5, nil, true))
		var f wire.Full
		if len(answer) != 1 || wire.ParseFull(answer[0], &f) != nil || wire.Command(f.Subclass) != wire.CallToken {
			t.Fatalf("answer = %x", answer)
		}
		ies, _ := wire.ParseIEs(f.Data)
		token, _ := ies.Get(wire.IECallToken)
		first := func(token []byte) wire.Command {
			var f wire.Full
			for _, a := range s.exchange(t, rawNew(6, token, true)) {
				if wire.ParseFull(a, &f) == nil {
					return wire.Command(f.Subclass)
				}
			}
			return 0
		}
		forged := append([]byte(nil), token...)
		forged[3] ^= 1
		if c := first(forged); c != wire.Reject {
			t.Errorf("a forged token gives %v", c)
		}
		if c := first([]byte("x")); c != wire.Reject {
			t.Errorf("a short token gives %v", c)
		}
		if c := first(token); c != wire.Accept {
			t.Errorf("a good token gives %v", c)
		}
		time.Sleep(time.Minute)
		if c := first(token); c != wire.Reject {
			t.Errorf("an old token gives %v", c)
		}
	})
}

// TestStrays sends what belongs to no call: it is answered as the RFC says, by
// no more octets than came, or dropped and counted.
func TestStrays(t *testing.T) {
	full := func(f wire.Full) []byte { b, _ := f.Append(nil); return b }
	iax := func(cmd wire.Command) wire.Full {
		return wire.Full{Source: 7, Dest: 9, Timestamp: 3, Type: wire.TypeIAX, Subclass: uint64(cmd)}
	}
	poke := iax(wire.Poke)
	poke.Dest = 0
	cutOff := wire.Full{Source: 7, Type: wire.TypeIAX, Subclass: uint64(wire.New), Data: []byte{11, 2, 0, 2, 1, 200, '1'}}
	for _, tc := range []struct {
		name string
		b    []byte
		want wire.Command // 0: no answer
	}{
		{"POKE", full(poke), wire.Pong},
		{"PING of an unknown call", full(iax(wire.Ping)), wire.Inval},
		{"voice of an unknown call", full(wire.Full{Source: 7, Dest: 9, Type: wire.TypeVoice, Subclass: 4, Data: make([]byte, 160)}), wire.Inval},
		{"HANGUP of an unknown call", full(iax(wire.Hangup)), wire.Inval},
		{"INVAL", full(iax(wire.Inval)), 0},
		{"ACK", full(iax(wire.Ack)), 0},
		{"VNAK", full(iax(wire.VNAK)), 0},
		{"mini", (&wire.Mini{Source: 7, Data: make([]byte, 160)}).Append(nil), 0},
		{"NEW with an element cut off", full(cutOff), 0},
		{"NEW of version 1", full(wire.Full{Source: 7, Type: wire.TypeIAX, Subclass: uint64(wire.New), Data: []byte{11, 2, 0, 1}}), wire.Reject},
		{"registration where there is no registrar", full(wire.Full{Source: 7, Type: wire.TypeIAX, Subclass: uint64(wire.RegReq), Data: []byte{6, 1, 'x'}}), wire.RegRej},
		{"empty", nil, 0},
		{"one octet", []byte{0x80}, 0},
		{"half a header", []byte{0x80, 1, 0, 2, 0, 0}, 0},
		{"trunk with a length beyond its end", []byte{0, 0, 1, 0, 0, 0, 0, 0, 0, 5, 0xff, 0xff, 1}, 0},
		{"video", []byte{0, 0, 0x80, 5, 0, 0, 1}, 0},
		{"unknown meta command", []byte{0, 0, 9, 9, 9}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, e := newStranger(t, Config{Incoming: func(*Call) { t.Error("a call came through") }})
				defer e.Close() //nolint:errcheck // a test of something else
				got := s.exchange(t, tc.b)
				if tc.want == 0 {
					c := e.Counters()
					if len(got) != 0 || c.Malformed+c.Unknown == 0 {
						t.Errorf("answer = %x, counted %+v", got, c)
					}
					return
				}
				var f wire.Full
				if len(got) != 1 || wire.ParseFull(got[0], &f) != nil || wire.Command(f.Subclass) != tc.want || f.Dest != 7 || len(got[0]) > len(tc.b) {
					t.Errorf("answer = %x, want %v", got, tc.want)
				}
			})
		})
	}
}

// TestFreeNumber: what belongs to no call is answered from a call number that no other endpoint of the address
// uses, as Asterisk would take the answer for one of the other's.
func TestFreeNumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		numbers := NewNumberPool(nil)
		used := map[wire.CallNumber]bool{apatheticNumber: true}
		for range 3 {
			s, e := newStranger(t, Config{Incoming: func(*Call) {}, Numbers: numbers})
			defer e.Close() //nolint:errcheck // a test of something else
			var f wire.Full
			if answer := s.exchange(t, rawNew(5, nil, true)); len(answer) != 1 || wire.ParseFull(answer[0], &f) != nil {
				t.Fatalf("answer = %x", answer)
			}
			if used[f.Source] {
				t.Errorf("number %d is used again", f.Source)
			}
			used[f.Source] = true
		}
	})
}
