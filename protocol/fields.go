package protocol

// Fields describes the letters that one kind of format string knows.
type Fields []Field

// Field is one letter of a format string.
type Field struct {
	Letter byte
	Title  string // column title of faxstat
	Name   string // name in JSON output
}

// Title returns the column title of a letter.
func (f Fields) Title(letter byte) (string, bool) {
	for i := range f {
		if f[i].Letter == letter {
			return f[i].Title, true
		}
	}
	return "", false
}

// The default formats of the listings (hfaxd(8)).
const (
	DefaultJobFormat     = "%-4j %3i %1a %6.6o %-12.12e %5P %5D %7z %.25s"
	DefaultReceiveFormat = "%-7m %4p%1z %-8.8o %14.14s %7t %f"
	DefaultModemFormat   = "Modem %m (%n): %s"
	DefaultFileFormat    = "%-7p %3l %8o %8s %-12.12m %.48f"
)

// JobFields returns the letters of JOBFMT: listings of sendq and doneq.
func JobFields() Fields {
	return Fields{
		{'A', "SUB", "subAddress"},
		{'B', "PWD", "password"},
		{'C', "Company", "company"},
		{'D', "Dials", "dials"},
		{'E', "BR", "desiredSignallingRate"},
		{'F', "Tagline", "tagLine"},
		{'G', "ST", "desiredScanlineTime"},
		{'H', "DF", "desiredDataFormat"},
		{'I', "UsrPri", "clientPriority"},
		{'J', "JobTag", "jobTag"},
		{'K', "EC", "ecm"},
		{'L', "Location", "location"},
		{'M', "MailAddr", "mailAddress"},
		{'N', "DT", "privateTagLine"},
		{'O', "CC", "continuationCover"},
		{'P', "Pages", "pages"},
		{'Q', "MinSP", "minimumSignallingRate"},
		{'R', "Receiver", "receiver"},
		{'S', "Sender", "sender"},
		{'T', "Tries", "tries"},
		{'U', "ChopThreshold", "chopThreshold"},
		{'V', "DoneOp", "doneOperation"},
		{'W', "CommID", "communication"},
		{'X', "JobType", "type"},
		{'Y', "Date       Time", "sendTime"},
		{'Z', "UNIX Time", "sendTimeUnix"},
		{'a', "State", "state"},
		{'b', "NTries", "consecutiveTries"},
		{'c', "Client", "client"},
		{'d', "TotDials", "totalDials"},
		{'e', "Number", "number"},
		{'f', "NDials", "consecutiveDials"},
		{'g', "GID", "group"},
		{'h', "Chop", "pageChop"},
		{'i', "Priority", "priority"},
		{'j', "JID", "id"},
		{'k', "LastTime", "killTime"},
		{'l', "PageLength", "pageLength"},
		{'m', "Modem", "modem"},
		{'n', "Notify", "notify"},
		{'o', "Owner", "owner"},
		{'p', "Pages", "pagesSent"},
		{'q', "RetryTime", "retryTime"},
		{'r', "Resolution", "resolution"},
		{'s', "Status", "status"},
		{'t', "TotTries", "totalTries"},
		{'u', "MaxTries", "maximumTries"},
		{'v', "DialString", "dialString"},
		{'w', "PageWidth", "pageWidth"},
		{'x', "MaxDials", "maximumDials"},
		{'y', "TotPages", "totalPages"},
		{'z', "TTS", "timeToSend"},
	}
}

// ReceiveFields returns the letters of RCVFMT: listings of recvq and pollq.
func ReceiveFields() Fields {
	return Fields{
		{'Y', "Date       Time", "received"},
		{'Z', "UNIX Time", "receivedUnix"},
		{'a', "SUB", "subAddress"},
		{'b', "BR", "signallingRate"},
		{'d', "DF", "dataFormat"},
		{'e', "Error", "error"},
		{'f', "Filename", "file"},
		{'h', "Time", "duration"},
		{'i', "CIDName", "callerName"},
		{'j', "CIDNumber", "callerNumber"},
		{'l', "Length", "pageLength"},
		{'m', "Protect", "protection"},
		{'n', "Size", "size"},
		{'o', "Owner", "owner"},
		{'p', "Pages", "pages"},
		{'q', "Protect", "unixProtection"},
		{'r', "Resolution", "resolution"},
		{'s', "Sender/TSI", "sender"},
		{'t', "Recvd@", "receivedCompact"},
		{'w', "Width", "pageWidth"},
		{'z', " ", "receiving"},
	}
}

// ModemFields returns the letters of MDMFMT: the listing of status.
func ModemFields() Fields {
	return Fields{
		{'h', "Host", "host"},
		{'l', "LocalID", "localIdentifier"},
		{'m', "Modem", "modem"},
		{'n', "Number", "number"},
		{'r', "MaxRecv", "maximumReceivePages"},
		{'s', "Status", "status"},
		{'t', "Tracing", "tracing"},
		{'v', "Speaker", "speaker"},
		{'z', " ", "running"},
	}
}

// FileFields returns the letters of FILEFMT: listings of every other directory.
func FileFields() Fields {
	return Fields{
		{'a', "LastAcc", "accessed"},
		{'c', "Created", "created"},
		{'d', "Device", "device"},
		{'f', "Filename", "file"},
		{'g', "GID", "group"},
		{'i', "Inode", "inode"},
		{'l', "Links", "links"},
		{'m', "LastMod", "modified"},
		{'o', "Owner", "owner"},
		{'p', "Protect", "protection"},
		{'q', "Protect", "unixProtection"},
		{'r', "RootDev", "rootDevice"},
		{'s', "Size", "size"},
		{'u', "UID", "user"},
	}
}
