package t30

import "fmt"

// State is where a session is. In a Sending state the machine waits for
// SentEvent alone, in the others for the far end or a timer.
type State uint8

// The states, with what they wait for, their timer and clause.
const (
	// Idle: before Start.
	Idle State = iota

	// Calling: CNG is sent and DIS waited for. T1 ends the call, or T0 while it is
	// heard ringing at the far end (5.4.3.1).
	Calling
	// SendingCED: the answering tone is sent (4.3.3.4).
	SendingCED
	// SendingDIS: NSF, CSI, DIS are sent (5.2.3).
	SendingDIS
	// AwaitingDCS: our DIS or DTC is out, or training is to come again. T4
	// repeats the DIS or DTC; T1 (DTC: the number of tries) ends the call.
	AwaitingDCS
	// SendingDTC: PWD, SEP, CIG, DTC are sent: we poll.
	SendingDTC

	// SendingDCS: TSI, SUB, SID, DCS are sent (Figure 5-2, D).
	SendingDCS
	// SendingTCF: the training check follows it.
	SendingTCF
	// AwaitingCFR: CFR, FTT or a repeated DIS is to come. T4 repeats DCS and TCF.
	AwaitingCFR

	// SendingImage: phase C without ECM.
	SendingImage
	// SendingPostMessage: MPS, EOM or EOP is sent.
	SendingPostMessage
	// AwaitingConfirmation: MCF, RTP, RTN, PIP, PIN. T4 repeats the command.
	AwaitingConfirmation

	// SendingBlock: phase C with ECM; all frames of a block, or those asked for.
	SendingBlock
	// SendingPPS: the partial page signal is sent (A.4.3).
	SendingPPS
	// AwaitingPPSResponse: MCF, PPR, RNR, PIP, PIN. T4 repeats the PPS.
	AwaitingPPSResponse
	// SendingRR: after an RNR (A.3.5).
	SendingRR
	// AwaitingRRResponse: RNR, or what would have come in its place. T4 repeats
	// RR, T5 ends the call.
	AwaitingRRResponse
	// SendingCTC: after the fourth PPR of a block the rate may change (A.4.1).
	SendingCTC
	// AwaitingCTR: T4 repeats the CTC.
	AwaitingCTR
	// SendingEOR: the block is given up (A.4.3).
	SendingEOR
	// AwaitingERR: T4 repeats the EOR.
	AwaitingERR

	// AwaitingDIS: after EOM the receiver begins phase B again; T1.
	AwaitingDIS

	// AwaitingTCF: a DCS came, the training check is to follow. A timer sends FTT.
	AwaitingTCF
	// SendingTrainingResponse: CFR or FTT is sent.
	SendingTrainingResponse
	// AwaitingPage: the carrier of an image or block, or a command again. T2.
	AwaitingPage
	// ReceivingPage: the fast carrier is there.
	ReceivingPage
	// AwaitingPostMessage: after the fast carrier its MPS, PPS and so on. T2.
	AwaitingPostMessage
	// SendingResponse: MCF, RTN, PPR and so on are sent.
	SendingResponse
	// AwaitingPhaseB: EOM was confirmed. T2 goes back to DIS (Figure 5-2, R).
	AwaitingPhaseB
	// AwaitingDCN: EOP was confirmed; DCN or the end of the line. T2 hangs up.
	AwaitingDCN
	// SendingCRP: a damaged command is asked for again (5.3.6.1.8).
	SendingCRP

	// SendingDCN: the last that is sent.
	SendingDCN
	// AwaitingHangup: DCN was sent or received. The far end is left the time to
	// take it or to end its own: some call a session failed whose line ends first.
	AwaitingHangup
	// Ended: the call is hung up.
	Ended
)

var stateNames = [...]string{
	"Idle", "Calling", "SendingCED", "SendingDIS", "AwaitingDCS", "SendingDTC",
	"SendingDCS", "SendingTCF", "AwaitingCFR",
	"SendingImage", "SendingPostMessage", "AwaitingConfirmation",
	"SendingBlock", "SendingPPS", "AwaitingPPSResponse", "SendingRR", "AwaitingRRResponse",
	"SendingCTC", "AwaitingCTR", "SendingEOR", "AwaitingERR", "AwaitingDIS",
	"AwaitingTCF", "SendingTrainingResponse", "AwaitingPage", "ReceivingPage",
	"AwaitingPostMessage", "SendingResponse", "AwaitingPhaseB", "AwaitingDCN", "SendingCRP",
	"SendingDCN", "AwaitingHangup", "Ended",
}

// String names the state.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}

// sending tells the states that wait for SentEvent.
func (s State) sending() bool {
	switch s {
	case SendingCED, SendingDIS, SendingDTC, SendingDCS, SendingTCF, SendingImage, SendingPostMessage,
		SendingBlock, SendingPPS, SendingRR, SendingCTC, SendingEOR, SendingTrainingResponse,
		SendingResponse, SendingCRP, SendingDCN:
		return true
	default:
		return false
	}
}

// receiver tells the states in which we are the receiver of pages, or may become.
func (s State) receiver() bool {
	switch s {
	case AwaitingDCS, AwaitingTCF, AwaitingPage, ReceivingPage, AwaitingPostMessage, AwaitingPhaseB, AwaitingDCN:
		return true
	default:
		return false
	}
}
