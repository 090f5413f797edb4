package iax

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/iax/wire"
)

var newEnd = remoteKey{netip.MustParseAddrPort("192.0.2.9:4569"), 300}

// txReq is the exchange's wish that we speak to newEnd.
func txReq() (ies wire.IEs) {
	ies.AddAddr(wire.IEApparentAddr, newEnd.addr)
	ies.AddU16(wire.IECallNo, uint16(newEnd.number))
	ies.AddU32(wire.IETransferID, 77)
	return ies
}

// direct sends a command of the new end.
func (b *bench) direct(f wire.Full) {
	b.t.Helper()
	f.Source, f.Dest = newEnd.number, ourNumber
	d, err := f.Append(nil)
	if err != nil {
		b.t.Fatal(err)
	}
	b.m.receive(b.now, newEnd.addr, d)
}

func (b *bench) directIAX(cmd wire.Command) {
	b.direct(wire.Full{Type: wire.TypeIAX, Subclass: uint64(cmd)})
}

// ways gives the addresses that the datagrams go to which are there to send.
func (b *bench) ways() (to []netip.AddrPort) {
	b.m.out.each(func(_ []byte, e datagramEnd) { to = append(to, e.to) })
	return to
}

// wantTo is want, and checks where the frames go; the zero value is the exchange.
func (b *bench) wantTo(to netip.AddrPort, cmds ...wire.Command) []wire.Full {
	b.t.Helper()
	if ways := b.ways(); slices.ContainsFunc(ways, func(a netip.AddrPort) bool { return a != to }) {
		b.t.Fatalf("sent to %v, want %v", ways, to)
	}
	return b.want(cmds...)
}

// readyCall is a call that is ready to be transferred.
func readyCall(t *testing.T) *bench {
	t.Helper()
	b := upCall(t)
	b.say(wire.TxReq, txReq())
	b.m.out.clearPackets() // TXCNT, ACK
	b.directIAX(wire.TxAcc)
	f := b.wantTo(netip.AddrPort{}, wire.TxReady)[0]
	ies, _ := wire.ParseIEs(f.Data)
	if n, _ := ies.Uint(wire.IECallNo); n != uint64(ourNumber) {
		t.Errorf("TXREADY names call %d", n)
	}
	return b
}

func callNo(n wire.CallNumber) (ies wire.IEs) {
	ies.AddU16(wire.IECallNo, uint16(n))
	return ies
}

// TestTransferRefused: RFC 5456 6.5, TXREJ "MAY be sent in response to TXREQ".
func TestTransferRefused(t *testing.T) {
	for name, prepare := range map[string]func(b *bench) wire.IEs{
		"by the setting": func(b *bench) wire.IEs { b.m.tx.refuse = true; return txReq() },
		"encrypted":      func(b *bench) wire.IEs { b.m.crypt = newCipher("1", "2", b.m.random); return txReq() },
		"not answered":   func(b *bench) wire.IEs { b.m.state = stateLinked; return txReq() },
		"no address":     func(*bench) wire.IEs { return callNo(5) },
		"no number": func(*bench) (ies wire.IEs) {
			ies.AddAddr(wire.IEApparentAddr, newEnd.addr)
			return ies
		},
		"port 0": func(*bench) wire.IEs {
			ies := callNo(5)
			ies.AddAddr(wire.IEApparentAddr, netip.MustParseAddrPort("192.0.2.9:0"))
			return ies
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := upCall(t)
			ies := prepare(b)
			state := b.m.state
			b.m.handleTransfer(b.now, wire.TxReq, nil, ies)
			b.m.crypt = nil
			if b.m.tx.phase != txNone || b.m.state != state {
				t.Fatalf("phase = %v, state = %v", b.m.tx.phase, b.m.state)
			}
			if len(b.m.pending) != 1 || wire.PeekDest(b.m.pending[0].frame) != peerNumber || b.m.pending[0].frame[11] != byte(wire.TxRej) {
				t.Errorf("sent %+v", b.m.pending)
			}
		})
	}
}

func TestTransferSteps(t *testing.T) {
	t.Run("6.5.3 TXCNT goes to the new end with the id, again and again; then TXREJ", func(t *testing.T) {
		b := upCall(t)
		b.say(wire.TxReq, txReq())
		if to := b.ways(); len(to) != 2 || to[0] != newEnd.addr || to[1].IsValid() {
			t.Fatalf("sent to %v", to)
		}
		f := b.want(wire.TxCnt, wire.Ack)[0]
		ies, _ := wire.ParseIEs(f.Data)
		if id, _ := ies.Uint(wire.IETransferID); id != 77 || f.Dest != newEnd.number || f.Source != ourNumber {
			t.Errorf("TXCNT = %v", &f)
		}
		for range txTries - 1 {
			b.after(txRepeat)
			b.wantTo(newEnd.addr, wire.TxCnt)
		}
		b.after(txRepeat)
		b.wantTo(netip.AddrPort{}, wire.TxRej)
	})
	t.Run("6.5.3 TXCNT of the new end is answered with TXACC, a wrong id is not", func(t *testing.T) {
		b := upCall(t)
		b.directIAX(wire.TxCnt) // nobody told us of it
		b.want()
		b.say(wire.TxReq, txReq())
		b.m.out.clearPackets()
		var id wire.IEs
		id.AddU32(wire.IETransferID, 78)
		data, _ := id.Append(nil)
		b.direct(wire.Full{Type: wire.TypeIAX, Subclass: uint64(wire.TxCnt), Data: data})
		b.want()
		b.directIAX(wire.TxCnt)
		b.wantTo(newEnd.addr, wire.TxAcc)
	})
	t.Run("6.5.3 TXREJ of the exchange: all stays as it is", func(t *testing.T) {
		b := readyCall(t)
		b.say(wire.TxRej, nil)
		b.want(wire.Ack)
		b.say(wire.TxRel, callNo(newEnd.number))
		b.want(wire.Ack)
		if b.m.tx.moved || b.m.second().number != 0 {
			t.Error("moved all the same")
		}
	})
	t.Run("6.5.3 TXREL for another call than the one that was proved is not followed", func(t *testing.T) {
		b := readyCall(t)
		b.say(wire.TxRel, callNo(301))
		b.want(wire.Ack)
		if b.m.tx.moved {
			t.Error("moved")
		}
	})
	t.Run("6.5.3 TXREL moves the call; numbers begin anew; the exchange hears ACK again", func(t *testing.T) {
		b := readyCall(t)
		rel := wire.Full{OSeq: b.oseq, Type: wire.TypeIAX, Subclass: uint64(wire.TxRel)}
		rel.Data, _ = callNo(newEnd.number).Append(nil)
		home := b.m.home
		b.frame(rel)
		b.wantTo(netip.AddrPort{}, wire.Ack)
		if b.m.home != newEnd.addr || b.m.remote != newEnd.number {
			t.Fatalf("home = %v, remote = %v", b.m.home, b.m.remote)
		}
		b.m.sendVoice(b.now, 1000, ULaw, make([]byte, 160))
		if f := b.sent(); b.m.out.to != newEnd.addr || len(f) != 1 || f[0].OSeq != 0 || f[0].ISeq != 0 || f[0].Type != wire.TypeVoice || f[0].Dest != newEnd.number {
			t.Errorf("first frame: %v", f)
		}
		rel.Source, rel.Dest = peerNumber, ourNumber
		d, _ := rel.Append(nil)
		home = netip.AddrPortFrom(home.Addr(), home.Port())
		b.m.receive(b.now, home, d)
		if ways := b.ways(); len(ways) != 1 || ways[0] != home {
			t.Errorf("ACK to %v, want %v", ways, home)
		}
		b.want(wire.Ack)
		b.direct(wire.Full{Type: wire.TypeIAX, Subclass: uint64(wire.Hangup)})
		if b.m.state != stateClosed {
			t.Errorf("after HANGUP of the new end: %v", b.m.state)
		}
	})
	t.Run("TXMEDIA: one more full frame goes over the exchange, then mini frames directly", func(t *testing.T) {
		b := readyCall(t)
		b.m.sendVoice(b.now, 1000, ULaw, make([]byte, 160))
		b.m.out.clearPackets()
		b.say(wire.TxMedia, callNo(newEnd.number))
		b.wantTo(netip.AddrPort{}, wire.Ack)
		b.m.sendVoice(b.now, 1020, ULaw, make([]byte, 160))
		if to := b.ways(); len(to) != 1 || to[0].IsValid() {
			t.Fatalf("sent to %v", to)
		}
		if f := b.sent(); len(f) != 1 || f[0].Type != wire.TypeVoice || f[0].Dest != peerNumber {
			t.Errorf("first frame: %v", f)
		}
		b.m.sendVoice(b.now, 1040, ULaw, make([]byte, 160))
		if to := b.ways(); len(to) != 1 || to[0] != newEnd.addr {
			t.Errorf("second frame to %v", to)
		}
	})
	t.Run("what the new end sends before TXREL is taken after it", func(t *testing.T) {
		b := readyCall(t)
		b.direct(wire.Full{Type: wire.TypeVoice, Subclass: uint64(ULaw), Timestamp: 5000, Data: make([]byte, 160)})
		b.want()
		b.say(wire.TxRel, callNo(newEnd.number))
		b.m.out.clearPackets()
		if len(b.heard) != 1 || b.heard[0] != 5000 {
			t.Errorf("heard %v", b.heard)
		}
	})
	t.Run("nobody makes us send to many addresses", func(t *testing.T) {
		b := upCall(t)
		elsewhere := 0
		for n := range 20 {
			ies := callNo(5)
			ies.AddAddr(wire.IEApparentAddr, netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(n)}), 53))
			b.say(wire.TxReq, ies)
			for _, to := range b.ways() {
				if to.IsValid() {
					elsewhere++
				}
			}
			b.sent()
		}
		if elsewhere != txAsksMax || b.m.tx.phase != txNone {
			t.Errorf("%d frames to others, phase %v", elsewhere, b.m.tx.phase)
		}
	})
	t.Run("strangers are not heard", func(t *testing.T) {
		b := readyCall(t)
		d, _ := (&wire.Full{Source: newEnd.number, Dest: ourNumber, Type: wire.TypeIAX, Subclass: uint64(wire.TxCnt)}).Append(nil)
		b.m.receive(b.now, netip.MustParseAddrPort("192.0.2.10:4569"), d)
		b.want()
	})
}

// TestSplice joins the direct way to that over the exchange: in order, with the
// gap that the exchange left, however the delays jitter.
func TestSplice(t *testing.T) {
	for _, tc := range []struct {
		name    string
		lost    int           // frames the exchange dropped
		over    time.Duration // delay over the exchange, without jitter
		jitter  time.Duration
		overlap int // frames of the exchange that come after the first direct one
	}{
		{name: "nothing missing"},
		{name: "one dropped", lost: 1},
		{name: "three dropped, jitter", lost: 3, jitter: 15 * time.Millisecond},
		{name: "jitter", jitter: 40 * time.Millisecond},
		{name: "the direct way overtakes", over: 45 * time.Millisecond, overlap: 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := readyCall(t)
			start := b.now
			type frame struct {
				at     time.Duration
				direct bool
				k      int
			}
			const move, end = 100, 150
			var list []frame
			for k := range end {
				at := time.Duration(k)*frameTime + time.Duration(k*7%5)*tc.jitter/5
				if k < move {
					list = append(list, frame{at + tc.over, false, k})
				} else if k >= move+tc.lost {
					list = append(list, frame{at, true, k})
				}
			}
			slices.SortStableFunc(list, func(a, b frame) int { return int(a.at - b.at) })
			for _, f := range list {
				b.now = start.Add(f.at)
				b.m.timeout(b.now)
				if f.direct && !b.m.tx.moved {
					b.say(wire.TxRel, callNo(newEnd.number))
				}
				if f.direct {
					b.m.directVoice(b.now, uint32(700000+20*f.k), ULaw, make([]byte, 160))
				} else {
					b.m.oldVoice(b.now, uint32(20*f.k), ULaw, make([]byte, 160))
				}
				b.m.out.clearPackets()
			}
			b.after(time.Second)
			if len(b.heard) != end-tc.lost {
				t.Fatalf("%d frames heard", len(b.heard))
			}
			at := make(map[uint32]bool)
			for _, ts := range b.heard {
				at[ts/20] = true
			}
			for k := range uint32(end) {
				if missing := int(k) >= move && int(k) < move+tc.lost; at[k] == missing {
					t.Errorf("frame %d: heard %v", k, at[k])
				}
			}
		})
	}
}
