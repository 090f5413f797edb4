package protocol

import "strings"

// Command describes one command of the protocol, a SITE command, or, for help, a job parameter.
type Command struct {
	Name        string
	Login       bool   // only after login
	Implemented bool   // false: the name is known and refused with 502
	Extension   bool   // unknown to HylaFAX's hfaxd: left out of its HELP listing
	Help        string // syntax of the arguments as HELP shows it
}

// Commands returns the commands in the order of HELP.
func Commands() []Command {
	return []Command{
		{"ABOR", false, true, false, "[modem] (abort operation)"},
		{"ACCT", false, false, false, "(specify account)"},
		{"ADMIN", true, true, false, "password"},
		{"ALLO", false, false, false, "(allocate disk space)"},
		{"ANSWER", true, true, false, "modem [DATA|VOICE|FAX]"},
		{"APPE", true, true, false, "file-name"},
		{"CWD", true, true, false, "[directory-name]"},
		{"CDUP", true, true, false, "(change directory up one level)"},
		{"CHMOD", true, true, false, "file-name mode"},
		{"CHOWN", true, true, false, "file-name user"},
		{"DELE", true, true, false, "file-name"},
		{"DISABLE", true, true, false, "modem [reason]"},
		{"ENABLE", true, true, false, "modem"},
		{"EPRT", true, true, false, "|f|addr|port|"},
		{"EPSV", true, true, false, "(set server in passive mode with extended result)"},
		{"HELP", false, true, false, "[<string>]"},
		{"FILEFMT", true, true, false, "[format-string]"},
		{"FILESORTFMT", true, true, false, "[format-string]"},
		{"FORM", true, true, false, "format-type"},
		{"IDLE", true, true, false, "[max-idle-timeout]"},
		{"JDELE", true, true, false, "[job-id]"},
		{"JINTR", true, true, false, "[job-id]"},
		{"JKILL", true, true, false, "[job-id]"},
		{"JNEW", true, true, false, ""},
		{"JOB", true, true, false, "[job-id]"},
		{"JOBFMT", true, true, false, "[format-string]"},
		{"JOBSORTFMT", true, true, false, "[format-string]"},
		{"JPARM", true, true, false, "[parm-name [parm-value]]"},
		{"JREST", true, true, false, "(reset current job state)"},
		{"JSUBM", true, true, false, "[job-id]"},
		{"JSUSP", true, true, false, "[job-id]"},
		{"JWAIT", true, true, false, "[job-id]"},
		{"JGDELE", true, false, false, "[jobgroup-id]"},
		{"JGINTR", true, false, false, "[jobgroup-id]"},
		{"JGKILL", true, false, false, "[jobgroup-id]"},
		{"JGNEW", true, true, false, ""},
		{"JGPARM", true, false, false, "parm-name [parm-value]"},
		{"JGREST", true, false, false, "(reset current job group state)"},
		{"JGRP", true, false, false, "[jobgroup-id]"},
		{"JGSUBM", true, false, false, "[jobgroup-id]"},
		{"JGSUSP", true, false, false, "[jobgroup-id]"},
		{"JGWAIT", true, false, false, "[jobgroup-id]"},
		{"LIST", true, true, false, "[path-name]"},
		{"MDTM", true, true, false, "path-name"},
		{"MODE", false, true, false, "(specify transfer mode)"},
		{"MDMFMT", true, true, false, "[format-string]"},
		{"MDMSORTFMT", true, true, false, "[format-string]"},
		{"NLST", true, true, false, "[path-name]"},
		{"NOOP", false, true, false, ""},
		{"PASS", false, true, false, "password"},
		{"PASV", true, true, false, "(set server in passive mode)"},
		{"PORT", true, true, false, "a0,a1,a2,a3,p0,p1"},
		{"PWD", true, true, false, "(print working directory)"},
		{"QUIT", false, true, false, "(terminate service)"},
		{"RCVFMT", true, true, false, "[format-string]"},
		{"RCVSORTFMT", true, true, false, "[format-string]"},
		{"REIN", false, true, false, "(reinitialize server state)"},
		{"REST", true, true, false, "restart-marker"},
		{"RETP", true, true, false, "file-name"},
		{"RETR", true, true, false, "file-name"},
		{"RNFR", true, false, false, "file-name"},
		{"RNTO", true, false, false, "file-name"},
		{"SHUT", true, true, false, "NOW|HHSS|YYYYMMDDHHSS [reason]"},
		{"SITE", true, true, false, "site-cmd [arguments]"},
		{"SIZE", true, true, false, "path-name"},
		{"STAT", false, true, false, "[path-name]"},
		{"STOR", true, true, false, "file-name"},
		{"STOT", true, true, false, "(store unique temporary)"},
		{"STOU", true, true, false, "(store unique)"},
		{"STRU", false, true, false, "file-structure"},
		{"SYST", true, true, false, "(return system type)"},
		{"TZONE", true, true, false, "[GMT|LOCAL]"},
		{"TYPE", false, true, false, "transfer-type"},
		{"USER", false, true, false, "username"},
		{"VRFY", false, true, false, "dialstring"},
		// What HylaFAX has not: TLS (RFC 4217) and the list of features (RFC 2389).
		{"AUTH", false, true, true, "TLS"},
		{"PBSZ", false, true, true, "0"},
		{"PROT", false, true, true, "C|P"},
		{"FEAT", false, true, true, ""},
	}
}

// SiteCommands returns the SITE commands in the order of SITE HELP.
func SiteCommands() []Command {
	return []Command{
		{"ADDMODEM", false, true, false, "modem \"tag: value\" ..."},
		{"ADDUSER", false, true, false, "user-spec [passwd [adminwd]]"},
		{"CONFIG", false, true, false, "[parm-name [parm-value]]"},
		{"DELMODEM", false, true, false, "modem"},
		{"DELUSER", false, true, false, "user-spec"},
		{"TRIGGER", false, true, false, "spec"},
		{"HELP", false, true, false, "[<string>]"},
		{"LOCKWAIT", false, true, false, "max-lockwait-timeout"},
	}
}

// Lookup finds a command by its name in any case.
func Lookup(table []Command, name string) (Command, bool) {
	for i := range table {
		if strings.EqualFold(table[i].Name, name) {
			return table[i], true
		}
	}
	return Command{}, false
}

// helpColumns is the width that HELP fills with columns.
const helpColumns = 76

// HelpTable returns the lines of a HELP listing: the names in columns, read downwards, those that
// are not implemented marked with a star.
func HelpTable(table []Command) []string {
	var names []string
	width := 0
	for _, c := range table {
		if c.Extension {
			continue
		}
		width = max(width, len(c.Name))
		mark := " "
		if !c.Implemented {
			mark = "*"
		}
		names = append(names, c.Name+mark)
	}
	width = (width + 8) &^ 7
	columns := max(helpColumns/width, 1)
	rows := (len(names) + columns - 1) / columns
	lines := make([]string, 0, rows)
	for row := range rows {
		var b strings.Builder
		b.WriteString("   ")
		for i := row; i < len(names); i += rows {
			b.WriteString(names[i])
			if i+rows < len(names) {
				b.WriteString(strings.Repeat(" ", max(width-len(names[i]), 0)))
			}
		}
		lines = append(lines, b.String())
	}
	return lines
}
