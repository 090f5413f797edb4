package wire

import "strconv"

// FrameType is the type octet of a full frame (RFC 5456 8.2).
type FrameType uint8

// Frame types.
const (
	TypeDTMF      FrameType = 1 // a digit ends; Asterisk calls it DTMF_END
	TypeVoice     FrameType = 2
	TypeVideo     FrameType = 3
	TypeControl   FrameType = 4
	TypeNull      FrameType = 5
	TypeIAX       FrameType = 6
	TypeText      FrameType = 7
	TypeImage     FrameType = 8
	TypeHTML      FrameType = 9
	TypeCNG       FrameType = 10 // comfort noise
	TypeModem     FrameType = 11 // Asterisk
	TypeDTMFBegin FrameType = 12 // Asterisk
)

var frameTypeNames = map[FrameType]string{
	TypeDTMF: "DTMF", TypeVoice: "VOICE", TypeVideo: "VIDEO", TypeControl: "CONTROL", TypeNull: "NULL", TypeIAX: "IAX",
	TypeText: "TEXT", TypeImage: "IMAGE", TypeHTML: "HTML", TypeCNG: "CNG", TypeModem: "MODEM", TypeDTMFBegin: "DTMF_BEGIN",
}

// String gives the name of the type.
func (t FrameType) String() string {
	if s, ok := frameTypeNames[t]; ok {
		return s
	}
	return "TYPE_" + strconv.Itoa(int(t))
}

// Command is the subclass of an IAX frame (RFC 5456 8.4).
type Command uint8

// IAX commands. TXMEDIA, RTKEY and CALLTOKEN are Asterisk's.
const (
	New       Command = 1
	Ping      Command = 2
	Pong      Command = 3
	Ack       Command = 4
	Hangup    Command = 5
	Reject    Command = 6
	Accept    Command = 7
	AuthReq   Command = 8
	AuthRep   Command = 9
	Inval     Command = 10
	LagRq     Command = 11
	LagRp     Command = 12
	RegReq    Command = 13
	RegAuth   Command = 14
	RegAck    Command = 15
	RegRej    Command = 16
	RegRel    Command = 17
	VNAK      Command = 18
	DPReq     Command = 19
	DPRep     Command = 20
	Dial      Command = 21
	TxReq     Command = 22
	TxCnt     Command = 23
	TxAcc     Command = 24
	TxReady   Command = 25
	TxRel     Command = 26
	TxRej     Command = 27
	Quelch    Command = 28
	Unquelch  Command = 29
	Poke      Command = 30
	MWI       Command = 32
	Unsupport Command = 33
	Transfer  Command = 34
	Provision Command = 35
	FwDownl   Command = 36
	FwData    Command = 37
	TxMedia   Command = 38
	RTKey     Command = 39
	CallToken Command = 40
)

var commandNames = map[Command]string{
	New: "NEW", Ping: "PING", Pong: "PONG", Ack: "ACK", Hangup: "HANGUP", Reject: "REJECT", Accept: "ACCEPT",
	AuthReq: "AUTHREQ", AuthRep: "AUTHREP", Inval: "INVAL", LagRq: "LAGRQ", LagRp: "LAGRP", RegReq: "REGREQ",
	RegAuth: "REGAUTH", RegAck: "REGACK", RegRej: "REGREJ", RegRel: "REGREL", VNAK: "VNAK", DPReq: "DPREQ",
	DPRep: "DPREP", Dial: "DIAL", TxReq: "TXREQ", TxCnt: "TXCNT", TxAcc: "TXACC", TxReady: "TXREADY", TxRel: "TXREL",
	TxRej: "TXREJ", Quelch: "QUELCH", Unquelch: "UNQUELCH", Poke: "POKE", MWI: "MWI", Unsupport: "UNSUPPORT",
	Transfer: "TRANSFER", Provision: "PROVISION", FwDownl: "FWDOWNL", FwData: "FWDATA", TxMedia: "TXMEDIA",
	RTKey: "RTKEY", CallToken: "CALLTOKEN",
}

// String gives the RFC's name of a command.
func (c Command) String() string {
	if s, ok := commandNames[c]; ok {
		return s
	}
	return "IAX_" + strconv.Itoa(int(c))
}

// Control is the subclass of a control frame (RFC 5456 8.3); values above 17
// are Asterisk's.
type Control uint64

// Control frames.
const (
	ControlHangup     Control = 1
	ControlRing       Control = 2
	ControlRinging    Control = 3
	ControlAnswer     Control = 4
	ControlBusy       Control = 5
	ControlTakeOff    Control = 6
	ControlOffHook    Control = 7
	ControlCongestion Control = 8
	ControlFlash      Control = 9
	ControlWink       Control = 10
	ControlOption     Control = 11
	ControlKey        Control = 12
	ControlUnkey      Control = 13
	ControlProgress   Control = 14
	ControlProceeding Control = 15
	ControlHold       Control = 16
	ControlUnhold     Control = 17
	ControlVidUpdate  Control = 18
	ControlSrcUpdate  Control = 20
	ControlTransfer   Control = 21
	ControlConnected  Control = 22 // connected line update
	ControlRedirect   Control = 23
	ControlT38        Control = 24
	ControlSrcChange  Control = 26
)

// SubclassStopSounds is Asterisk's control frame "stop sounds", -1.
const SubclassStopSounds uint64 = 1<<64 - 1

var controlNames = map[Control]string{
	ControlHangup: "HANGUP", ControlRing: "RING", ControlRinging: "RINGING", ControlAnswer: "ANSWER", ControlBusy: "BUSY",
	ControlTakeOff: "TAKEOFFHOOK", ControlOffHook: "OFFHOOK", ControlCongestion: "CONGESTION", ControlFlash: "FLASH",
	ControlWink: "WINK", ControlOption: "OPTION", ControlKey: "KEY", ControlUnkey: "UNKEY", ControlProgress: "PROGRESS",
	ControlProceeding: "PROCEEDING", ControlHold: "HOLD", ControlUnhold: "UNHOLD", ControlVidUpdate: "VIDUPDATE",
	ControlSrcUpdate: "SRCUPDATE", ControlTransfer: "TRANSFER", ControlConnected: "CONNECTED_LINE", ControlRedirect: "REDIRECTING",
	ControlT38: "T38", ControlSrcChange: "SRCCHANGE", Control(SubclassStopSounds): "STOPSOUNDS",
}

// String gives the name of a control frame.
func (c Control) String() string {
	if s, ok := controlNames[c]; ok {
		return s
	}
	return "CONTROL_" + strconv.FormatUint(uint64(c), 10)
}
