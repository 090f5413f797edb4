package spool

import (
	"errors"
	"reflect"
	"testing"
	"time"
)

func TestParseMessage(t *testing.T) {
	for _, row := range []struct {
		text string
		want Message
	}{
		{"Sclient/123:45", Message{CmdSubmit, "client/123", "45"}},
		{"S45", Message{CmdSubmit, "", "45"}},
		{"Tclient/9:J<12>4c60M*", Message{CmdTrigger, "client/9", "J<12>4c60M*"}},
		{"+ttyIAX0:RP0b3f:ff", Message{CmdModem, "ttyIAX0", "RP0b3f:ff"}},
		{"*12:d1,2,3,000000004,\"docq/a;c0\"", Message{CmdJob, "12", "d1,2,3,000000004,\"docq/a;c0\""}},
		{"Cclient/1:MaxDials: 3", Message{CmdConfig, "client/1", "MaxDials: 3"}},
		{"CMaxDials: 3", Message{CmdConfig, "", "MaxDials: 3"}},
		{"Q", Message{CmdQuit, "", ""}},
	} {
		got, err := ParseMessage(row.text)
		if err != nil || got != row.want {
			t.Errorf("ParseMessage(%q) = %+v, %v, want %+v", row.text, got, err, row.want)
		}
		if got.String() != row.text {
			t.Errorf("%q is written as %q", row.text, got)
		}
	}
	for _, bad := range []string{"", "?", "+:R", "+../x:R", "*:d", "@x", "S../../tmp/x:1", "S/dev/x:1"} {
		if m, err := ParseMessage(bad); !errors.Is(err, ErrMessage) {
			t.Errorf("ParseMessage(%q) = %+v, %v, want ErrMessage", bad, m, err)
		}
	}
}

func TestInfoTexts(t *testing.T) {
	send := SendInfo{75, 3, 0x21402d, "000000012", "docq/doc3.ps;c0"}
	if s := send.String(); s != `4b,3,21402d,000000012,"docq/doc3.ps;c0"` {
		t.Errorf("SendInfo: %s", s)
	}
	if got, err := ParseSendInfo(send.String()); err != nil || got != send {
		t.Errorf("ParseSendInfo = %+v, %v", got, err)
	}
	recv := RecvInfo{1, 2, 3, "recvq/fax000000001.tif", "000000002", "+1 800, \"x\"", "", "sub", "", []string{"100", "Name"}}
	if s := recv.String(); s != `1,2,3,recvq/fax000000001.tif,000000002,"+1 800, 'x'","","sub","","100","Name"` {
		t.Errorf("RecvInfo: %s", s)
	}
	recv.Sender = "+1 800, 'x'"
	if got, err := ParseRecvInfo(recv.String()); err != nil || !reflect.DeepEqual(got, recv) {
		t.Errorf("ParseRecvInfo = %+v, %v", got, err)
	}
	recv.CallIDs = nil
	if got, err := ParseRecvInfo(recv.String()); err != nil || !reflect.DeepEqual(got, recv) {
		t.Errorf("without identities: %+v, %v", got, err)
	}
	for _, bad := range []string{"", "1,2", "x,2,3,4,5", `1,2,3,4,"5`, "1,2,3,4,5,6,7,8"} {
		if _, err := ParseRecvInfo(bad); err == nil {
			t.Errorf("ParseRecvInfo(%q) is taken", bad)
		}
	}
}

func TestParams(t *testing.T) {
	p := Params{VR: VRFine, BR: BR14400, DF: DFMMR, LN: LNInfinite, EC: EC256}
	if got := p.Encode(); got != 1|5<<3|2<<12|3<<14|1<<16|1<<21 {
		t.Errorf("Encode = %#x", got)
	}
	p.EC = EC64
	if got := DecodeParams(p.Encode()); got != p {
		t.Errorf("DecodeParams = %+v, want %+v", got, p)
	}
	if got := (Params{VR: VR200x200}).Encode() & 7; got != 1 {
		t.Errorf("200 by 200 = %d, want 1", got)
	}
	if got := (Params{VR: VRFine, DF: DFMMR, LN: LNInfinite}).EncodePage(); got != "e1" {
		t.Errorf("EncodePage = %s, want e1", got)
	}
	if got, err := DecodePage("e1"); err != nil || got != (Params{VR: VRFine, DF: DFMMR, LN: LNInfinite}) {
		t.Errorf("DecodePage = %+v, %v", got, err)
	}
}

func TestCapabilities(t *testing.T) {
	c := Capabilities{Params: Params{VR: 3, BR: 7, WD: 7, LN: 7, DF: 0xb, EC: 1, ST: 3}, Poll: true, Priority: 255}
	got, has, err := ParseCapabilities(c.Encode())
	if err != nil || !has || got != c {
		t.Errorf("ParseCapabilities(%s) = %+v, %v, %v", c.Encode(), got, has, err)
	}
	for _, bad := range []string{"", "x1", "Pxyz", "P1:zz"} {
		if _, _, err := ParseCapabilities(bad); err == nil {
			t.Errorf("ParseCapabilities(%q) is taken", bad)
		}
	}
}

func TestInterests(t *testing.T) {
	i, err := ParseInterests("J<1932>4c60 M*")
	if err != nil || !i.Wants(EventJobReap, "1932") || i.Wants(EventJobReap, "1") || !i.Wants(EventModemBusy, "any") || i.Wants(EventSendDone, "1932") {
		t.Errorf("%+v, %v", i, err)
	}
	for _, bad := range []string{"J<1", "J12", "Jxyz0", "J*J*"} {
		if _, err := ParseInterests(bad); !errors.Is(err, ErrInterests) {
			t.Errorf("ParseInterests(%q) = %v", bad, err)
		}
	}
}

func TestEvents(t *testing.T) {
	now := time.Unix(1795248000, 0)
	j := EventJob{1, 2, 3, -4, 5, 6, 209, 296, 98, "12", "+1001", "ttyIAX0", "000000009"}
	m := EventModem{"ttyIAX0", "1000", "", 'R', true, 0x0bff1f00, 255}
	for _, b := range [][]byte{AppendJobEvent(nil, EventSendPage, 7, now, &j, "info"), AppendModemEvent(nil, EventModemCID, 7, now, &m, "")} {
		got, err := ParseEvent(b)
		if err != nil || got.Seq != 7 || !got.At.Equal(now) {
			t.Errorf("%+v, %v", got, err)
		}
		if got.Job != nil && (*got.Job != j || got.Info != "info" || got.Event != EventSendPage) {
			t.Errorf("job event %+v", got.Job)
		}
		if got.Modem != nil && (*got.Modem != m || got.Event != EventModemCID) {
			t.Errorf("modem event %+v", got.Modem)
		}
		for n := range b { // every prefix fails cleanly
			if _, err := ParseEvent(b[:n]); err == nil {
				t.Errorf("%d of %d octets are taken", n, len(b))
			}
		}
	}
}

func FuzzMessages(f *testing.F) {
	f.Add("Sclient/1:2")
	f.Add(`1,2,3,a,b,"c","d","e","f","g"`)
	f.Add("P0bff:ff")
	f.Add("J<1>ffff")
	f.Add(string(AppendModemEvent(nil, EventModemReady, 1, time.Unix(0, 0), &EventModem{DevID: "x"}, "y")))
	f.Fuzz(func(t *testing.T, s string) {
		if m, err := ParseMessage(s); err == nil && m.String() != s && m.From != "" {
			t.Errorf("%q is written as %q", s, m)
		}
		_, _ = ParseSendInfo(s)
		_, _ = ParseRecvInfo(s)
		_, _, _ = ParseCapabilities(s)
		_, _ = ParseInterests(s)
		_, _ = ParseEvent([]byte(s))
		_, _ = DecodePage(s)
	})
}
