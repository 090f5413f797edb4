package protocol

import "strings"

// ParameterKind is the type of a job parameter: the grammar of JPARM's argument.
type ParameterKind uint8

// The types of job parameters.
const (
	ParamText     ParameterKind = iota // free text to the end of the line
	ParamNumber                        // decimal number
	ParamBool                          // YES or NO
	ParamFloat                         // decimal number with a fraction
	ParamEnum                          // one word of a list
	ParamTime                          // NOW or YYYYMMDDHHMM
	ParamLifetime                      // DDHHMM
	ParamInterval                      // MMSS
	ParamDocument                      // path of an uploaded document
	ParamPoll                          // selector and optional password
	ParamHelp                          // JPARM HELP
)

// Access says who may do what with a job parameter. Ownership of a job goes by login name.
type Access uint8

// The rights on job parameters.
const (
	OwnerRead Access = 1 << iota
	OwnerWrite
	AdminRead
	AdminWrite
	OtherRead
)

const (
	readable = OwnerRead | AdminRead | OtherRead // everybody may read, nobody may write
	writable = readable | OwnerWrite | AdminWrite
	private  = OwnerRead | OwnerWrite | AdminRead | AdminWrite
	adminSet = readable | AdminWrite
)

// Parameter describes one job parameter of JPARM.
type Parameter struct {
	Command               // name and help
	Field   string        // tag of the job file that holds it (sendq(5)); "" where there is none
	Kind    ParameterKind // type
	Access  Access
	Values  []string // of ParamEnum, in the order of their numbers in the job file
}

// The words of enumerated parameters; the position of a word is its number in the job file.
func notifyValues() []string { return []string{"NONE", "DONE", "REQUEUE", "DONE+REQUEUE"} }
func chopValues() []string   { return []string{"DEFAULT", "NONE", "ALL", "LAST"} }
func formatValues() []string { return []string{"G31D", "G32D", "G32DUNC", "G4"} }

// StateNames returns the words of JPARM STATE; the position is the state's number (sendq(5)).
func StateNames() []string {
	return []string{"UNDEFINED", "SUSPENDED", "PENDING", "SLEEPING", "BLOCKED", "READY", "ACTIVE", "DONE", "FAILED"}
}

// Parameters returns the job parameters in the order of HELP JPARM.
func Parameters() []Parameter {
	p := func(name, help, field string, kind ParameterKind, access Access, values ...string) Parameter {
		return Parameter{Command{name, false, true, false, help}, field, kind, access, values}
	}
	table := []Parameter{
		p("ACCTINFO", "[<string>]", "", ParamText, 0),
		p("BEGBR", "[ANY|bit-rate]", "desiredbr", ParamNumber, writable),
		p("BEGST", "[ANY|scanline-time]", "desiredst", ParamNumber, writable),
		p("CHOPTHRESHOLD", "[inches]", "chopthreshold", ParamFloat, writable),
		p("CLIENT", "[<string>]", "client", ParamText, adminSet),
		p("COMMENTS", "[<string>]", "comments", ParamText, writable),
		p("COMMID", "(communication identifier)", "commid", ParamText, readable),
		p("COVER", "path-name", "", ParamDocument, writable),
		p("DATAFORMAT", "[ANY|G31D|G32D|G4]", "desireddf", ParamEnum, writable, formatValues()...),
		p("DIALSTRING", "[<string>]", "number", ParamText, private),
		p("DOCUMENT", "path-name", "", ParamDocument, writable),
		p("DONEOP", "[<string>]", "doneop", ParamText, writable),
		p("EXTERNAL", "[<string>]", "external", ParamText, writable),
		p("ERRORCODE", "[<string>]", "statuscode", ParamText, readable),
		p("FAXNUMBER", "[<string>]", "faxnumber", ParamText, writable),
		p("FROMCOMPANY", "[<string>]", "fromcompany", ParamText, writable),
		p("FROMLOCATION", "[<string>]", "fromlocation", ParamText, writable),
		p("FROMUSER", "[<string>]", "sender", ParamText, writable),
		p("FROMVOICE", "[<string>]", "fromvoice", ParamText, writable),
		p("GROUPID", "(job group identifier)", "groupid", ParamText, readable),
		p("HRES", "[dots-per-inch]", "", ParamNumber, 0),
		p("JOBID", "(job identifier)", "jobid", ParamText, readable),
		p("JOBINFO", "[<string>]", "jobtag", ParamText, writable),
		p("JOBTYPE", "(job type)", "jobtype", ParamText, readable),
		p("LASTTIME", "[DDHHSS]", "killtime", ParamLifetime, writable),
		p("MAXDIALS", "[<number>]", "maxdials", ParamNumber, writable),
		p("MAXPAGES", "[<number>]", "", ParamNumber, writable),
		p("MAXTRIES", "[<number>]", "maxtries", ParamNumber, writable),
		p("MINBR", "[ANY|bit-rate]", "minbr", ParamNumber, writable),
		p("MODEM", "[device|class]", "modem", ParamText, writable),
		p("NDIALS", "[<number>]", "ndials", ParamNumber, readable),
		p("NOTIFY", "[NONE|DONE|REQUEUE|DONE+REQUEUE]", "notify", ParamEnum, writable, notifyValues()...),
		p("NOTIFYADDR", "[email-address]", "mailaddr", ParamText, writable),
		p("NPAGES", "[<number>]", "npages", ParamNumber, readable),
		p("NTRIES", "[<number>]", "ntries", ParamNumber, readable),
		p("OWNER", "[<name>|<number>]", "owner", ParamText, adminSet),
		p("PAGECHOP", "[DEFAULT|NONE|ALL|LAST]", "pagechop", ParamEnum, writable, chopValues()...),
		p("PAGELENGTH", "[millimeters]", "pagelength", ParamNumber, writable),
		p("PAGERANGE", "[<page range>]", "pagerange", ParamText, writable),
		p("PAGEWIDTH", "[millimeters]", "pagewidth", ParamNumber, writable),
		p("PASSWD", "[<string>]", "passwd", ParamText, private),
		p("POLL", "selector [passwd]", "", ParamPoll, writable),
		p("REGARDING", "[<string>]", "regarding", ParamText, writable),
		p("RETRYTIME", "[HHSS]", "retrytime", ParamInterval, writable),
		p("SCHEDPRI", "[<number>]", "priority", ParamNumber, writable),
		p("SENDTIME", "[NOW|YYYYMMDDHHSS]", "tts", ParamTime, writable),
		p("STATE", "(job state)", "state", ParamText, readable),
		p("STATUS", "[string]", "status", ParamText, readable),
		p("STATUSCODE", "[code]", "statuscode", ParamText, readable),
		p("SUBADDR", "[<string>]", "subaddr", ParamText, writable),
		p("TAGLINE", "[<string>]", "tagline", ParamText, writable),
		p("TOCOMPANY", "[<string>]", "company", ParamText, writable),
		p("TOLOCATION", "[<string>]", "location", ParamText, writable),
		p("TOTDIALS", "[<number>]", "totdials", ParamNumber, readable),
		p("TOTPAGES", "[<number>]", "totpages", ParamNumber, readable),
		p("TOTTRIES", "[<number>]", "tottries", ParamNumber, readable),
		p("TOUSER", "[<string>]", "receiver", ParamText, writable),
		p("TOVOICE", "[<string>]", "voice", ParamText, writable),
		p("TSI", "[<string>]", "tsi", ParamText, writable),
		p("USECONTCOVER", "[YES|NO]", "useccover", ParamBool, adminSet),
		p("USEXVRES", "[YES|NO]", "usexvres", ParamBool, writable),
		p("USEECM", "[YES|NO]", "desiredec", ParamBool, writable),
		p("USETAGLINE", "[YES|NO]", "desiredtl", ParamBool, writable),
		p("USRKEY", "[<string>]", "jobtag", ParamText, writable),
		p("VRES", "[lines-per-inch]", "resolution", ParamNumber, writable),
		p("HELP", "[<string>]", "", ParamHelp, 0),
	}
	for i := range table {
		if n := table[i].Name; n == "ACCTINFO" || n == "HRES" {
			table[i].Implemented = false
		}
	}
	return table
}

// ownParameters are those that HylaFAX does not have; HELP JPARM does not list
// them, so that it says what HylaFAX's does.
func ownParameters() []Parameter {
	return []Parameter{
		// DUPKEY marks a submission: one job of an owner is taken with a key.
		{Command{"DUPKEY", false, true, false, "[<string>]"}, "dupkey", ParamText, writable, nil},
	}
}

// LookupParameter finds a parameter by its name in any case: in a table, or
// among our own.
func LookupParameter(table []Parameter, name string) (*Parameter, bool) {
	for _, t := range [][]Parameter{table, ownParameters()} {
		for i := range t {
			if strings.EqualFold(t[i].Name, name) {
				return &t[i], true
			}
		}
	}
	return nil, false
}
