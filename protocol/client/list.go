package client

import (
	"bytes"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/litoria-fax/litoria/protocol"
)

// List copies the listing of a directory to w, in the format that is set for it.
func (c *Client) List(dir protocol.Dir, w io.Writer) error {
	return c.download("LIST "+argument(string(dir)), w)
}

// Format returns the format of listings that the server uses: of JOBFMT, RCVFMT, MDMFMT or FILEFMT.
func (c *Client) Format(command string) (string, error) {
	r, err := c.Command(command)
	return r.Text, err
}

// SetFormat sets a format, or a sorting format.
func (c *Client) SetFormat(command, format string) error {
	_, err := c.Command(command + " " + protocol.Quote(format))
	return err
}

// SetLocalTime makes the server print times in its own zone, or in GMT, which is where it starts.
func (c *Client) SetLocalTime(local bool) error {
	zone := "GMT"
	if local {
		zone = "LOCAL"
	}
	_, err := c.Command("TZONE " + zone)
	return err
}

// Separators of the formats in which records are asked for.
const (
	recordMark = "\x1e"
	fieldMark  = "\x1f"
)

// records asks for a listing with the given letters and returns a row of values for each entry. The
// format that was set before is put back.
func (c *Client) records(dir protocol.Dir, command, letters string) ([][]string, error) {
	before, err := c.Format(command)
	if err != nil {
		return nil, err
	}
	var format strings.Builder
	format.WriteString(recordMark)
	for _, l := range letters {
		format.WriteString("%" + string(l) + fieldMark)
	}
	if err := c.SetFormat(command, format.String()); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	listErr := c.List(dir, &out)
	if err := c.SetFormat(command, before); err != nil && listErr == nil {
		listErr = err
	}
	if listErr != nil {
		return nil, listErr
	}
	var rows [][]string
	for i, record := range strings.Split(out.String(), recordMark) {
		values := strings.Split(record, fieldMark)
		if i > 0 && len(values) == len(letters)+1 {
			rows = append(rows, values[:len(letters)])
		}
	}
	return rows, nil
}

// State is the state of a job in listings (faxstat(1)).
type State string

// The states of jobs.
const (
	StateSuspended State = "suspended" // T: not scheduled
	StatePending   State = "pending"   // P: waits for its time to send
	StateSleeping  State = "sleeping"  // S: waits for a time, as between two tries
	StateBlocked   State = "blocked"   // B: waits for another job to the same destination
	StateWaiting   State = "waiting"   // W: waits for a modem
	StateRunning   State = "running"   // R
	StateDone      State = "done"      // D: success
	StateFailed    State = "failed"    // F
	StateUnknown   State = "unknown"   // ?
)

func stateOf(letter string) State {
	states := map[string]State{
		"T": StateSuspended, "P": StatePending, "S": StateSleeping, "B": StateBlocked,
		"W": StateWaiting, "R": StateRunning, "D": StateDone, "F": StateFailed,
	}
	if s, ok := states[letter]; ok {
		return s
	}
	return StateUnknown
}

// Final reports whether a job in this state is over.
func (s State) Final() bool { return s == StateDone || s == StateFailed }

// Job is an entry of the queues sendq and doneq.
type Job struct {
	ID           JobID     `json:"id"`
	Group        JobID     `json:"group"`
	State        State     `json:"state"`
	Priority     int       `json:"priority"`
	Owner        string    `json:"owner"`
	Sender       string    `json:"sender"`
	Receiver     string    `json:"receiver,omitempty"`
	Company      string    `json:"company,omitempty"`
	Number       string    `json:"number"` // as shown, not necessarily as dialled
	Modem        string    `json:"modem"`
	Client       string    `json:"client"`
	Tag          string    `json:"tag,omitempty"`
	Mail         string    `json:"mail,omitempty"`
	PagesSent    int       `json:"pagesSent"`
	TotalPages   int       `json:"totalPages"`
	TotalTries   int       `json:"totalTries"`
	MaximumTries int       `json:"maximumTries"`
	TotalDials   int       `json:"totalDials"`
	MaximumDials int       `json:"maximumDials"`
	SendTime     time.Time `json:"sendTime"`
	Resolution   int       `json:"resolution"` // lines per inch
	Call         string    `json:"call,omitempty"`
	Status       string    `json:"status"`
}

// jobLetters are the data of a Job, in the order in which Jobs takes them.
const jobLetters = "jgaioSRCemcJMpytudxZrWs"

// Jobs returns the entries of sendq or doneq.
func (c *Client) Jobs(queue protocol.Dir) ([]Job, error) {
	rows, err := c.records(queue, "JOBFMT", jobLetters)
	if err != nil {
		return nil, err
	}
	jobs := make([]Job, 0, len(rows))
	for _, v := range rows {
		jobs = append(jobs, Job{
			ID: JobID(v[0]), Group: JobID(v[1]), State: stateOf(v[2]), Priority: atoi(v[3]),
			Owner: v[4], Sender: v[5], Receiver: v[6], Company: v[7], Number: v[8], Modem: v[9],
			Client: v[10], Tag: v[11], Mail: v[12], PagesSent: atoi(v[13]), TotalPages: atoi(v[14]),
			TotalTries: atoi(v[15]), MaximumTries: atoi(v[16]), TotalDials: atoi(v[17]),
			MaximumDials: atoi(v[18]), SendTime: unixTime(v[19]), Resolution: atoi(v[20]),
			Call: v[21], Status: v[22],
		})
	}
	return jobs, nil
}

func atoi(s string) int {
	n, _ := strconv.Atoi(strings.TrimSpace(s)) // a number of a foreign server that is none counts as 0
	return n
}

func unixTime(s string) time.Time {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	if err != nil || n == 0 {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}

// Received is an entry of the queue of received faxes.
type Received struct {
	File       string    `json:"file"`
	Sender     string    `json:"sender"`
	Caller     string    `json:"callerNumber,omitempty"`
	CallerName string    `json:"callerName,omitempty"`
	SubAddress string    `json:"subAddress,omitempty"`
	Pages      int       `json:"pages"`
	Size       int       `json:"size"`
	Owner      string    `json:"owner"`
	Protection string    `json:"protection"`
	Received   time.Time `json:"received"`
	Rate       int       `json:"signallingRate"`
	DataFormat string    `json:"dataFormat"`
	Resolution int       `json:"resolution"` // lines per inch
	Receiving  bool      `json:"receiving"`  // the call goes on
	Error      string    `json:"error,omitempty"`
}

const receivedLetters = "fsjiapnomZbdrze"

// Received returns the entries of recvq (or pollq).
func (c *Client) Received(queue protocol.Dir) ([]Received, error) {
	rows, err := c.records(queue, "RCVFMT", receivedLetters)
	if err != nil {
		return nil, err
	}
	faxes := make([]Received, 0, len(rows))
	for _, v := range rows {
		faxes = append(faxes, Received{
			File: v[0], Sender: v[1], Caller: v[2], CallerName: v[3], SubAddress: v[4],
			Pages: atoi(v[5]), Size: atoi(v[6]), Owner: v[7], Protection: v[8],
			Received: unixTime(v[9]), Rate: atoi(v[10]), DataFormat: v[11], Resolution: atoi(v[12]),
			Receiving: strings.Contains(v[13], "*"), Error: v[14],
		})
	}
	return faxes, nil
}

// Modem is an entry of the server status.
type Modem struct {
	Name    string `json:"modem"`
	Number  string `json:"number"`
	Status  string `json:"status"`
	Running bool   `json:"running"` // a faxgetty looks after it
}

// Modems returns the server status: whether the scheduler runs, and the modems.
func (c *Client) Modems() (scheduler bool, modems []Modem, err error) {
	before, err := c.Format("MDMFMT")
	if err != nil {
		return false, nil, err
	}
	if err := c.SetFormat("MDMFMT", recordMark+"%m"+fieldMark+"%n"+fieldMark+"%s"+fieldMark+"%z"+fieldMark); err != nil {
		return false, nil, err
	}
	var out bytes.Buffer
	err = c.List(protocol.DirStatus, &out)
	if setErr := c.SetFormat("MDMFMT", before); err == nil {
		err = setErr
	}
	if err != nil {
		return false, nil, err
	}
	first, rest, _ := strings.Cut(out.String(), recordMark)
	scheduler = strings.HasSuffix(strings.TrimSpace(first), ": Running")
	for _, record := range strings.Split(rest, recordMark) {
		if v := strings.Split(record, fieldMark); len(v) == 5 {
			modems = append(modems, Modem{Name: v[0], Number: v[1], Status: v[2], Running: v[3] == "*"})
		}
	}
	return scheduler, modems, nil
}

// File is an entry of a directory of plain files.
type File struct {
	Name       string `json:"file"`
	Size       int    `json:"size"`
	Owner      string `json:"owner"`
	Protection string `json:"protection"`
	Links      int    `json:"links"`
	Modified   string `json:"modified"` // as the server prints it
}

// Files returns the entries of a directory of plain files, such as docq.
func (c *Client) Files(dir protocol.Dir) ([]File, error) {
	rows, err := c.records(dir, "FILEFMT", "fsoplm")
	if err != nil {
		return nil, err
	}
	files := make([]File, 0, len(rows))
	for _, v := range rows {
		files = append(files, File{
			Name: v[0], Size: atoi(v[1]), Owner: v[2], Protection: v[3], Links: atoi(v[4]),
			Modified: strings.TrimSpace(v[5]),
		})
	}
	return files, nil
}
