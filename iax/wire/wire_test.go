package wire

import (
	"bytes"
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

var goodFull = []struct {
	name  string
	frame Full
	bytes string
}{
	{"NEW", Full{Source: 0x1234, Timestamp: 5, Type: TypeIAX, Subclass: uint64(New), Data: []byte{11, 2, 0, 2}}, "\x92\x34\x00\x00\x00\x00\x00\x05\x00\x00\x06\x01\x0b\x02\x00\x02"},
	{"ACK", Full{Source: 2, Dest: 3, Timestamp: 0xdeadbeef, OSeq: 7, ISeq: 9, Type: TypeIAX, Subclass: uint64(Ack)}, "\x80\x02\x00\x03\xde\xad\xbe\xef\x07\x09\x06\x04"},
	{"again", Full{Source: 2, Dest: 3, Retransmit: true, Type: TypeControl, Subclass: uint64(ControlAnswer)}, "\x80\x02\x80\x03\x00\x00\x00\x00\x00\x00\x04\x04"},
	{"voice u-law", Full{Source: 2, Dest: 3, Type: TypeVoice, Subclass: 4, Data: []byte("abc")}, "\x80\x02\x00\x03\x00\x00\x00\x00\x00\x00\x02\x04abc"},
	{"high format", Full{Source: 2, Dest: 3, Type: TypeVoice, Subclass: 1 << 12}, "\x80\x02\x00\x03\x00\x00\x00\x00\x00\x00\x02\x8c"},
	{"stop sounds", Full{Source: 2, Dest: 3, Type: TypeControl, Subclass: SubclassStopSounds}, "\x80\x02\x00\x03\x00\x00\x00\x00\x00\x00\x04\xff"},
}

func TestFull(t *testing.T) {
	for _, tc := range goodFull {
		got, err := tc.frame.Append(nil)
		if err != nil || string(got) != tc.bytes {
			t.Errorf("%s: Append = %x, %v, want %x", tc.name, got, err, tc.bytes)
		}
		var f Full
		if err := ParseFull([]byte(tc.bytes), &f); err != nil {
			t.Errorf("%s: ParseFull: %v", tc.name, err)
		}
		if len(f.Data) == 0 {
			f.Data = nil
		}
		if !reflect.DeepEqual(f, tc.frame) {
			t.Errorf("%s: ParseFull = %+v, want %+v", tc.name, f, tc.frame)
		}
		for n := range FullHeaderLen { // every strict prefix of the header
			if err := ParseFull([]byte(tc.bytes[:n]), &f); !errors.Is(err, ErrShort) {
				t.Errorf("%s: ParseFull of %d octets = %v, want ErrShort", tc.name, n, err)
			}
		}
		if kind, source := Peek([]byte(tc.bytes)); kind != KindFull || source != tc.frame.Source || PeekDest([]byte(tc.bytes)) != tc.frame.Dest {
			t.Errorf("%s: Peek = %v, %d", tc.name, kind, source)
		}
	}
}

func TestFullRefused(t *testing.T) {
	for _, tc := range []struct {
		name  string
		frame Full
		want  error
	}{
		{"subclass between", Full{Source: 2, Subclass: 200}, ErrMalformed},
		{"too long", Full{Source: 2, Data: make([]byte, MaxDatagram)}, ErrTooLong},
	} {
		if _, err := tc.frame.Append(nil); !errors.Is(err, tc.want) {
			t.Errorf("%s: Append = %v, want %v", tc.name, err, tc.want)
		}
	}
	var f Full
	if err := ParseFull([]byte("\x80\x02\x00\x03\x00\x00\x00\x00\x00\x00\x02\xc0"), &f); !errors.Is(err, ErrMalformed) {
		t.Errorf("subclass 2^64: %v", err)
	}
	if err := ParseFull([]byte("\x00\x02\x00\x03\x00\x00\x00\x00\x00\x00\x02\x04"), &f); !errors.Is(err, ErrNotFull) {
		t.Errorf("mini as full: %v", err)
	}
}

func TestMarkRetransmitted(t *testing.T) {
	b, _ := (&Full{Source: 2, Dest: 3, OSeq: 1, ISeq: 1, Type: TypeIAX, Subclass: 1}).Append(nil)
	MarkRetransmitted(b, 9)
	var f Full
	if err := ParseFull(b, &f); err != nil || !f.Retransmit || f.ISeq != 9 || f.Dest != 3 {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestMini(t *testing.T) {
	want := Mini{Source: 0x7fff, Timestamp: 0xabcd, Data: []byte{1, 2}}
	b := want.Append(nil)
	if string(b) != "\x7f\xff\xab\xcd\x01\x02" {
		t.Errorf("Append = %x", b)
	}
	var m Mini
	if err := ParseMini(b, &m); err != nil || !reflect.DeepEqual(m, want) {
		t.Errorf("ParseMini = %+v, %v", m, err)
	}
	for n := range MiniHeaderLen {
		if err := ParseMini(b[:n], &m); !errors.Is(err, ErrShort) {
			t.Errorf("ParseMini of %d octets = %v", n, err)
		}
	}
	for _, bad := range []string{"\x80\x01\x00\x00", "\x00\x00\x00\x00"} {
		if err := ParseMini([]byte(bad), &m); !errors.Is(err, ErrNotMini) {
			t.Errorf("ParseMini(%x) = %v", bad, err)
		}
	}
}

func TestTrunk(t *testing.T) {
	for _, want := range []Trunk{
		{Timestamp: 99, Entries: []TrunkEntry{{Source: 5, Data: []byte("abc")}, {Source: 6, Data: []byte{}}}},
		{Timestamps: true, Timestamp: 1, Entries: []TrunkEntry{{Source: 5, Timestamp: 20, Data: []byte("abc")}, {Source: 6, Timestamp: 40, Data: []byte("de")}}},
		{Timestamp: 7},
	} {
		b, err := want.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		if kind, _ := Peek(b); kind != KindTrunk {
			t.Errorf("Peek = %v", kind)
		}
		var got Trunk
		if err := ParseTrunk(b, &got); err != nil || got.Timestamp != want.Timestamp || !(len(got.Entries) == 0 && len(want.Entries) == 0) && !reflect.DeepEqual(got.Entries, want.Entries) {
			t.Errorf("ParseTrunk = %+v, %v, want %+v", got, err, want)
		}
		ends := map[int]bool{TrunkHeaderLen: true}
		at := TrunkHeaderLen
		for _, e := range want.Entries {
			at += 4 + len(e.Data)
			if want.Timestamps {
				at += 2
			}
			ends[at] = true
		}
		for n := range b {
			if err := ParseTrunk(b[:n], &got); (err == nil) != ends[n] {
				t.Errorf("ParseTrunk of %d of %d octets = %v", n, len(b), err)
			}
		}
	}
	var got Trunk
	for _, bad := range []string{"\x00\x00\x01\x02\x00\x00\x00\x00", "\x00\x00\x02\x00\x00\x00\x00\x00"} {
		if ParseTrunk([]byte(bad), &got) == nil {
			t.Errorf("ParseTrunk(%x) takes it", bad)
		}
	}
	// A length beyond the end, as large as can be.
	if err := ParseTrunk([]byte("\x00\x00\x01\x00\x00\x00\x00\x00\x00\x05\xff\xffabc"), &got); !errors.Is(err, ErrShort) {
		t.Errorf("length 65535: %v", err)
	}
}

func TestVideo(t *testing.T) {
	var v Video
	b := []byte("\x00\x00\x80\x05\x80\x10xy")
	if err := ParseVideo(b, &v); err != nil || v.Source != 5 || !v.Mark || v.Timestamp != 16 || string(v.Data) != "xy" {
		t.Errorf("ParseVideo = %+v, %v", v, err)
	}
	for n := range VideoHeaderLen {
		if err := ParseVideo(b[:n], &v); !errors.Is(err, ErrShort) {
			t.Errorf("ParseVideo of %d octets = %v", n, err)
		}
	}
}

func TestIEs(t *testing.T) {
	var l IEs
	l.AddU16(IEVersion, 2)
	l.AddText(IECalledNumber, "1001")
	l.AddText(IECallingName, "")
	l.AddU8(IECauseCode, 17)
	l.AddU32(IECapability, 0x4c)
	l.AddVersioned(IEFormat2, 1<<40)
	l.AddRaw(IECallToken, nil)
	l.AddRaw(IEType(200), []byte("of the future"))
	l.AddAddr(IEApparentAddr, netip.MustParseAddrPort("192.0.2.1:4569"))
	b, err := l.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseIEs(b)
	if err != nil {
		t.Fatal(err)
	}
	again, err := got.Append(nil)
	if err != nil || !bytes.Equal(again, b) {
		t.Errorf("written again: %x, %v, want %x", again, err, b)
	}
	if got.Text(IECalledNumber) != "1001" || got.Has(IECallingName) || !got.Has(IECallToken) || got.Has(IERefresh) {
		t.Errorf("elements = %v", got)
	}
	for typ, want := range map[IEType]uint64{IEVersion: 2, IECauseCode: 17, IECapability: 0x4c, IEFormat2: 1 << 40} {
		if v, ok := got.Uint(typ); !ok || v != want {
			t.Errorf("Uint(%v) = %d, %v, want %d", typ, v, ok, want)
		}
	}
	if a, ok := got.Addr(IEApparentAddr); !ok || a != netip.MustParseAddrPort("192.0.2.1:4569") {
		t.Errorf("Addr = %v, %v", a, ok)
	}
	whole := 0
	for n := range b { // a prefix is good only where an element ends
		if part, err := ParseIEs(b[:n]); err == nil {
			if len(part) < whole {
				t.Errorf("%d octets give %d elements", n, len(part))
			}
			whole = len(part)
		}
	}
	if whole != len(got)-1 {
		t.Errorf("prefixes give %d elements, want %d", whole, len(got)-1)
	}
}

func TestIEsOddLengths(t *testing.T) {
	l, err := ParseIEs([]byte{byte(IERefresh), 3, 1, 2, 3, byte(IEAutoAnswer), 0, byte(IEApparentAddr), 4, 2, 0, 1, 1})
	if err != nil || len(l) != 3 {
		t.Fatalf("ParseIEs = %v, %v", l, err)
	}
	if v, ok := l.Uint(IERefresh); ok {
		t.Errorf("a REFRESH of three octets gives %d", v)
	}
	if a, ok := l.Addr(IEApparentAddr); ok {
		t.Errorf("an address of four octets gives %v", a)
	}
	long := IEs{{IECause, make([]byte, 300)}}
	if _, err := long.Append(nil); !errors.Is(err, ErrTooLong) {
		t.Errorf("300 octets: %v", err)
	}
}

func TestAddr6(t *testing.T) {
	var l IEs
	want := netip.MustParseAddrPort("[2001:db8::1]:4569")
	l.AddAddr(IEApparentAddr, want)
	if a, ok := l.Addr(IEApparentAddr); !ok || a != want {
		t.Errorf("Addr = %v, %v", a, ok)
	}
}

func TestDescribeHidesPasswords(t *testing.T) {
	var l IEs
	l.AddText(IEPassword, "frog")
	data, _ := l.Append(nil)
	b, _ := (&Full{Source: 2, Type: TypeIAX, Subclass: uint64(AuthRep), Data: data}).Append(nil)
	if s := Describe(b); strings.Contains(s, "frog") || !strings.Contains(s, "AUTHREP") {
		t.Errorf("Describe = %s", s)
	}
}

// FuzzDatagram: whatever comes is taken apart without panic, and what can be
// read is written again as it was.
func FuzzDatagram(f *testing.F) {
	for _, tc := range goodFull {
		f.Add([]byte(tc.bytes))
	}
	f.Add([]byte("\x00\x00\x01\x00\x00\x00\x00\x00\x00\x05\x00\x03abc"))
	f.Add([]byte("\x00\x00\x01\x01\x00\x00\x00\x00\x00\x03\x00\x05\x00\x14abc"))
	f.Add([]byte("\x7f\xff\xab\xcd\x01\x02"))
	f.Fuzz(func(t *testing.T, b []byte) {
		_ = Describe(b)
		kind, _ := Peek(b)
		switch kind {
		case KindFull:
			var full Full
			if ParseFull(b, &full) != nil || len(b) > MaxDatagram {
				return
			}
			again, err := full.Append(nil)
			if err != nil {
				t.Fatal(err)
			}
			var back Full
			if err := ParseFull(again, &back); err != nil || !reflect.DeepEqual(full, back) {
				t.Fatalf("%+v comes back as %+v, %v", full, back, err)
			}
			if l, err := ParseIEs(full.Data); err == nil {
				if d, err := l.Append(nil); err != nil || !bytes.Equal(d, full.Data) {
					t.Fatalf("elements %x come back as %x, %v", full.Data, d, err)
				}
			}
		case KindMini:
			var m Mini
			if err := ParseMini(b, &m); err != nil || !bytes.Equal(m.Append(nil), b) {
				t.Fatalf("mini %x: %v", b, err)
			}
		case KindTrunk:
			var tr Trunk
			if ParseTrunk(b, &tr) != nil || len(b) > MaxDatagram {
				return
			}
			if _, err := tr.Append(nil); err != nil {
				t.Fatal(err)
			}
		case KindVideo:
			var v Video
			if err := ParseVideo(b, &v); err != nil {
				t.Fatal(err)
			}
		case KindInvalid, KindMeta:
		}
	})
}
