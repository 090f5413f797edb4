package t30

import "fmt"

// FCF is a facsimile control field, the third octet of a frame (T.30 5.3.6).
// As in all octets here, the bit sent first is the least significant one. The
// bit called X is left 0: see Frame.FCF.
type FCF uint8

// The frames of T.30, each with the bits as the Recommendation prints them, in
// the order of sending.
const (
	DIS FCF = 0x80 // 0000 0001 capabilities of the called station
	CSI FCF = 0x40 // 0000 0010 its identity
	NSF FCF = 0x20 // 0000 0100 its non-standard facilities

	DTC FCF = 0x81 // 1000 0001 capabilities of a calling station that polls
	CIG FCF = 0x41 // 1000 0010 its identity
	NSC FCF = 0x21 // 1000 0100 its non-standard facilities
	PWD FCF = 0xC1 // 1000 0011 password for polling
	SEP FCF = 0xA1 // 1000 0101 selective polling address

	DCS FCF = 0x82 // X100 0001 what the sender chose
	TSI FCF = 0x42 // X100 0010 its identity
	NSS FCF = 0x22 // X100 0100 non-standard set-up
	SUB FCF = 0xC2 // X100 0011 subaddress
	SID FCF = 0xA2 // X100 0101 sender identification; HylaFAX sends its password for transmission in it
	CTC FCF = 0x12 // X100 1000 continue to correct, with new parameters

	CFR FCF = 0x84 // X010 0001 confirmation to receive
	FTT FCF = 0x44 // X010 0010 failure to train
	CTR FCF = 0xC4 // X010 0011 response to CTC

	EOM    FCF = 0x8E // X111 0001 end of page, back to phase B
	MPS    FCF = 0x4E // X111 0010 end of page, another of the same kind follows
	EOP    FCF = 0x2E // X111 0100 end of page, nothing follows
	PRIEOM FCF = 0x9E // X111 1001 the same three, and the operator is wanted
	PRIMPS FCF = 0x5E // X111 1010
	PRIEOP FCF = 0x3E // X111 1100
	PPS    FCF = 0xBE // X111 1101 partial page signal (ECM)
	EOR    FCF = 0xCE // X111 0011 end of retransmission (ECM)
	RR     FCF = 0x6E // X111 0110 receive ready? (ECM)

	MCF FCF = 0x8C // X011 0001 message confirmation
	RTP FCF = 0xCC // X011 0011 page good, retrain
	RTN FCF = 0x4C // X011 0010 page bad, retrain
	PIP FCF = 0xAC // X011 0101 page good, operator wanted
	PIN FCF = 0x2C // X011 0100 page bad, operator wanted
	PPR FCF = 0xBC // X011 1101 partial page request (ECM)
	RNR FCF = 0xEC // X011 0111 receive not ready (ECM)
	ERR FCF = 0x1C // X011 1000 response to EOR (ECM)

	DCN FCF = 0xFA // X101 1111 disconnect
	CRP FCF = 0x1A // X101 1000 command repeat

	FCD FCF = 0x06 // 0110 0000 coded data (T.4 Annex A)
	RCP FCF = 0x86 // 0110 0001 return to control for partial page

	NULL FCF = 0x00 // 0000 0000 second field of a PPS between blocks of one page
)

// xBit is the first bit of most fields: 1 from the station that received a DIS
// (T.30 5.3.6.1).
const xBit = 0x01

var names = map[FCF]string{
	DIS: "DIS", CSI: "CSI", NSF: "NSF", DTC: "DTC", CIG: "CIG", NSC: "NSC", PWD: "PWD", SEP: "SEP",
	DCS: "DCS", TSI: "TSI", NSS: "NSS", SUB: "SUB", SID: "SID", CTC: "CTC", CFR: "CFR", FTT: "FTT", CTR: "CTR",
	EOM: "EOM", MPS: "MPS", EOP: "EOP", PRIEOM: "PRI-EOM", PRIMPS: "PRI-MPS", PRIEOP: "PRI-EOP",
	PPS: "PPS", EOR: "EOR", RR: "RR", MCF: "MCF", RTP: "RTP", RTN: "RTN", PIP: "PIP", PIN: "PIN",
	PPR: "PPR", RNR: "RNR", ERR: "ERR", DCN: "DCN", CRP: "CRP", FCD: "FCD", RCP: "RCP", NULL: "NULL",
}

// String gives the name of T.30.
func (f FCF) String() string {
	if s, ok := names[f]; ok {
		return s
	}
	return fmt.Sprintf("FCF %02X", uint8(f))
}

// keepsX tells the fields whose first bit is part of the code: those of phase B
// that come as commands of a receiver.
func keepsX(f FCF) bool {
	switch f &^ xBit {
	case DIS, CSI, NSF, PWD &^ xBit, SEP &^ xBit:
		return true
	}
	return false
}

// postMessage gives the plain command of a PRI one.
func postMessage(f FCF) FCF {
	switch f {
	case PRIEOM:
		return EOM
	case PRIMPS:
		return MPS
	case PRIEOP:
		return EOP
	}
	return f
}

// isPostMessage tells the commands that end a page without ECM.
func isPostMessage(f FCF) bool {
	f = postMessage(f)
	return f == EOM || f == MPS || f == EOP
}
