package server

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
)

// FaxUID identifies the owner of jobs and documents. It is the group id of the file on disk
// (hosts.hfaxd(5)), not a user id of the system.
type FaxUID uint32

// Bounds of fax user ids (hosts.hfaxd(5)).
const (
	// AnonymousUID is the id of entries that name none.
	AnonymousUID FaxUID = 60002
	maxUID       FaxUID = 60002
	// unknownUID is the owner of files whose owner is not known; no client has it.
	unknownUID FaxUID = 1<<32 - 1
)

// maxAccessLine is the longest line of hosts.hfaxd; HylaFAX reads 1022 characters.
const maxAccessLine = 1 << 20

// noLogin is a password that nothing matches.
const noLogin = "*"

// accessEntry is a line of hosts.hfaxd: client:uid:passwd:adminwd.
type accessEntry struct {
	line     int
	pattern  string         // as written, without the leading exclamation mark
	re       *regexp.Regexp // nil if the pattern is broken
	deny     bool
	hostOnly bool // the pattern has no user part
	uid      FaxUID
	passwd   string // "" asks for no password
	adminwd  string
}

// accessList is a parsed hosts.hfaxd. The first entry that matches decides.
type accessList struct {
	entries  []accessEntry
	problems []error // lines that could not be understood
}

// parseAccess parses hosts.hfaxd(5). A line that cannot be understood admits nobody.
func parseAccess(r io.Reader) (*accessList, error) {
	var list accessList
	s := bufio.NewScanner(r)
	s.Buffer(nil, maxAccessLine)
	for n := 1; s.Scan(); n++ {
		line := stripComment(s.Text())
		if line == "" {
			continue
		}
		entry, err := parseAccessEntry(line)
		entry.line = n
		if err != nil {
			list.problems = append(list.problems, fmt.Errorf("line %d: %w", n, err))
		}
		list.entries = append(list.entries, entry)
	}
	return &list, s.Err()
}

// stripComment removes a comment and the white space before it.
func stripComment(line string) string {
	line, _, found := strings.Cut(strings.TrimSuffix(line, "\r"), "#")
	if found {
		line = strings.TrimRight(line, " \t")
	}
	return line
}

func parseAccessEntry(line string) (accessEntry, error) {
	e := accessEntry{uid: AnonymousUID, adminwd: noLogin}
	line, e.deny = strings.CutPrefix(line, "!")
	client, userAndHost, rest, more := cutClient(line)
	e.pattern = client
	if e.hostOnly = !userAndHost; e.hostOnly { // any user of it
		client = "^.*@" + client + "$"
	}
	re, err := regexp.CompilePOSIX(client)
	if err != nil {
		return e, fmt.Errorf("pattern %q: %w", e.pattern, err)
	}
	e.re = re
	if !more || e.deny {
		return e, nil
	}
	return e, e.parseFields(rest)
}

// cutClient splits the pattern from the fields behind it. An escaped colon or at sign is part of the
// pattern.
func cutClient(line string) (client string, userAndHost bool, rest string, more bool) {
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case '@':
			userAndHost = true
		case ':':
			return line[:i], userAndHost, line[i+1:], true
		}
	}
	return line, userAndHost, "", false
}

func (e *accessEntry) parseFields(rest string) error {
	fields := strings.SplitN(rest, ":", 3)
	if fields[0] != "" {
		uid, err := strconv.ParseUint(fields[0], 10, 32)
		if err != nil || FaxUID(uid) > maxUID {
			e.re = nil
			return fmt.Errorf("uid %q of %q is not a number up to %d", fields[0], e.pattern, maxUID)
		}
		e.uid = FaxUID(uid)
	}
	if len(fields) > 1 {
		e.passwd = fields[1]
	}
	if len(fields) > 2 && fields[2] != "" { // an empty one permits nothing
		e.adminwd = fields[2]
	}
	return nil
}

// match returns the entry for a user, who is known by host name and by address, or nil where nobody
// admits the user.
func (l *accessList) match(user, host, addr string) *accessEntry {
	byName, byAddr := user+"@"+host, user+"@"+addr
	for i := range l.entries {
		e := &l.entries[i]
		if e.re == nil {
			if e.deny { // whom a broken denial meant is unknown, so it denies everybody after it
				return nil
			}
			continue
		}
		if e.re.MatchString(byName) || e.re.MatchString(byAddr) {
			if !e.deny && !e.hostOnly && strings.Contains(user, "@") && strings.Count(e.pattern, "@") < 2 {
				continue // "sam@trusted" from elsewhere is not sam of trusted
			}
			if e.deny {
				return nil
			}
			return e
		}
	}
	return nil
}

// userName returns the name that listings show for an owner: the user part of the last pattern with
// this id.
func (l *accessList) userName(uid FaxUID) string {
	switch uid {
	case AnonymousUID:
		return "fax"
	case unknownUID:
		return "unknown"
	}
	name := strconv.FormatUint(uint64(uid), 10)
	for i := range l.entries {
		if e := &l.entries[i]; !e.deny && e.uid == uid {
			name = patternUser(e.pattern)
		}
	}
	return name
}

// patternUser is the pattern without the part for the host.
func patternUser(pattern string) string {
	user, _, _ := strings.Cut(pattern, "@")
	if user == ".*" {
		return "anyone"
	}
	return user
}

// userID returns the id of a name that userName gives.
func (l *accessList) userID(name string) (FaxUID, bool) {
	if name == "fax" {
		return AnonymousUID, true
	}
	for i := range l.entries {
		if e := &l.entries[i]; !e.deny && patternUser(e.pattern) == name {
			return e.uid, true
		}
	}
	return 0, false
}

// errAccessMode is returned where others than the server can read hosts.hfaxd.
var errAccessMode = errors.New("access control file not mode 600; access denied")

// readAccess reads hosts.hfaxd from an open file. HylaFAX refuses a file that others can read, since
// it holds passwords.
func readAccess(f fs.File) (*accessList, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, errAccessMode
	}
	return parseAccess(f)
}
