package wire

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"
)

// IEType is the identifier of an information element (RFC 5456 8.6).
type IEType uint8

// Information elements. CALLTOKEN, CAPABILITY2 and FORMAT2 are Asterisk's.
const (
	IECalledNumber  IEType = 1
	IECallingNumber IEType = 2
	IECallingANI    IEType = 3
	IECallingName   IEType = 4
	IECalledContext IEType = 5
	IEUsername      IEType = 6
	IEPassword      IEType = 7
	IECapability    IEType = 8
	IEFormat        IEType = 9
	IELanguage      IEType = 10
	IEVersion       IEType = 11
	IEADSICPE       IEType = 12
	IEDNID          IEType = 13
	IEAuthMethods   IEType = 14
	IEChallenge     IEType = 15
	IEMD5Result     IEType = 16
	IERSAResult     IEType = 17
	IEApparentAddr  IEType = 18
	IERefresh       IEType = 19
	IEDPStatus      IEType = 20
	IECallNo        IEType = 21
	IECause         IEType = 22
	IEUnknown       IEType = 23
	IEMsgCount      IEType = 24
	IEAutoAnswer    IEType = 25
	IEMusicOnHold   IEType = 26
	IETransferID    IEType = 27
	IERDNIS         IEType = 28
	IEDateTime      IEType = 31
	IEDeviceType    IEType = 32
	IEServiceIdent  IEType = 33
	IEFirmwareVer   IEType = 34
	IECallingPres   IEType = 38
	IECallingTON    IEType = 39
	IECallingTNS    IEType = 40
	IESamplingRate  IEType = 41
	IECauseCode     IEType = 42
	IEEncryption    IEType = 43
	IEEncKey        IEType = 44
	IECodecPrefs    IEType = 45
	IERRJitter      IEType = 46
	IERRLoss        IEType = 47
	IERRPkts        IEType = 48
	IERRDelay       IEType = 49
	IERRDropped     IEType = 50
	IERROOO         IEType = 51
	IEVariable      IEType = 52
	IEOSPToken      IEType = 53
	IECallToken     IEType = 54
	IECapability2   IEType = 55
	IEFormat2       IEType = 56
	IECallingANI2   IEType = 57
)

// form is how the data of an information element is coded.
type form uint8

const (
	formRaw form = iota
	formText
	formSecret // text that logs do not show
	formU8
	formU16
	formU32
	formAddr
	formEmpty
	formVersioned // version octet 0 and a 64 bit number (Asterisk's CAPABILITY2, FORMAT2)
)

// ieInfo says how each element is named and coded. An element with a fixed
// length that has another one makes the frame malformed.
var ieInfo = map[IEType]struct {
	name string
	form form
}{
	IECalledNumber: {"CALLED NUMBER", formText}, IECallingNumber: {"CALLING NUMBER", formText},
	IECallingANI: {"CALLING ANI", formText}, IECallingName: {"CALLING NAME", formText},
	IECalledContext: {"CALLED CONTEXT", formText}, IEUsername: {"USERNAME", formText},
	IEPassword: {"PASSWORD", formSecret}, IECapability: {"CAPABILITY", formU32}, IEFormat: {"FORMAT", formU32},
	IELanguage: {"LANGUAGE", formText}, IEVersion: {"VERSION", formU16}, IEADSICPE: {"ADSICPE", formU16},
	IEDNID: {"DNID", formText}, IEAuthMethods: {"AUTHMETHODS", formU16}, IEChallenge: {"CHALLENGE", formText},
	IEMD5Result: {"MD5 RESULT", formText}, IERSAResult: {"RSA RESULT", formText}, IEApparentAddr: {"APPARENT ADDR", formAddr},
	IERefresh: {"REFRESH", formU16}, IEDPStatus: {"DPSTATUS", formU16}, IECallNo: {"CALLNO", formU16},
	IECause: {"CAUSE", formText}, IEUnknown: {"IAX UNKNOWN", formU8}, IEMsgCount: {"MSGCOUNT", formU16},
	IEAutoAnswer: {"AUTOANSWER", formEmpty}, IEMusicOnHold: {"MUSICONHOLD", formText}, IETransferID: {"TRANSFERID", formU32},
	IERDNIS: {"RDNIS", formText}, IEDateTime: {"DATETIME", formU32}, IEDeviceType: {"DEVICETYPE", formText},
	IEServiceIdent: {"SERVICEIDENT", formText}, IEFirmwareVer: {"FIRMWAREVER", formU16}, IECallingPres: {"CALLINGPRES", formU8},
	IECallingTON: {"CALLINGTON", formU8}, IECallingTNS: {"CALLINGTNS", formU16}, IESamplingRate: {"SAMPLINGRATE", formU16},
	IECauseCode: {"CAUSECODE", formU8}, IEEncryption: {"ENCRYPTION", formU16}, IEEncKey: {"ENCKEY", formRaw},
	IECodecPrefs: {"CODEC PREFS", formText}, IERRJitter: {"RR JITTER", formU32}, IERRLoss: {"RR LOSS", formU32},
	IERRPkts: {"RR PKTS", formU32}, IERRDelay: {"RR DELAY", formU16}, IERRDropped: {"RR DROPPED", formU32},
	IERROOO: {"RR OOO", formU32}, IEVariable: {"VARIABLE", formText}, IEOSPToken: {"OSPTOKEN", formRaw},
	IECallToken: {"CALLTOKEN", formRaw}, IECapability2: {"CAPABILITY2", formVersioned}, IEFormat2: {"FORMAT2", formVersioned},
	IECallingANI2: {"CALLING ANI2", formU32},
}

// fixedLen gives the length a form demands, or -1.
func (f form) fixedLen() int {
	switch f {
	case formU8:
		return 1
	case formU16:
		return 2
	case formU32:
		return 4
	case formRaw, formText, formSecret, formAddr, formEmpty, formVersioned:
	}
	return -1
}

// String gives the RFC's name of an element.
func (t IEType) String() string {
	if i, ok := ieInfo[t]; ok {
		return i.name
	}
	return "IE " + strconv.Itoa(int(t))
}

// IE is one information element: identifier, length, data (RFC 5456 8.6).
type IE struct {
	Type IEType
	Data []byte
}

// maxIEData is what the length octet allows.
const maxIEData = 255

// IEs are the information elements of a frame in their order. The same type
// may occur more than once; getters take the first.
type IEs []IE

// ParseIEs reads the elements of an IAX frame's data. They alias b. An element
// that is cut off makes the frame malformed; unknown ones are kept. A number of
// a length that its type does not have is kept too, but Uint does not give it
// (Asterisk reads it so).
func ParseIEs(b []byte) (IEs, error) {
	var list IEs
	for len(b) > 0 {
		if len(b) < 2 || len(b)-2 < int(b[1]) {
			return nil, ErrShort
		}
		ie := IE{Type: IEType(b[0]), Data: b[2 : 2+int(b[1])]}
		list = append(list, ie)
		b = b[2+len(ie.Data):]
	}
	return list, nil
}

// Append writes the elements behind b.
func (l IEs) Append(b []byte) ([]byte, error) {
	for _, ie := range l {
		if len(ie.Data) > maxIEData {
			return b, fmt.Errorf("%w: %v of %d octets", ErrTooLong, ie.Type, len(ie.Data))
		}
		b = append(b, byte(ie.Type), byte(len(ie.Data)))
		b = append(b, ie.Data...)
	}
	return b, nil
}

// Get gives the data of the first element of a type.
func (l IEs) Get(t IEType) (data []byte, ok bool) {
	for i := range l {
		if l[i].Type == t {
			return l[i].Data, true
		}
	}
	return nil, false
}

// Has tells whether there is an element of a type.
func (l IEs) Has(t IEType) bool {
	_, ok := l.Get(t)
	return ok
}

// Text gives a text element, "" if there is none.
func (l IEs) Text(t IEType) string {
	d, _ := l.Get(t)
	return string(d)
}

// Uint gives a number of 1, 2, 4 octets or a versioned 64 bit one; ok is false
// if it is missing or of another length.
func (l IEs) Uint(t IEType) (v uint64, ok bool) {
	d, _ := l.Get(t)
	if want := ieInfo[t].form.fixedLen(); want >= 0 && want != len(d) {
		return 0, false
	}
	switch len(d) {
	case 1:
		return uint64(d[0]), true
	case 2:
		return uint64(binary.BigEndian.Uint16(d)), true
	case 4:
		return uint64(binary.BigEndian.Uint32(d)), true
	case 9:
		if d[0] == 0 {
			return binary.BigEndian.Uint64(d[1:]), true
		}
	}
	return 0, false
}

// AddText adds a text element; an empty text adds nothing, one that is too long
// is cut off.
func (l *IEs) AddText(t IEType, s string) {
	if s == "" {
		return
	}
	if len(s) > maxIEData {
		s = s[:maxIEData]
	}
	*l = append(*l, IE{t, []byte(s)})
}

// AddRaw adds an element with any data, also none.
func (l *IEs) AddRaw(t IEType, data []byte) { *l = append(*l, IE{t, data}) }

// AddU8 adds a number of one octet.
func (l *IEs) AddU8(t IEType, v uint8) { *l = append(*l, IE{t, []byte{v}}) }

// AddU16 adds a number of two octets.
func (l *IEs) AddU16(t IEType, v uint16) {
	*l = append(*l, IE{t, binary.BigEndian.AppendUint16(nil, v)})
}

// AddU32 adds a number of four octets.
func (l *IEs) AddU32(t IEType, v uint32) {
	*l = append(*l, IE{t, binary.BigEndian.AppendUint32(nil, v)})
}

// AddVersioned adds Asterisk's version octet 0 and 64 bits.
func (l *IEs) AddVersioned(t IEType, v uint64) {
	*l = append(*l, IE{t, binary.BigEndian.AppendUint64([]byte{0}, v)})
}

// The APPARENT ADDR element is a sockaddr as C programs on Linux hold it: family
// in the host's (little-endian) order, port and address in network order.
const (
	familyInet  = 2
	familyInet6 = 10
	sockaddr4   = 16
	sockaddr6   = 28
)

// Addr gives an address element.
func (l IEs) Addr(t IEType) (netip.AddrPort, bool) {
	d, _ := l.Get(t)
	if len(d) < 8 {
		return netip.AddrPort{}, false
	}
	port := binary.BigEndian.Uint16(d[2:])
	switch family := binary.LittleEndian.Uint16(d); {
	case family == familyInet:
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(d[4:8])), port), true
	case family == familyInet6 && len(d) >= 24:
		return netip.AddrPortFrom(netip.AddrFrom16([16]byte(d[8:24])), port), true
	}
	return netip.AddrPort{}, false
}

// AddAddr adds an address element.
func (l *IEs) AddAddr(t IEType, a netip.AddrPort) {
	ip := a.Addr().Unmap()
	d := make([]byte, sockaddr6)
	binary.BigEndian.PutUint16(d[2:], a.Port())
	if ip.Is4() {
		binary.LittleEndian.PutUint16(d, familyInet)
		v := ip.As4()
		copy(d[4:], v[:])
		d = d[:sockaddr4]
	} else {
		binary.LittleEndian.PutUint16(d, familyInet6)
		v := ip.As16()
		copy(d[8:], v[:])
	}
	*l = append(*l, IE{t, d})
}
