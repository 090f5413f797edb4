package server

import (
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/litoria-fax/litoria/protocol"
	"github.com/litoria-fax/litoria/spool/linectl"
)

// jobState is the scheduling state of a job (sendq(5)).
type jobState int

// The states of jobs.
const (
	stateUndefined jobState = iota
	stateSuspended          // not being scheduled
	statePending            // waits for its time to send
	stateSleeping           // waits for a scheduled timeout
	stateBlocked            // waits for a job to the same destination
	stateReady              // waits for resources
	stateActive             // being processed
	stateDone               // success
	stateFailed             // failure
)

func (s jobState) String() string {
	if names := protocol.StateNames(); s >= 0 && int(s) < len(names) {
		return names[s]
	}
	return protocol.StateNames()[0]
}

func (s jobState) final() bool { return s == stateDone || s == stateFailed }

// jobItem is a document or poll request of a job: a line "op:page:address:file".
type jobItem struct {
	op   string // tag, with an exclamation mark where it is processed
	page int    // first page to send, of fax
	addr string
	file string
}

// processed reports whether the document was prepared for sending already.
func (i jobItem) processed() bool { return strings.HasPrefix(i.op, "!") }

// kind is the type of the document in the words of JPARM.
func (i jobItem) kind() string {
	names := map[string]string{
		"fax": "FAX", "tiff": "TIFF", "pdf": "PDF", "postscript": "PS", "pcl": "PCL", "data": "DATA",
		"poll": "POLL", "page": "PAGE", "uucp": "UUCP",
	}
	if n, ok := names[strings.TrimPrefix(i.op, "!")]; ok {
		return n
	}
	return "UNKNOWN"
}

// isDocument reports whether the item is something that a client uploaded.
func (i jobItem) isDocument() bool {
	switch strings.TrimPrefix(i.op, "!") {
	case "tiff", "pdf", "postscript", "pcl", "data":
		return true
	}
	return false
}

// isCover reports whether the item is the cover page.
func (i jobItem) isCover() bool { return i.isDocument() && path.Ext(i.file) == ".cover" }

// job is a job as a session sees it. Its data are those of the job file (sendq(5)) under their tags.
type job struct {
	id    string
	file  string // "sendq/q12"; "" for the default job
	stamp fileStamp
	data  *jobData
}

// jobData are the data of a job file. Tags that nobody here knows stay as they are.
type jobData struct {
	fields []jobField
	items  []jobItem
}

type jobField struct{ tag, value string }

// get returns the value of a tag, "" where it is missing.
func (d *jobData) get(tag string) string {
	for i := range d.fields {
		if f := &d.fields[i]; f.tag == tag {
			return f.value
		}
	}
	return ""
}

// number returns a value that is a number, 0 where it is none.
func (d *jobData) number(tag string) int {
	n, err := strconv.Atoi(d.get(tag))
	if err != nil {
		return 0
	}
	return n
}

// set sets the value of a tag.
func (d *jobData) set(tag, value string) {
	for i := range d.fields {
		if d.fields[i].tag == tag {
			d.fields[i].value = value
			return
		}
	}
	d.fields = append(d.fields, jobField{tag, value})
}

func (d *jobData) setNumber(tag string, n int) { d.set(tag, strconv.Itoa(n)) }

// clone copies the data, so that a session can change them.
func (d *jobData) clone() *jobData {
	return &jobData{append([]jobField(nil), d.fields...), append([]jobItem(nil), d.items...)}
}

func (j *job) text(tag string) string { return j.data.get(tag) }
func (j *job) number(tag string) int  { return j.data.number(tag) }
func (j *job) state() jobState        { return jobState(j.number("state")) }
func (j *job) group() string          { return j.text("groupid") }
func (j *job) owner() string          { return j.text("owner") }

// unix returns a time, the zero time for 0.
func (j *job) unix(tag string) time.Time {
	n, err := strconv.ParseInt(j.text(tag), 10, 64)
	if err != nil || n == 0 {
		return time.Time{}
	}
	return time.Unix(n, 0)
}

func (j *job) setUnix(tag string, t time.Time) {
	n := int64(0)
	if !t.IsZero() {
		n = t.Unix()
	}
	j.data.set(tag, strconv.FormatInt(n, 10))
}

// statusText is what the job says about its last failure, on one line. Of a job in a call it leaves
// out what the file says in case the line dies.
func (j *job) statusText() string {
	if j.state() == stateActive && linectl.Foreseen(j.text("status"), j.number("statuscode")) {
		return ""
	}
	return strings.ReplaceAll(j.text("status"), "\n", " ")
}

// resetDefaultJob gives the default job its first values.
func (s *session) resetDefaultJob() {
	const threeHours = 3 * 3600
	d := &jobData{}
	for _, f := range []jobField{
		{"jobid", protocol.DefaultJob}, {"owner", s.user}, {"state", "0"}, {"maxdials", "12"}, {"maxtries", "3"},
		{"pagewidth", "0"}, {"pagelength", "0"}, {"resolution", "98"}, {"priority", "127"}, {"schedpri", "127"},
		{"minbr", "0"}, {"desiredbr", "13"}, {"desiredst", "0"}, {"desiredec", "2"}, {"desireddf", "3"}, {"desiredtl", "0"},
		{"usexvres", "0"}, {"useccover", "1"}, {"pagechop", "default"}, {"notify", "none"}, {"chopthreshold", "3"},
		{"tts", "0"}, {"killtime", strconv.Itoa(threeHours)}, {"retrytime", "0"}, {"sender", s.user},
		{"mailaddr", s.user + "@" + s.hostForJobs()}, {"modem", "any"}, {"client", s.hostForJobs()},
		{"doneop", "default"}, {"jobtype", "facsimile"},
	} {
		d.set(f.tag, f.value)
	}
	s.def = &job{id: protocol.DefaultJob, data: d}
}

// hostForJobs is the client's host name, where it is known already: looking it up takes time.
func (s *session) hostForJobs() string {
	if !s.loggedIn {
		return s.peer.addr
	}
	return s.host()
}

// inheritedTags are the parameters that a new job takes from the current one.
func inheritedTags() []string {
	return []string{
		"tts", "killtime", "retrytime", "maxdials", "maxtries", "pagewidth", "resolution", "pagelength", "priority",
		"minbr", "desiredbr", "desiredst", "desiredec", "desireddf", "desiredtl", "useccover", "usexvres",
		"external", "number", "mailaddr", "sender", "jobtag", "modem", "faxnumber", "tsi", "receiver", "company",
		"location", "voice", "fromcompany", "fromlocation", "fromvoice", "regarding", "comments", "jobtype",
		"tagline", "doneop", "notify", "pagechop", "chopthreshold",
	}
}

// newJobData makes the data of a job with the parameters of another one, in HylaFAX's order.
func newJobData(from *job, id, group, owner, client string) *jobData {
	d := &jobData{}
	for _, tag := range jobFileTags() {
		d.set(tag, "")
	}
	for tag, value := range map[string]string{
		"state": strconv.Itoa(int(stateSuspended)), "jobid": id, "groupid": group, "owner": owner, "client": client,
		"npages": "0", "totpages": "0", "nskip": "0", "skippages": "0", "ncover": "0", "coverpages": "0",
		"ntries": "0", "ndials": "0", "totdials": "0", "tottries": "0", "statuscode": "0", "returned": "0",
	} {
		d.set(tag, value)
	}
	for _, tag := range inheritedTags() {
		d.set(tag, from.text(tag))
	}
	d.set("schedpri", d.get("priority"))
	return d
}

// jobFileTags are the tags of a job file in the order in which HylaFAX writes them.
func jobFileTags() []string {
	return []string{
		"tts", "killtime", "retrytime", "state", "npages", "totpages", "nskip", "skippages", "ncover", "coverpages",
		"ntries", "ndials", "totdials", "maxdials", "tottries", "maxtries", "pagewidth", "resolution", "pagelength",
		"priority", "schedpri", "minbr", "desiredbr", "desiredst", "desiredec", "desireddf", "desiredtl", "useccover",
		"usexvres", "external", "number", "mailaddr", "sender", "jobid", "jobtag", "pagehandling", "modem", "faxnumber",
		"tsi", "receiver", "company", "location", "voice", "fromcompany", "fromlocation", "fromvoice", "regarding",
		"comments", "cover", "client", "owner", "groupid", "signalrate", "dataformat", "jobtype", "tagline", "subaddr",
		"passwd", "doneop", "commid", "csi", "nsf", "pagerange", "status", "statuscode", "returned", "notify", "pagechop",
		"chopthreshold",
	}
}

// flushPrepared makes the scheduler prepare the documents anew, because a parameter changed that
// their preparation depends on. It returns the prepared files that the job drops.
func (d *jobData) flushPrepared() (dropped []string) {
	kept := d.items[:0]
	for _, item := range d.items {
		if item.op == "fax" {
			dropped = append(dropped, item.file)
			continue
		}
		item.op = strings.TrimPrefix(item.op, "!")
		kept = append(kept, item)
	}
	d.items = kept
	d.set("pagehandling", "")
	return dropped
}

// formatItem is the line of an item in the job file.
func formatItem(i jobItem) string {
	return fmt.Sprintf("%s:%d:%s:%s", i.op, i.page, i.addr, i.file)
}
