package server

import (
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/litoria-fax/litoria/protocol"
)

// listJobs lists the jobs of a queue, by number.
func listJobs(s *session, d *spoolDir) ([]listing, error) {
	entries, err := s.srv.entries(d.name)
	if err != nil {
		return nil, err
	}
	files := jobFiles(entries)
	l := s.newLister("JOBFMT")
	values := &jobValues{s: s, now: s.srv.now()}
	lines := make([]listing, 0, len(files))
	dir := relative(d.name) + "/"
	for i := range files {
		name := files[i].entry.Name()
		info, err := files[i].entry.Info()
		if err == nil && values.load(dir+name, name[1:], info) {
			lines = append(lines, l.entry(values.value))
		}
	}
	return lines, nil
}

// jobFile is the file of a job in a queue.
type jobFile struct {
	number int
	entry  fs.DirEntry
}

// jobFiles picks the files of jobs out of a directory, sorted by the jobs' numbers.
func jobFiles(entries []fs.DirEntry) []jobFile {
	files := make([]jobFile, 0, len(entries))
	for _, e := range entries {
		id, ok := strings.CutPrefix(e.Name(), "q")
		if !ok || !isJobID(id) {
			continue
		}
		if n, err := strconv.Atoi(id); err == nil {
			files = append(files, jobFile{n, e})
		}
	}
	slices.SortFunc(files, func(a, b jobFile) int { return a.number - b.number })
	return files
}

// statJob is the line of one job: of the file q12 or, as HylaFAX has it, of the number 12.
func statJob(s *session, d *spoolDir, name string, _ fs.FileInfo) (string, bool) {
	values := &jobValues{s: s, now: s.srv.now()}
	rel := path.Join(relative(d.name), name)
	info, err := s.srv.root.Lstat(rel)
	if err != nil || !values.load(rel, strings.TrimPrefix(name, "q"), info) {
		return "", false
	}
	return s.newLister("JOBFMT").entry(values.value).line, true
}

// jobValues gives the data of JOBFMT (faxstat(1)) for one job after the other.
type jobValues struct {
	s       *session
	now     time.Time
	job     job
	private bool // the client may see what only owner and administrator may
}

// load looks at the next job, and returns false where there is none that the client may see.
func (v *jobValues) load(rel, id string, info fs.FileInfo) bool {
	if !isPlain(info) {
		return false
	}
	data, err := v.s.srv.jobCache.load(v.s.srv, rel, info)
	if err != nil || !v.s.maySeeJob(data, info) {
		return false
	}
	v.job = job{id: id, file: rel, data: data}
	if own := v.s.jobs[id]; own != nil && v.s.blank[id] != nil {
		v.job.data = own.data // being made in this session
	}
	v.private = v.s.admin || data.get("owner") == v.s.user || v.s.fileRight(info, rightWrite)
	return true
}

// value returns the datum of a letter.
func (v *jobValues) value(letter byte) protocol.Value {
	if tag := jobTextTag(letter); tag != "" {
		return protocol.String(v.job.text(tag))
	}
	if tag := jobNumberTag(letter); tag != "" {
		return protocol.Decimal(max(v.job.number(tag), 0))
	}
	if letter == 'j' {
		return protocol.String(v.job.id)
	}
	if value := v.symbol(letter); value.Type != protocol.TypeNone {
		return value
	}
	return v.composed(letter)
}

// jobTextTag returns the tag of a letter that shows text as it is.
func jobTextTag(letter byte) string {
	switch letter {
	case 'A':
		return "subaddr"
	case 'C':
		return "company"
	case 'F':
		return "tagline"
	case 'J':
		return "jobtag"
	case 'L':
		return "location"
	case 'M':
		return "mailaddr"
	case 'R':
		return "receiver"
	case 'S':
		return "sender"
	case 'V':
		return "doneop"
	case 'W':
		return "commid"
	case 'c':
		return "client"
	case 'e':
		return "external"
	case 'g':
		return "groupid"
	case 'm':
		return "modem"
	case 'o':
		return "owner"
	}
	return ""
}

// jobNumberTag returns the tag of a letter that shows a number as it is.
func jobNumberTag(letter byte) string {
	switch letter {
	case 'E':
		return "desiredbr"
	case 'G':
		return "desiredst"
	case 'H':
		return "desireddf"
	case 'I':
		return "priority"
	case 'Q':
		return "minbr"
	case 'Z':
		return "tts"
	case 'b':
		return "ntries"
	case 'd':
		return "totdials"
	case 'f':
		return "ndials"
	case 'i':
		return "schedpri"
	case 'l':
		return "pagelength"
	case 'p':
		return "npages"
	case 'r':
		return "resolution"
	case 't':
		return "tottries"
	case 'u':
		return "maxtries"
	case 'w':
		return "pagewidth"
	case 'x':
		return "maxdials"
	case 'y':
		return "totpages"
	}
	return ""
}

// symbol returns the datum of a letter that shows one character.
func (v *jobValues) symbol(letter byte) protocol.Value {
	pick := func(symbols, tag string) protocol.Value {
		n := v.job.number(tag)
		if n < 0 || n >= len(symbols) {
			n = 0
		}
		return protocol.Char(symbols[n])
	}
	switch letter {
	case 'K':
		return pick("D HF", "desiredec")
	case 'N':
		return pick(" P", "desiredtl")
	case 'O':
		return pick("N ", "useccover")
	case 'a':
		return pick("?TPSBWRDF", "state")
	case 'X':
		kind := strings.ToUpper(v.job.text("jobtype"))
		if kind == "" {
			kind = "F"
		}
		return protocol.Char(kind[0])
	case 'h':
		return v.word(" DAL", "pagechop", "PAGECHOP")
	case 'n':
		return v.word(" DQA", "notify", "NOTIFY")
	}
	return protocol.Value{}
}

// word returns the symbol for a parameter that is a word in the job file.
func (v *jobValues) word(symbols, tag, parameter string) protocol.Value {
	value := v.job.text(tag)
	for i, w := range enumFileWords(parameter) {
		if w == value {
			return protocol.Char(symbols[i])
		}
	}
	return protocol.Char(symbols[0])
}

// composed returns the datum of a letter that is made of several.
func (v *jobValues) composed(letter byte) protocol.Value {
	pair := func(a, b string) protocol.Value { return protocol.String(pairOf(v.job.number(a), v.job.number(b))) }
	switch letter {
	case 'B':
		return v.secret("passwd")
	case 'v':
		return v.secret("number")
	case 'D':
		return pair("totdials", "maxdials")
	case 'P':
		return pair("npages", "totpages")
	case 'T':
		return pair("tottries", "maxtries")
	case 'U':
		f, err := strconv.ParseFloat(v.job.text("chopthreshold"), 64)
		if err != nil {
			f = 0
		}
		return protocol.String(strconv.FormatFloat(f, 'f', 1, 64))
	case 'Y':
		return protocol.String(v.s.zone(time.Unix(int64(v.job.number("tts")), 0)).Format("2006/01/02 15.04.05"))
	case 'k':
		return protocol.String(protocol.CompactFuture(v.s.zone(v.job.unix("killtime")), v.now))
	case 'z':
		return protocol.String(protocol.CompactFuture(v.s.zone(v.job.unix("tts")), v.now))
	case 'q':
		if n := v.job.number("retrytime"); n > 0 {
			return protocol.String(protocol.FormatDuration(time.Duration(n) * time.Second))
		}
		return protocol.String("")
	case 's':
		return protocol.String(v.job.statusText())
	}
	return protocol.Value{}
}

// pairOf is "%2d:%-2d", which long listings show twice a line.
func pairOf(a, b int) string {
	text := make([]byte, 0, 16)
	if a >= 0 && a < 10 {
		text = append(text, ' ')
	}
	text = append(strconv.AppendInt(text, int64(a), 10), ':')
	if text = strconv.AppendInt(text, int64(b), 10); b >= 0 && b < 10 {
		text = append(text, ' ')
	}
	return string(text)
}

func (v *jobValues) secret(tag string) protocol.Value {
	if !v.private {
		return protocol.String("")
	}
	return protocol.String(v.job.text(tag))
}
