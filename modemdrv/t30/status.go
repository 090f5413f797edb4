package t30

// What sessions end with: HylaFAX's words and numbers (its STATUS list), with
// our own where it has none.
var (
	statusBusyTone     = Status{0, "Busy signal detected"}
	statusNoAnswer     = Status{0, "No answer from remote"}
	statusHangup       = Status{0, "Call dropped by the other side"}
	statusAborted      = Status{345, "Call aborted by user"}
	statusNoReceiver   = Status{126, "No receiver protocol (T.30 T1 timeout)"}
	statusNoSender     = Status{102, "No sender protocol (T.30 T1 timeout)"}
	statusCannot       = Status{122, "Remote has no T.4 receiver capability"}
	statusDTC          = Status{123, "DTC received when expecting DIS (not supported)"}
	statusDCNPhaseB    = Status{124, "COMREC error in transmit Phase B/got DCN"}
	statusNoDIS        = Status{125, "COMREC invalid command received/no DIS or DTC"}
	statusDCNTraining  = Status{103, "RSPREC error/got DCN (receiver abort)"}
	statusDCNSender    = Status{108, "COMREC received DCN (sender abort)"}
	statusDisconnected = Status{128, "Remote fax disconnected prematurely"}
	statusInterrupt    = Status{129, "Procedure interrupt (operator intervention)"}
	statusRTN          = Status{130, "Unable to transmit page (giving up after RTN)"}
	statusRTN3         = Status{131, "Unable to transmit page (giving up after 3 attempts)"}
	statusPIN          = Status{133, "Unable to transmit page (NAK with operator intervention)"}
	statusRepeated     = Status{135, "Fax protocol error (command repeated 3 times)"}
	statusDCSIgnored   = Status{136, "DIS/DTC received 3 times; DCS not recognized"}
	statusTraining     = Status{137, "Failure to train remote modem at 2400 bps or minimum speed"}
	statusT5           = Status{138, "Receiver flow control exceeded timer."}
	statusNoRR         = Status{139, "No response to RR repeated 3 times."}
	statusNoCTC        = Status{141, "No response to CTC repeated 3 times."}
	statusUnclean      = Status{143, "Failure to transmit clean ECM image data."}
	statusNoEOR        = Status{144, "No response to EOR repeated 3 times."}
	statusNoPPS        = Status{147, "No response to PPS repeated 3 times."}
	statusNoMPS        = Status{150, "No response to MPS repeated 3 tries"}
	statusNoEOP        = Status{151, "No response to EOP repeated 3 tries"}
	statusNoEOM        = Status{152, "No response to EOM repeated 3 tries"}
	statusNoDCS        = Status{0, "No response to DCS and training repeated 3 times"}
	statusNoDTC        = Status{0, "No response to DTC repeated 3 times"}
	statusStalled      = Status{0, "No page came through for too long"}
	statusT2           = Status{118, "T.30 T2 timeout, expected signal not received"}
	statusMaxPages     = Status{304, "Maximum receive page count exceeded, call terminated"}
	statusTSI          = Status{350, "Permission denied (unnacceptable client TSI)"}
	statusBadPage      = Status{0, "Page received with unacceptable quality, call terminated"}
	statusStore        = Status{908, "Write error: received page could not be stored"}
	statusNoPoll       = Status{601, "remote has no document to poll"}
	statusPollRefused  = Status{0, "Permission denied (unacceptable poll request)"}
	statusPollDenied   = Status{602, "Poll request refused by the remote side"}
	statusPageCode     = Status{402, "Document is not in a Group 3 or Group 4 compatible format"}
)

// noResponse is the status for a post-message command that was never answered.
func noResponse(f FCF) Status {
	switch postMessage(f) {
	case MPS:
		return statusNoMPS
	case EOM:
		return statusNoEOM
	}
	return statusNoEOP
}
