package spool

import (
	"fmt"
	"strconv"
	"strings"
)

// field is how one tag of a job file is read and written.
type field struct {
	tag    string
	parse  func(j *Job, value string) error
	format func(j *Job) string
}

// fields are all tags of a job file but the documents, in HylaFAX 6.0.7's
// order of writing (sendq(5)).
var fields = []field{
	number("tts", func(j *Job) *int64 { return &j.TTS }),
	number("killtime", func(j *Job) *int64 { return &j.KillTime }),
	number("retrytime", func(j *Job) *int64 { return &j.RetryTime }),
	integer("state", func(j *Job) *int { return (*int)(&j.State) }),
	integer("npages", func(j *Job) *int { return &j.NPages }),
	integer("totpages", func(j *Job) *int { return &j.TotPages }),
	integer("nskip", func(j *Job) *int { return &j.NSkip }),
	integer("skippages", func(j *Job) *int { return &j.SkipPages }),
	integer("ncover", func(j *Job) *int { return &j.NCover }),
	integer("coverpages", func(j *Job) *int { return &j.CoverPages }),
	integer("ntries", func(j *Job) *int { return &j.NTries }),
	integer("ndials", func(j *Job) *int { return &j.NDials }),
	integer("totdials", func(j *Job) *int { return &j.TotDials }),
	integer("maxdials", func(j *Job) *int { return &j.MaxDials }),
	integer("tottries", func(j *Job) *int { return &j.TotTries }),
	integer("maxtries", func(j *Job) *int { return &j.MaxTries }),
	integer("pagewidth", func(j *Job) *int { return &j.PageWidth }),
	integer("resolution", func(j *Job) *int { return &j.Resolution }),
	integer("pagelength", func(j *Job) *int { return &j.PageLength }),
	integer("priority", func(j *Job) *int { return &j.Priority }),
	integer("schedpri", func(j *Job) *int { return &j.SchedPri }),
	integer("minbr", func(j *Job) *int { return &j.MinBR }),
	integer("desiredbr", func(j *Job) *int { return &j.DesiredBR }),
	integer("desiredst", func(j *Job) *int { return &j.DesiredST }),
	integer("desiredec", func(j *Job) *int { return &j.DesiredEC }),
	integer("desireddf", func(j *Job) *int { return &j.DesiredDF }),
	integer("desiredtl", func(j *Job) *int { return &j.DesiredTL }),
	integer("useccover", func(j *Job) *int { return &j.UseCCover }),
	integer("usexvres", func(j *Job) *int { return &j.UseXVRes }),
	text("external", func(j *Job) *string { return &j.External }),
	text("number", func(j *Job) *string { return &j.Number }),
	text("mailaddr", func(j *Job) *string { return &j.MailAddr }),
	text("sender", func(j *Job) *string { return &j.Sender }),
	text("jobid", func(j *Job) *string { return &j.JobID }),
	text("jobtag", func(j *Job) *string { return &j.JobTag }),
	text("pagehandling", func(j *Job) *string { return &j.PageHandling }),
	text("modem", func(j *Job) *string { return &j.Modem }),
	text("faxnumber", func(j *Job) *string { return &j.FaxNumber }),
	text("tsi", func(j *Job) *string { return &j.TSI }),
	text("receiver", func(j *Job) *string { return &j.Receiver }),
	text("company", func(j *Job) *string { return &j.Company }),
	text("location", func(j *Job) *string { return &j.Location }),
	text("voice", func(j *Job) *string { return &j.Voice }),
	text("fromcompany", func(j *Job) *string { return &j.FromCompany }),
	text("fromlocation", func(j *Job) *string { return &j.FromLocation }),
	text("fromvoice", func(j *Job) *string { return &j.FromVoice }),
	text("regarding", func(j *Job) *string { return &j.Regarding }),
	text("comments", func(j *Job) *string { return &j.Comments }),
	text("cover", func(j *Job) *string { return &j.Cover }),
	text("client", func(j *Job) *string { return &j.Client }),
	text("owner", func(j *Job) *string { return &j.Owner }),
	text("groupid", func(j *Job) *string { return &j.GroupID }),
	text("signalrate", func(j *Job) *string { return &j.SignalRate }),
	text("dataformat", func(j *Job) *string { return &j.DataFormat }),
	text("jobtype", func(j *Job) *string { return &j.JobType }),
	text("tagline", func(j *Job) *string { return &j.TagLine }),
	text("subaddr", func(j *Job) *string { return &j.SubAddr }),
	text("passwd", func(j *Job) *string { return &j.Passwd }),
	text("doneop", func(j *Job) *string { return &j.DoneOp }),
	text("commid", func(j *Job) *string { return &j.CommID }),
	text("csi", func(j *Job) *string { return &j.CSI }),
	text("nsf", func(j *Job) *string { return &j.NSF }),
	text("pagerange", func(j *Job) *string { return &j.PageRange }),
	{"status", func(j *Job, v string) error { j.Status = unfoldStatus(v); return nil }, func(j *Job) string { return foldStatus(j.Status) }},
	integer("statuscode", func(j *Job) *int { return &j.StatusCode }),
	integer("returned", func(j *Job) *int { return &j.Returned }),
	word("notify", notifyNames[:], func(j *Job) *int { return (*int)(&j.Notify) }),
	word("pagechop", chopNames[:], func(j *Job) *int { return (*int)(&j.PageChop) }),
	{"chopthreshold",
		func(j *Job, v string) (err error) { j.ChopThreshold, err = strconv.ParseFloat(v, 64); return err },
		func(j *Job) string { return strconv.FormatFloat(j.ChopThreshold, 'g', 6, 64) }},
}

// fieldIndex finds a field by its tag.
var fieldIndex = func() map[string]int {
	m := make(map[string]int, len(fields))
	for i, f := range fields {
		m[f.tag] = i
	}
	return m
}()

func text(tag string, at func(*Job) *string) field {
	return field{tag,
		func(j *Job, v string) error { *at(j) = v; return nil },
		// A newline in a value would begin a new field.
		func(j *Job) string { return strings.NewReplacer("\n", " ", "\r", " ").Replace(*at(j)) }}
}

func integer(tag string, at func(*Job) *int) field {
	return field{tag,
		func(j *Job, v string) error {
			n, err := strconv.ParseInt(v, 10, 32)
			if err != nil {
				return fmt.Errorf("%q is not a number", v)
			}
			*at(j) = int(n)
			return nil
		},
		func(j *Job) string { return strconv.Itoa(*at(j)) }}
}

func number(tag string, at func(*Job) *int64) field {
	return field{tag,
		func(j *Job, v string) error {
			n, err := strconv.ParseInt(v, 10, 64)
			if err != nil || n < 0 {
				return fmt.Errorf("%q is not a time", v)
			}
			*at(j) = n
			return nil
		},
		func(j *Job) string { return strconv.FormatInt(*at(j), 10) }}
}

func word(tag string, names []string, at func(*Job) *int) field {
	return field{tag,
		func(j *Job, v string) error {
			for i, n := range names {
				if n == v {
					*at(j) = i
					return nil
				}
			}
			return fmt.Errorf("%q is none of %s", v, strings.Join(names, ", "))
		},
		func(j *Job) string { return names[*at(j)&3] }}
}

// foldStatus protects the newlines of a status text with backslashes, so that
// it stays one field (sendq(5)).
func foldStatus(s string) string {
	s = strings.TrimRight(strings.ReplaceAll(s, "\r", ""), "\\\n")
	return strings.ReplaceAll(s, "\n", "\\\n")
}

// unfoldStatus takes the backslashes off again, and newlines at the end.
func unfoldStatus(s string) string {
	return strings.TrimRight(strings.ReplaceAll(s, "\\\n", "\n"), "\\\n")
}
