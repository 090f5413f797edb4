package line

import (
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/litoria-fax/litoria/document/typeset"
	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/spool"
)

// tagLine is the line of text at the top of each sent page (TagLineFormat of
// hylafax-config(5)). The format's fields, separated by |, have equal widths.
type tagLine struct {
	format   string
	coverNum string // TagLineCoverNumString; empty: cover pages count
	set      *Settings
	job      *spool.Job
	pages    int // of the call
	now      time.Time
}

// text gives the line of a page: number is its place in the call, of the job it
// is page jobPage of jobPages. cover tells that it belongs to a cover page.
func (l *tagLine) text(number, jobPage, jobPages int, cover bool) string {
	j := l.job
	values := map[byte]string{
		'a': j.SubAddr, 'c': j.Company, 'C': j.FromCompany, 'd': destination(j), 'g': j.Location, 'G': j.FromLocation, 'i': j.JobID, 'I': j.GroupID,
		'j': j.JobTag, 'l': l.set.LocalID, 'm': j.MailAddr, 'n': l.set.Number, 'r': j.Receiver, 's': j.Sender, 'S': j.Regarding,
		'v': j.Voice, 'V': j.FromVoice,
		'p': strconv.Itoa(number), 'P': strconv.Itoa(jobPage), 't': strconv.Itoa(l.pages), 'T': strconv.Itoa(jobPages), '%': "%",
	}
	if l.coverNum != "" {
		values['T'], values['t'] = strconv.Itoa(jobPages-j.CoverPages), strconv.Itoa(l.pages-j.CoverPages+j.NCover)
		values['P'], values['p'] = strconv.Itoa(jobPage-j.CoverPages), strconv.Itoa(number-j.CoverPages+j.NCover)
		if cover {
			values['P'], values['p'] = l.coverNum, l.coverNum
		}
	}
	var b strings.Builder
	for f := l.format; f != ""; {
		switch {
		case len(f) > 2 && f[:2] == "%%":
			if v, ok := values[f[2]]; ok {
				b.WriteString(strings.ReplaceAll(v, "|", "/")) // | would begin a field
			}
			f = f[3:]
		case len(f) > 1 && f[0] == '%':
			b.WriteString(strftime(f[1], l.now))
			f = f[2:]
		default:
			b.WriteByte(f[0])
			f = f[1:]
		}
	}
	return b.String()
}

// times are the conversions of strftime(3) as layouts of package time.
var times = map[byte]string{
	'a': "Mon", 'A': "Monday", 'b': "Jan", 'B': "January", 'c': "Mon Jan _2 15:04:05 2006", 'd': "02", 'D': "01/02/06", 'e': "_2", 'F': "2006-01-02",
	'h': "Jan", 'H': "15", 'I': "03", 'j': "002", 'm': "01", 'M': "04", 'p': "PM", 'r': "03:04:05 PM", 'R': "15:04", 'S': "05", 'T': "15:04:05",
	'x': "01/02/06", 'X': "15:04:05", 'y': "06", 'Y': "2006", 'z': "-0700", 'Z': "MST",
}

func strftime(c byte, now time.Time) string {
	if layout, ok := times[c]; ok {
		return now.Format(layout)
	}
	switch c {
	case 'C':
		return strconv.Itoa(now.Year() / 100)
	case 'n', 't':
		return " "
	case 's':
		return strconv.FormatInt(now.Unix(), 10)
	case 'u':
		return strconv.Itoa((int(now.Weekday())+6)%7 + 1)
	case 'w':
		return strconv.Itoa(int(now.Weekday()))
	case '%':
		return "%"
	}
	return "%" + string(c)
}

// tagFormat is the format that holds for a job: its own where UseJobTagLine
// allows that, else the line's. Empty: no tag line.
func (set *Settings) tagFormat(j *spool.Job) string {
	if set.UseJobTagLine && j.DesiredTL != 0 {
		return j.TagLine
	}
	return set.TagLineFormat
}

// drawTagLine draws the tag line of a page, where there is one, over its top.
func (t *transmission) drawTagLine(ref *pageRef, number int, b *t4.Bitmap) {
	s := t.jobs[ref.job]
	format := t.set.tagFormat(s.job)
	if format == "" {
		return
	}
	l := tagLine{format: format, coverNum: t.set.TagLineCoverNum, set: t.set, job: s.job, pages: len(t.outbox.pages), now: time.Now()}
	text := l.text(number, ref.place, max(s.job.TotPages, ref.place), strings.HasPrefix(filepath.Base(ref.file), "cover"))
	x, y := ref.info.Resolution.DPI(ref.info.Inch)
	if _, err := typeset.TagLine(b, text, float64(x), float64(y)); err != nil {
		t.trace("SEND: no tag line: %v", err)
	}
}
