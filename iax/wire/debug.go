package wire

import (
	"fmt"
	"strconv"
	"strings"
)

// SubclassName names the subclass of a full frame by its type.
func (f *Full) SubclassName() string {
	switch f.Type {
	case TypeIAX:
		if f.Subclass <= 0xff {
			return Command(f.Subclass).String()
		}
	case TypeControl:
		return Control(f.Subclass).String()
	case TypeDTMF, TypeDTMFBegin:
		if f.Subclass > ' ' && f.Subclass < 0x7f {
			return string(rune(f.Subclass))
		}
	case TypeVoice, TypeVideo, TypeNull, TypeText, TypeImage, TypeHTML, TypeCNG, TypeModem:
	}
	return strconv.FormatUint(f.Subclass, 10)
}

// String shows the frame on one line; passwords are left out.
func (f *Full) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v %s src=%d dst=%d ts=%d o=%d i=%d", f.Type, f.SubclassName(), f.Source, f.Dest, f.Timestamp, f.OSeq, f.ISeq)
	if f.Retransmit {
		b.WriteString(" again")
	}
	if f.Type != TypeIAX {
		if len(f.Data) > 0 {
			fmt.Fprintf(&b, " %d octets", len(f.Data))
		}
		return b.String()
	}
	ies, err := ParseIEs(f.Data)
	if err != nil {
		fmt.Fprintf(&b, " %v", err)
		return b.String()
	}
	for _, ie := range ies {
		b.WriteByte(' ')
		b.WriteString(ie.String())
	}
	return b.String()
}

// String shows an element as NAME=value.
func (ie IE) String() string {
	info := ieInfo[ie.Type]
	list := IEs{ie}
	switch info.form {
	case formSecret:
		return ie.Type.String() + "=(hidden)"
	case formText:
		return ie.Type.String() + "=" + strconv.Quote(string(ie.Data))
	case formU8, formU16, formU32, formVersioned:
		if v, ok := list.Uint(ie.Type); ok {
			return ie.Type.String() + "=" + strconv.FormatUint(v, 10)
		}
	case formAddr:
		if a, ok := list.Addr(ie.Type); ok {
			return ie.Type.String() + "=" + a.String()
		}
	case formEmpty, formRaw:
	}
	return fmt.Sprintf("%v=%x", ie.Type, ie.Data)
}

// String shows the frame on one line.
func (m *Mini) String() string {
	return fmt.Sprintf("MINI src=%d ts=%d %d octets", m.Source, m.Timestamp, len(m.Data))
}

// Describe shows any datagram on one line, for frame traces.
func Describe(b []byte) string {
	switch kind, source := Peek(b); kind {
	case KindFull:
		var f Full
		if err := ParseFull(b, &f); err != nil {
			return err.Error()
		}
		return f.String()
	case KindMini:
		var m Mini
		if err := ParseMini(b, &m); err != nil {
			return err.Error()
		}
		return m.String()
	case KindTrunk:
		var t Trunk
		if err := ParseTrunk(b, &t); err != nil {
			return "TRUNK " + err.Error()
		}
		return fmt.Sprintf("TRUNK ts=%d %d calls", t.Timestamp, len(t.Entries))
	case KindVideo:
		return fmt.Sprintf("VIDEO src=%d", source)
	case KindMeta:
		return "META unknown"
	case KindInvalid:
	}
	return "not a frame, " + strconv.Itoa(len(b)) + " octets"
}
