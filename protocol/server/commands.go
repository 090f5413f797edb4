package server

import (
	"strings"
	"time"

	"github.com/litoria-fax/litoria/protocol"
)

// handler executes a command whose name was parsed already: parse all arguments, check, do, reply.
// An error is replied to by the caller.
type handler func(s *session, a *args) error

// newHandlers returns the handlers of all commands that are implemented.
func newHandlers() map[string]handler {
	h := map[string]handler{
		"USER": (*session).cmdUSER, "PASS": (*session).cmdPASS, "ADMIN": (*session).cmdADMIN,
		"REIN": (*session).cmdREIN, "QUIT": (*session).cmdQUIT, "NOOP": (*session).cmdNOOP,
		"AUTH": (*session).cmdAUTH, "PBSZ": (*session).cmdPBSZ, "PROT": (*session).cmdPROT,
		"FEAT": (*session).cmdFEAT, "SYST": (*session).cmdSYST, "HELP": (*session).cmdHELP,
		"STAT": (*session).cmdSTAT, "IDLE": (*session).cmdIDLE, "TZONE": (*session).cmdTZONE,
		"VRFY": (*session).cmdVRFY, "SHUT": (*session).cmdSHUT, "SITE": (*session).cmdSITE,

		"CWD": (*session).cmdCWD, "CDUP": (*session).cmdCDUP, "PWD": (*session).cmdPWD,
		"DELE": (*session).cmdDELE, "CHMOD": (*session).cmdCHMOD, "CHOWN": (*session).cmdCHOWN,
		"SIZE": (*session).cmdSIZE, "MDTM": (*session).cmdMDTM,
		"LIST": (*session).cmdLIST, "NLST": (*session).cmdNLST,

		"PORT": (*session).cmdPORT, "EPRT": (*session).cmdEPRT, "PASV": (*session).cmdPASV, "EPSV": (*session).cmdEPSV,
		"TYPE": (*session).cmdTYPE, "MODE": (*session).cmdMODE, "STRU": (*session).cmdSTRU, "FORM": (*session).cmdFORM,
		"REST": (*session).cmdREST, "RETR": (*session).cmdRETR, "RETP": (*session).cmdRETP,
		"STOR": (*session).cmdSTOR, "APPE": (*session).cmdAPPE, "STOT": (*session).cmdSTOT, "STOU": (*session).cmdSTOU,
		"ABOR": (*session).cmdABOR,

		"JNEW": (*session).cmdJNEW, "JOB": (*session).cmdJOB, "JPARM": (*session).cmdJPARM, "JREST": (*session).cmdJREST,
		"JSUBM": (*session).cmdJSUBM, "JDELE": (*session).cmdJDELE, "JWAIT": (*session).cmdJWAIT, "JGNEW": (*session).cmdJGNEW,
		"JKILL": jobOperation("kill", opKill), "JSUSP": jobOperation("suspend", opSuspend),
		"JINTR": jobOperation("interrupt", opInterrupt),

		"ANSWER": (*session).cmdANSWER, "DISABLE": (*session).cmdDISABLE, "ENABLE": (*session).cmdENABLE,
	}
	for _, name := range []string{
		"JOBFMT", "RCVFMT", "MDMFMT", "FILEFMT", "JOBSORTFMT", "RCVSORTFMT", "MDMSORTFMT", "FILESORTFMT",
	} {
		h[name] = formatCommand(name)
	}
	return h
}

func (s *session) cmdNOOP(a *args) error {
	if !a.end() {
		return a.err
	}
	s.ack(protocol.CodeOK, "NOOP")
	return nil
}

func (s *session) cmdSYST(a *args) error {
	if !a.end() {
		return a.err
	}
	s.reply(protocol.CodeSystem, "%s", s.srv.settings().SystemType)
	return nil
}

// cmdIDLE asks or sets how long the client may be idle.
func (s *session) cmdIDLE(a *args) error {
	if a.atEnd() {
		s.reply(protocol.CodeParameter, "%d seconds.", int(s.idleTimeout/time.Second))
		return nil
	}
	n := a.onlyNumber()
	if a.err != nil {
		return a.err
	}
	return s.setTimeout(n, &s.idleTimeout, s.srv.settings().MaxIdleTimeout, "Idle")
}

// maxTimeout is the longest timeout that an administrator may set, in seconds.
const maxTimeout = 7 * 24 * 3600

func (s *session) setTimeout(n int64, timeout *time.Duration, limit time.Duration, name string) error {
	most := int64(limit / time.Second)
	switch {
	case n < 0 || n > maxTimeout || n > most && !s.admin:
		*timeout = limit
		s.reply(protocol.CodeParameter, "%d: %s timeout too large, set to %d.", n, name, most)
	default:
		*timeout = time.Duration(n) * time.Second
		s.reply(protocol.CodeParameter, "%s timeout set to %d.", name, n)
	}
	return nil
}

// cmdTZONE asks or sets the zone in which times are printed.
func (s *session) cmdTZONE(a *args) error {
	if a.atEnd() {
		s.reply(protocol.CodeOK, "Time values are handled in %s.", s.zoneName())
		return nil
	}
	zone := strings.ToUpper(a.only("timezone specification"))
	if a.err != nil {
		return a.err
	}
	if zone != "GMT" && zone != "LOCAL" {
		return protocol.Errorf(protocol.CodeBadValue, "Unknown timezone specification %s.", zone)
	}
	s.gmt = zone == "GMT"
	s.reply(protocol.CodeOK, "Using time values in %s.", s.zoneName())
	return nil
}

// formatCommand makes the handler that asks or sets a format of listings.
func formatCommand(name string) handler {
	return func(s *session, a *args) error {
		if a.atEnd() {
			s.reply(protocol.CodeOK, "%s", s.formats[name])
			return nil
		}
		format := a.only("format-string")
		if a.err != nil {
			return a.err
		}
		if strings.HasSuffix(name, "SORTFMT") && !s.srv.settings().AllowSorting {
			return bad(protocol.CodeNotLoggedIn, "Local policy disables sorting.")
		}
		s.formats[name] = format
		s.ack(protocol.CodeOK, name)
		return nil
	}
}

// cmdVRFY tells which server would send to a number: this one.
func (s *session) cmdVRFY(a *args) error {
	a.only("dialstring")
	if a.err != nil {
		return a.err
	}
	s.reply(protocol.CodeOK, "%s (%s)", s.srv.hostname, localIP(s.conn))
	return nil
}

func (s *session) cmdTYPE(a *args) error {
	name := a.only("transfer type")
	if a.err != nil {
		return a.err
	}
	types := map[string]transferType{"A": typeASCII, "I": typeImage, "L": typeLocal}
	t, ok := types[strings.ToUpper(name)]
	if !ok {
		return protocol.Errorf(protocol.CodeBadJob, "Type %s not supported.", name)
	}
	s.kind = t
	s.reply(protocol.CodeOK, "Type set to %s.", t)
	return nil
}

func (s *session) cmdMODE(a *args) error {
	name := a.only("transfer mode")
	if a.err != nil {
		return a.err
	}
	modes := map[string]transferMode{"S": modeStream, "Z": modeZip}
	m, ok := modes[strings.ToUpper(name)]
	if !ok {
		return protocol.Errorf(protocol.CodeBadJob, "Mode %s not supported.", name)
	}
	s.mode = m
	s.reply(protocol.CodeOK, "Mode set to %s.", m)
	return nil
}

func (s *session) cmdSTRU(a *args) error {
	name := a.only("file structure")
	if a.err != nil {
		return a.err
	}
	structures := map[string]string{"F": "File", "T": "TIFF"}
	structure, ok := structures[strings.ToUpper(name)]
	if !ok {
		return protocol.Errorf(protocol.CodeBadJob, "Structure %s not supported.", name)
	}
	s.structure = structure
	s.reply(protocol.CodeOK, "Structure set to %s.", structure)
	return nil
}

func (s *session) cmdFORM(a *args) error {
	name := a.only("document format")
	if a.err != nil {
		return a.err
	}
	f := formByName(name)
	if f == nil {
		return protocol.Errorf(protocol.CodeBadJob, "Unknown format %s.", name)
	}
	s.form = f
	s.reply(protocol.CodeOK, "Format set to %s.", f.name)
	return nil
}

// cmdREST makes the next transfer start inside of the file: at an octet, in TYPE A at a line; for
// RETP at a page.
func (s *session) cmdREST(a *args) error {
	n := a.onlyNumber()
	if a.err != nil {
		return a.err
	}
	if n < 0 {
		return &syntaxError{"invalid number"}
	}
	s.restart = n
	s.reply(protocol.CodeRestart, "Data transfer will restart at %d, send transfer command", n)
	return nil
}

// cmdHELP lists commands, or explains one.
func (s *session) cmdHELP(a *args) error {
	if a.atEnd() {
		s.helpTable(s.srv.commands, "")
		return nil
	}
	name := strings.ToUpper(a.only("command name"))
	if a.err != nil {
		return a.err
	}
	switch name {
	case "SITE":
		s.helpTable(s.srv.site, "SITE ")
	case "JPARM", "JGPARM":
		s.helpTable(parameterCommands(s.srv.parameters), "JPARM ")
	default:
		return s.helpOne(s.srv.commands, "", name)
	}
	return nil
}

func parameterCommands(params []protocol.Parameter) []protocol.Command {
	table := make([]protocol.Command, len(params))
	for i := range params {
		table[i] = params[i].Command
	}
	return table
}

func (s *session) helpTable(table []protocol.Command, kind string) {
	s.more(protocol.CodeHelp, "The following %scommands are recognized (* =>'s unimplemented).", kind)
	for _, l := range protocol.HelpTable(table) {
		s.line("%s", l)
	}
	s.reply(protocol.CodeHelp, "Direct comments to %s.", s.srv.settings().contact(s.srv.hostname))
}

// helpTab is where HELP's explanations begin.
const helpTab = 8

func (s *session) helpOne(table []protocol.Command, kind, name string) error {
	c, ok := protocol.Lookup(table, name)
	switch {
	case !ok:
		return protocol.Errorf(protocol.CodeNotImplemented, "Unknown command %s.", name)
	case c.Implemented:
		s.reply(protocol.CodeHelp, "Syntax: %s%s %s", kind, c.Name, c.Help)
	default:
		width := 0
		for _, other := range table {
			width = max(width, len(other.Name))
		}
		s.reply(protocol.CodeHelp, "%s%-*s\t%s; unimplemented.", kind, (width+helpTab)&^(helpTab-1), c.Name, c.Help)
	}
	return nil
}

// cmdSITE runs the commands that are HylaFAX's own even among HylaFAX's.
func (s *session) cmdSITE(a *args) error {
	a.space()
	name := strings.ToUpper(a.word("site command"))
	if a.err != nil {
		return a.err
	}
	c, ok := protocol.Lookup(s.srv.site, name)
	switch {
	case !ok:
		return bad(protocol.CodeSyntax, "SITE %s: Command not recognized.", name)
	case !c.Implemented:
		return bad(protocol.CodeNotImplemented, "SITE %s: Command not implemented.", c.Name)
	}
	switch c.Name {
	case "ADDMODEM":
		return s.siteADDMODEM(a)
	case "DELMODEM":
		return s.siteDELMODEM(a)
	case "ADDUSER":
		return s.siteADDUSER(a)
	case "DELUSER":
		return s.siteDELUSER(a)
	case "CONFIG":
		return s.siteCONFIG(a)
	case "TRIGGER":
		return s.siteTRIGGER(a)
	case "LOCKWAIT":
		return s.siteLOCKWAIT(a)
	}
	return s.siteHELP(a)
}

func (s *session) siteHELP(a *args) error {
	if a.atEnd() {
		s.helpTable(s.srv.site, "SITE ")
		return nil
	}
	name := a.only("command name")
	if a.err != nil {
		return a.err
	}
	return s.helpOne(s.srv.site, "SITE ", name)
}

// siteLOCKWAIT asks or sets how long to wait for the lock of a job.
func (s *session) siteLOCKWAIT(a *args) error {
	if a.atEnd() {
		s.reply(protocol.CodeParameter, "%d seconds.", int(s.lockTimeout/time.Second))
		return nil
	}
	n := a.onlyNumber()
	if a.err != nil {
		return a.err
	}
	return s.setTimeout(n, &s.lockTimeout, s.srv.settings().MaxLockTimeout, "Lock")
}
