package wire

import (
	"bytes"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestCapture(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)
	mini := (&Mini{Source: 5, Timestamp: 20, Data: []byte("sound")}).Append(nil)
	var ies IEs
	ies.AddText(IEUsername, "line")
	ies.AddText(IEPassword, "secret")
	data, err := ies.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	full, err := (&Full{Source: 5, Dest: 6, Type: TypeIAX, Subclass: uint64(AuthRep), Data: data}).Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	v4, v6 := netip.MustParseAddrPort("192.0.2.1:4569"), netip.MustParseAddrPort("[2001:db8::1]:4570")
	for _, tc := range []struct{ from, to, wantFrom, wantTo netip.AddrPort }{
		{v4, v4, v4, v4},
		{v6, v6, v6, v6},
		{netip.MustParseAddrPort("[::]:4569"), v4, netip.MustParseAddrPort("0.0.0.0:4569"), v4},
		{v4, netip.MustParseAddrPort("[::]:1"), v4, netip.MustParseAddrPort("0.0.0.0:1")},
	} {
		b := AppendCaptureHeader(nil)
		b = AppendCaptured(b, at, tc.from, tc.to, mini)
		b = AppendCaptured(b, at, tc.to, tc.from, full)
		if bytes.Contains(b, []byte("secret")) {
			t.Error("the password stands in the capture")
		}
		var got []Captured
		var text []string
		if err := ReadCapture(bytes.NewReader(b), func(c Captured) { got = append(got, c); text = append(text, Describe(c.Frame)) }); err != nil {
			t.Fatal(err)
		}
		if len(got) != 2 || got[0].From != tc.wantFrom || got[0].To != tc.wantTo || got[1].From != tc.wantTo || !got[0].At.Equal(at) ||
			!strings.HasPrefix(text[0], "MINI") || !strings.Contains(text[1], "AUTHREP") {
			t.Errorf("read %v, %q", got, text)
		}
		for n := range b {
			if err := ReadCapture(bytes.NewReader(b[:n]), func(Captured) {}); n < captureHead && !errors.Is(err, ErrNotCapture) {
				t.Errorf("the first %d octets: %v", n, err)
			}
		}
	}
}

// FuzzReadCapture: a damaged capture ends with an error, never otherwise.
func FuzzReadCapture(f *testing.F) {
	a := netip.MustParseAddrPort("192.0.2.1:4569")
	f.Add(AppendCaptured(AppendCaptureHeader(nil), time.Unix(1, 0), a, a, []byte{0, 1, 0, 2, 3}))
	f.Fuzz(func(_ *testing.T, b []byte) {
		_ = ReadCapture(bytes.NewReader(b), func(c Captured) { _ = Describe(c.Frame) })
	})
}
