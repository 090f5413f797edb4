package client

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/litoria-fax/litoria/protocol"
)

// Document is something to send that a server takes as it is.
type Document struct {
	Name string // for messages
	Form Form
	Size int64 // octets, 0 where it is not known; for progress only
	Open func() (io.ReadCloser, error)
}

// Unset is the value of a number of a Request that is left to the server.
const Unset = -1

// Notification says which mails the server sends about a job.
type Notification string

// The notifications (sendfax(1)).
const (
	NotifyFailure Notification = "none" // only where there is a problem
	NotifyDone    Notification = "done"
	NotifyRequeue Notification = "done+requeue"
)

// Request describes a job to submit: one destination. Zero values leave a parameter to the server,
// except where a comment says otherwise.
type Request struct {
	Number     string // dial string
	External   string // how to show the number, if it holds secrets
	SubAddress string
	Password   string
	Sender     string
	Mail       string // address for notices
	Modem      string
	Tag        string

	Receiver, ReceiverCompany, ReceiverLocation, ReceiverVoice string
	SenderCompany, SenderLocation, SenderVoice, Regarding      string

	SendTime  time.Time     // zero: now
	Lifetime  time.Duration // how long after SendTime to try
	RetryTime time.Duration
	Priority  int // 0 is the highest; DefaultPriority is HylaFAX's default

	MaxDials, MaxTries int // 0: the server's default

	Resolution            int // lines per inch: 98 or 196
	UseHighestResolution  bool
	PageWidth, PageLength int // millimetres
	PageRange             string
	PageChop              string // default, none, all or last
	ChopThreshold         float64

	MinimumRate, DesiredRate *int   // number of the rate (sendq(5), minsp)
	ScanlineTime             *int   // number of the time (sendq(5), desiredst)
	ECM                      *bool  // nil: the server's default
	DataFormat               string // g31d, g32d or g4
	TSI                      string
	TagLine                  *string
	DoneOperation            string
	Notify                   Notification
	// Key marks the job (DUPKEY): a server of Litoria takes one job of an owner
	// with a key, so a submission whose answer was lost can be made again.
	Key string

	Cover     *Document
	Documents []string // names on the server (StoreTemp, StoreUnique)
	Polls     []Poll
}

// Poll asks the far end for its documents.
type Poll struct{ Selector, Password string }

// DefaultPriority is the scheduling priority of HylaFAX's sendfax.
const DefaultPriority = 127

// Create makes a job from a request and sets its parameters, without submitting it.
func (c *Client) Create(req *Request) (job, group JobID, err error) {
	if err := c.SetJob(protocol.DefaultJob); err != nil {
		return "", "", err
	}
	if job, group, err = c.NewJob(); err != nil {
		return "", "", err
	}
	steps := []func(*Request) error{
		c.setIdentity, c.setTimes, c.setDestination, c.setPageParameters, c.setLineParameters, c.setHandling, c.addContents,
	}
	for _, step := range steps {
		if err := step(req); err != nil {
			return job, group, err
		}
	}
	return job, group, nil
}

// SubmitRequest makes a job from a request and hands it to the scheduler. Where
// a job with the request's Key was submitted before, the error is a
// *DuplicateError that names it, and the new one is removed.
func (c *Client) SubmitRequest(req *Request) (job, group JobID, err error) {
	if job, group, err = c.Create(req); err != nil {
		return job, group, err
	}
	err = c.Submit(job)
	var known *DuplicateError
	if errors.As(err, &known) {
		return job, group, errors.Join(err, c.DeleteJob(job))
	}
	return job, group, err
}

// DuplicateError says that a job was not submitted, since another one was with
// the same Key.
type DuplicateError struct{ Job JobID }

// Error names the other job.
func (e *DuplicateError) Error() string {
	return fmt.Sprintf("a job with the same key was submitted before: job %s", e.Job)
}

// duplicate finds out whether a server's answer means that.
func duplicate(err error) error {
	var e *protocol.Error
	if !errors.As(err, &e) || e.Code != protocol.CodeDuplicate {
		return err
	}
	_, id, ok := strings.Cut(e.Text, "jobid: ")
	if id = strings.TrimSuffix(strings.TrimSpace(id), "."); !ok || id == "" {
		return err
	}
	return &DuplicateError{JobID(id)}
}

// setTexts sets those of the parameters that have a value.
func (c *Client) setTexts(pairs ...string) error {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			continue
		}
		if err := c.SetText(pairs[i], pairs[i+1]); err != nil {
			return err
		}
	}
	return nil
}

// numberParameter is a number that is set unless it is nil.
type numberParameter struct {
	name  string
	value *int
}

func (c *Client) setNumbers(params ...numberParameter) error {
	for _, p := range params {
		if p.value == nil {
			continue
		}
		if err := c.SetNumber(p.name, *p.value); err != nil {
			return err
		}
	}
	return nil
}

// positive is n, or nil where n is the zero value of "left to the server".
func positive(n int) *int {
	if n <= 0 {
		return nil
	}
	return &n
}

func (c *Client) setIdentity(req *Request) error {
	return c.setTexts("FROMUSER", req.Sender, "MODEM", req.Modem)
}

func (c *Client) setTimes(req *Request) error {
	if !req.SendTime.IsZero() {
		if err := c.SetSendTime(req.SendTime); err != nil {
			return err
		}
	}
	if req.Lifetime > 0 {
		if err := c.SetLastTime(req.Lifetime); err != nil {
			return err
		}
	}
	if req.RetryTime > 0 {
		if err := c.SetRetryTime(req.RetryTime); err != nil {
			return err
		}
	}
	return c.setNumbers(
		numberParameter{"MAXDIALS", positive(req.MaxDials)},
		numberParameter{"MAXTRIES", positive(req.MaxTries)},
		numberParameter{"SCHEDPRI", &req.Priority})
}

func (c *Client) setDestination(req *Request) error {
	external := req.External
	if external == req.Number {
		external = ""
	}
	return c.setTexts(
		"TSI", req.TSI, "EXTERNAL", external, "DIALSTRING", req.Number, "SUBADDR", req.SubAddress,
		"PASSWD", req.Password, "NOTIFYADDR", req.Mail, "TOUSER", req.Receiver,
		"TOCOMPANY", req.ReceiverCompany, "TOLOCATION", req.ReceiverLocation,
		"TOVOICE", req.ReceiverVoice, "FROMCOMPANY", req.SenderCompany,
		"FROMLOCATION", req.SenderLocation, "FROMVOICE", req.SenderVoice,
		"REGARDING", req.Regarding, "JOBINFO", req.Tag)
}

func (c *Client) setPageParameters(req *Request) error {
	return c.setNumbers(
		numberParameter{"VRES", positive(req.Resolution)},
		numberParameter{"PAGEWIDTH", positive(req.PageWidth)},
		numberParameter{"PAGELENGTH", positive(req.PageLength)})
}

func (c *Client) setLineParameters(req *Request) error {
	err := c.setNumbers(
		numberParameter{"MINBR", req.MinimumRate},
		numberParameter{"BEGBR", req.DesiredRate},
		numberParameter{"BEGST", req.ScanlineTime})
	if err != nil {
		return err
	}
	if req.ECM != nil {
		if err := c.SetBool("USEECM", *req.ECM); err != nil {
			return err
		}
	}
	if err := c.setTexts("DATAFORMAT", req.DataFormat); err != nil {
		return err
	}
	if req.TagLine != nil {
		if err := c.SetBool("USETAGLINE", true); err != nil {
			return err
		}
		if err := c.SetText("TAGLINE", *req.TagLine); err != nil {
			return err
		}
	}
	if req.UseHighestResolution {
		return c.SetBool("USEXVRES", true)
	}
	return nil
}

func (c *Client) setHandling(req *Request) error {
	err := c.setTexts("DONEOP", req.DoneOperation, "NOTIFY", string(req.Notify), "PAGECHOP", req.PageChop)
	if err != nil {
		return err
	}
	if req.ChopThreshold > 0 {
		if err := c.SetFloat("CHOPTHRESHOLD", req.ChopThreshold); err != nil {
			return err
		}
	}
	return c.setTexts("PAGERANGE", req.PageRange, "DUPKEY", req.Key)
}

func (c *Client) addContents(req *Request) error {
	if req.Cover != nil {
		name, err := c.Upload(*req.Cover)
		if err != nil {
			return err
		}
		if err := c.SetCover(name); err != nil {
			return err
		}
	}
	for _, name := range req.Documents {
		if err := c.AddDocument(name); err != nil {
			return err
		}
	}
	for _, p := range req.Polls {
		if err := c.AddPoll(p.Selector, p.Password); err != nil {
			return err
		}
	}
	return nil
}

// Upload uploads a document for the jobs of this session (StoreTemp).
func (c *Client) Upload(doc Document) (string, error) {
	r, err := doc.Open()
	if err != nil {
		return "", fmt.Errorf("%s: Can not open: %w", doc.Name, err)
	}
	defer r.Close()
	return c.StoreTemp(doc.Form, r)
}
