package iax

import (
	"slices"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/iax/wire"
)

// bench is a call machine with a peer that speaks in frames.
type bench struct {
	t     *testing.T
	m     callMachine
	now   time.Time
	oseq  uint8
	iseq  uint8
	heard []uint32 // time stamps of audio that came out
}

const ourNumber, peerNumber wire.CallNumber = 100, 200

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	b.m.random = seeded(1)
	b.m.voice = func(_ time.Time, ts uint32, _ Codec, _ []byte) { b.heard = append(b.heard, ts) }
	return b
}

// upCall is a bench with a placed call that is answered.
func upCall(t *testing.T) *bench {
	t.Helper()
	b := newBench(t)
	b.m.newOutgoing(b.now, ourNumber, DialParams{Number: "1001"})
	b.want(wire.New)
	var ies wire.IEs
	ies.AddU32(wire.IEFormat, uint32(ULaw))
	b.say(wire.Accept, ies)
	b.want(wire.Ack)
	b.control(wire.ControlAnswer)
	b.want(wire.Ack)
	if b.m.state != stateUp {
		t.Fatalf("state = %v", b.m.state)
	}
	return b
}

// frame sends a full frame of the peer.
func (b *bench) frame(f wire.Full) {
	b.t.Helper()
	f.Source, f.Dest = peerNumber, ourNumber
	if f.ISeq == 0 {
		f.ISeq = b.iseq
	}
	d, err := f.Append(nil)
	if err != nil {
		b.t.Fatal(err)
	}
	b.m.receive(b.now, b.m.home, d)
}

// say sends an IAX command of the peer, in order.
func (b *bench) say(cmd wire.Command, ies wire.IEs) { b.sayAt(cmd, ies, b.m.ts(b.now)) }

func (b *bench) sayAt(cmd wire.Command, ies wire.IEs, ts uint32) {
	b.t.Helper()
	data, err := ies.Append(nil)
	if err != nil {
		b.t.Fatal(err)
	}
	b.frame(wire.Full{OSeq: b.oseq, Timestamp: ts, Type: wire.TypeIAX, Subclass: uint64(cmd), Data: data})
	if numbered(wire.TypeIAX, uint64(cmd)) {
		b.oseq++
	}
}

func (b *bench) control(c wire.Control) {
	b.t.Helper()
	b.frame(wire.Full{OSeq: b.oseq, Timestamp: b.m.ts(b.now), Type: wire.TypeControl, Subclass: uint64(c)})
	b.oseq++
}

// sent takes the datagrams that the machine sent.
func (b *bench) sent() []wire.Full {
	b.t.Helper()
	var list []wire.Full
	b.m.out.each(func(d []byte, _ datagramEnd) {
		var f wire.Full
		if err := wire.ParseFull(append([]byte(nil), d...), &f); err != nil {
			b.t.Fatalf("sent %x: %v", d, err)
		}
		if numbered(f.Type, f.Subclass) && f.OSeq == b.iseq {
			b.iseq++
		}
		list = append(list, f)
	})
	b.m.out.clearPackets()
	return list
}

// want takes the frames sent and fails unless they are these commands.
func (b *bench) want(cmds ...wire.Command) []wire.Full {
	b.t.Helper()
	list := b.sent()
	if len(list) != len(cmds) {
		b.t.Fatalf("sent %v, want %v", list, cmds)
	}
	for i, f := range list {
		if f.Type != wire.TypeIAX || wire.Command(f.Subclass) != cmds[i] {
			b.t.Fatalf("sent %v, want %v", &f, cmds[i])
		}
	}
	return list
}

func (b *bench) after(d time.Duration) {
	b.now = b.now.Add(d)
	b.m.timeout(b.now)
}

// TestClauses holds what RFC 5456 says of frames inside a call against what the
// machine sends.
func TestClauses(t *testing.T) {
	t.Run("6.7.4 PING is answered by PONG with its time stamp", func(t *testing.T) {
		b := upCall(t)
		b.sayAt(wire.Ping, nil, 4321)
		if f := b.want(wire.Pong)[0]; f.Timestamp != 4321 {
			t.Errorf("time stamp = %d", f.Timestamp)
		}
	})
	t.Run("6.7.6 LAGRQ is answered by LAGRP with its time stamp", func(t *testing.T) {
		b := upCall(t)
		b.sayAt(wire.LagRq, nil, 777)
		if f := b.want(wire.LagRp)[0]; f.Timestamp != 777 {
			t.Errorf("time stamp = %d", f.Timestamp)
		}
	})
	t.Run("6.9.4 what is not known is answered by UNSUPPORT", func(t *testing.T) {
		b := upCall(t)
		b.say(wire.Provision, nil)
		f := b.want(wire.Unsupport)[0]
		ies, _ := wire.ParseIEs(f.Data)
		if v, _ := ies.Uint(wire.IEUnknown); v != uint64(wire.Provision) {
			t.Errorf("IAX UNKNOWN = %d", v)
		}
	})
	t.Run("6.5 a transfer is refused and the call goes on", func(t *testing.T) {
		b := upCall(t)
		b.say(wire.TxReq, nil)
		b.want(wire.TxRej)
		if b.m.state != stateUp {
			t.Errorf("state = %v", b.m.state)
		}
	})
	t.Run("6.4.3 QUELCH stops audio, UNQUELCH lets it go on", func(t *testing.T) {
		b := upCall(t)
		b.say(wire.Quelch, nil)
		b.want(wire.Ack)
		b.m.sendVoice(b.now, 100, ULaw, []byte{1})
		b.want()
		b.say(wire.Unquelch, nil)
		b.want(wire.Ack)
		b.m.sendVoice(b.now, 120, ULaw, []byte{1})
		if n := len(b.sent()); n != 1 {
			t.Errorf("%d frames", n)
		}
	})
	t.Run("6.9.2 a frame ahead of its turn asks for those before by VNAK", func(t *testing.T) {
		b := upCall(t)
		b.frame(wire.Full{OSeq: b.oseq + 1, Timestamp: 5, Type: wire.TypeIAX, Subclass: uint64(wire.Ping)})
		if f := b.want(wire.VNAK)[0]; f.ISeq != b.oseq {
			t.Errorf("VNAK asks from %d, want %d", f.ISeq, b.oseq)
		}
	})
	t.Run("6.9.2 VNAK repeats what was not acknowledged", func(t *testing.T) {
		b := upCall(t)
		b.m.sendDTMF(b.now, '5')
		b.m.sendDTMF(b.now, '6')
		before := b.iseq
		b.sent()
		b.frame(wire.Full{OSeq: b.oseq, ISeq: before, Type: wire.TypeIAX, Subclass: uint64(wire.VNAK)})
		list := b.sent()
		if len(list) != 2 || !list[0].Retransmit || list[0].Subclass != '5' || list[1].Subclass != '6' {
			t.Errorf("sent %v", list)
		}
	})
	t.Run("7 a frame that came before is acknowledged again and not handled", func(t *testing.T) {
		b := upCall(t)
		b.oseq--
		b.control(wire.ControlBusy) // the number of the ANSWER
		b.want(wire.Ack)
		if b.m.state != stateUp {
			t.Errorf("state = %v", b.m.state)
		}
	})
	t.Run("7 what is not acknowledged is sent again until it is given up", func(t *testing.T) {
		b := upCall(t)
		b.m.sendPing(b.now)
		b.want(wire.Ping)
		times := 0
		for range 400 {
			b.after(50 * time.Millisecond)
			times += len(b.sent())
		}
		if times < 10 || times > 20 || b.m.state != stateClosed || b.m.closeAs.Result != DialNoCarrier {
			t.Errorf("%d repetitions, state %v, %v", times, b.m.state, b.m.closeAs)
		}
	})
	t.Run("6.9.3 INVAL ends the call", func(t *testing.T) {
		b := upCall(t)
		b.say(wire.Inval, nil)
		b.want()
		if b.m.state != stateClosed || !b.m.closeAs.Remote {
			t.Errorf("state %v, %v", b.m.state, b.m.closeAs)
		}
	})
	t.Run("8.6 elements that are cut off are not believed", func(t *testing.T) {
		b := upCall(t)
		b.frame(wire.Full{OSeq: b.oseq, Type: wire.TypeIAX, Subclass: uint64(wire.Hangup), Data: []byte{22, 200, 'x'}})
		b.want(wire.Ack)
		if b.m.state != stateUp {
			t.Errorf("state = %v", b.m.state)
		}
	})
	t.Run("8.2 frames that mean nothing to fax are acknowledged", func(t *testing.T) {
		b := upCall(t)
		for _, typ := range []wire.FrameType{wire.TypeVideo, wire.TypeNull, wire.TypeImage, wire.TypeHTML, wire.TypeCNG, wire.TypeDTMFBegin, 99} {
			b.frame(wire.Full{OSeq: b.oseq, Type: typ})
			b.oseq++
			b.want(wire.Ack)
		}
	})
	t.Run("a frame of another call of the same address is not taken", func(t *testing.T) {
		b := upCall(t)
		d, _ := (&wire.Full{Source: peerNumber + 1, Dest: ourNumber, OSeq: b.oseq, Type: wire.TypeIAX, Subclass: uint64(wire.Hangup)}).Append(nil)
		b.m.receive(b.now, b.m.home, d)
		b.want()
	})
}

// TestTimeStampsWrap sends audio over the places where 15, 16 and 32 bits end: a
// full frame goes where the low half of the time stamp begins anew, and the receiver completes
// mini frames rightly.
func TestTimeStampsWrap(t *testing.T) {
	for _, start := range []uint32{0x7fff - 200, 0xffff - 200, 0xffffffff - 200} {
		start -= start % 20
		a, b := upCall(t), upCall(t)
		full := 0
		for k := range uint32(30) {
			ts := start + k*20
			a.m.sendVoice(a.now, ts, ULaw, []byte{byte(k)})
			a.m.out.each(func(d []byte, _ datagramEnd) {
				d = append([]byte(nil), d...)
				if kind, _ := wire.Peek(d); kind == wire.KindFull {
					full++
					var f wire.Full
					if err := wire.ParseFull(d, &f); err != nil {
						t.Fatal(err)
					}
					f.OSeq = b.oseq
					b.oseq++
					b.frame(f)
					return
				}
				b.m.receive(b.now, b.m.home, d)
			})
			a.m.out.clearPackets()
		}
		if full != 2 || len(b.heard) != 30 {
			t.Errorf("from %x: %d full frames, %d heard", start, full, len(b.heard))
		}
		for k, ts := range b.heard {
			if ts != start+uint32(k)*20 {
				t.Errorf("frame %d: %x, want %x", k, ts, start+uint32(k)*20)
			}
		}
	}
}

// TestTrunkWithoutTimeStamps: pieces follow each other; a frame's own count is
// believed where it stays ahead or jumps far.
func TestTrunkWithoutTimeStamps(t *testing.T) {
	for _, tc := range []struct {
		name   string
		counts []uint32 // of the frame that each piece comes in
		want   []uint32
	}{
		{"even", []uint32{1000, 1020, 1040}, []uint32{5040, 5060, 5080}},
		{"nothing in one frame, two pieces in the next", []uint32{1000, 1040, 1040, 1060, 1100, 1100}, []uint32{5040, 5060, 5080, 5100, 5120, 5140}},
		{"two pieces in one, nothing in the next", []uint32{1000, 1000, 1040, 1060}, []uint32{5040, 5060, 5080, 5100}},
		{"a frame is lost", []uint32{1000, 1040, 1060, 1080, 1100, 1120, 1140}, []uint32{5040, 5060, 5080, 5100, 5120, 5160, 5180}},
		{"many are lost", []uint32{1000, 1120, 1140}, []uint32{5040, 5160, 5180}},
		{"all of a stall in one", []uint32{1000, 1020, 1020, 1020, 1020, 1020, 1020, 1040}, []uint32{5040, 5060, 5080, 5100, 5120, 5140, 5160, 5180}},
		{"more pieces than the count tells, then a loss", []uint32{1000, 1000, 1020, 1040, 1060, 1080, 1100, 1120, 1260},
			[]uint32{5040, 5060, 5080, 5100, 5120, 5140, 5160, 5180, 5320}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := upCall(t)
			b.m.trunkVoice(b.now, 980, []byte{1}) // overtook the full frame
			b.frame(wire.Full{OSeq: b.oseq, Timestamp: 5000, Type: wire.TypeVoice, Subclass: uint64(ULaw), Data: []byte{1}})
			for _, count := range tc.counts {
				b.m.trunkVoice(b.now, count, []byte{1})
			}
			if want := append([]uint32{5000}, tc.want...); !slices.Equal(b.heard, want) {
				t.Errorf("heard at %v, want %v", b.heard, want)
			}
		})
	}
}

// TestCompressedCodecRefused: an exchange that insists on GSM is told why not.
func TestCompressedCodecRefused(t *testing.T) {
	b := newBench(t)
	b.m.newOutgoing(b.now, ourNumber, DialParams{Number: "1001"})
	b.sent()
	var ies wire.IEs
	ies.AddU32(wire.IEFormat, 2)
	b.say(wire.Accept, ies)
	b.want(wire.Hangup)
	if e := b.m.closeAs; e.Result != DialRejected || e.Text != "the exchange wants the codec gsm; fax needs ulaw, alaw or slin" {
		t.Errorf("end = %+v", e)
	}
}

// TestPlainTextNeedsPermission: a server that asks for the secret in plain text
// does not get it unless the account says so.
func TestPlainTextNeedsPermission(t *testing.T) {
	b := newBench(t)
	b.m.newOutgoing(b.now, ourNumber, DialParams{Account: Account{Username: "line", Secret: "frog"}, Number: "1001"})
	b.sent()
	var ies wire.IEs
	ies.AddU16(wire.IEAuthMethods, uint16(AuthPlaintext))
	b.say(wire.AuthReq, ies)
	b.want(wire.Hangup)
	if b.m.closeAs.Result != DialRejected {
		t.Errorf("end = %v", b.m.closeAs)
	}
}

// TestEveryCauseHasASentence: a cause is told in words and has a dial result.
func TestEveryCauseHasASentence(t *testing.T) {
	told := make(map[string]Cause)
	for n := range 256 {
		c := Cause(n)
		s := c.Sentence()
		if before, ok := told[s]; len(s) < 10 || ok && n != 101 { // 98 and 101 say the same
			t.Errorf("cause %d: %q, as cause %d", n, s, before)
		}
		told[s] = c
		if r := c.DialResult(); r == DialOK || r > DialError {
			t.Errorf("cause %d: %v", n, r)
		}
	}
	// HylaFAX's words for the causes that occur most.
	for c, want := range map[Cause]string{
		CauseBusy: "Busy signal detected", CauseNoAnswer: "No answer from remote", CauseNoUserResponse: "No answer from remote",
		CauseNormalClearing: "No carrier detected", CauseCongestion: "Circuits are congested", CauseSwitchCongestion: "Circuits are congested",
		CauseNetworkOutOfOrder: "No local dialtone", CauseUnallocated: "Call rejected", 37: "Circuits are congested", 61: "Call rejected",
		12: "No carrier detected", 109: "Unknown problem", 120: "No carrier detected",
	} {
		if got := c.DialResult().String(); got != want {
			t.Errorf("cause %d is %q, want %q", c, got, want)
		}
	}
}

// FuzzCall feeds a call with any datagrams, cut at zero octets: it must not
// panic and must not answer a datagram with more than a few short ones.
func FuzzCall(f *testing.F) {
	f.Add([]byte("\x80\xc8\x00\x64\x00\x00\x00\x05\x02\x01\x06\x02"), false)
	f.Add([]byte("\x80\xc8\x00\x64\x00\x00\x00\x05\x00\x00\x06\x08\x0e\x02\x00\x02\x0f\x01\x31"), true)
	f.Add([]byte("\x00\xc8\x00\x14abc"), false)
	f.Fuzz(func(t *testing.T, data []byte, fresh bool) {
		var b *bench
		if fresh {
			b = newBench(t)
			b.m.newOutgoing(b.now, ourNumber, DialParams{Account: Account{Username: "u", Secret: "s"}, Number: "1", Encryption: EncryptAllow})
			b.m.out.clearPackets()
		} else {
			b = upCall(t)
		}
		for i := 0; i < len(data); {
			n := min(len(data)-i, 12+int(data[i]%64))
			b.m.receive(b.now, b.m.home, append([]byte(nil), data[i:i+n]...))
			if len(b.m.out.ends) > 3 {
				t.Fatalf("%d datagrams answer one", len(b.m.out.ends))
			}
			b.m.out.clearPackets()
			b.now = b.now.Add(20 * time.Millisecond)
			b.m.timeout(b.now)
			b.m.out.clearPackets()
			i += n
		}
	})
}
