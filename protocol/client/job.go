package client

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/litoria-fax/litoria/protocol"
)

// JobID names a job on its server; the server's default job is protocol.DefaultJob.
type JobID string

// SetJob makes a job the current one: parameters are set and read there.
func (c *Client) SetJob(id JobID) error {
	if strings.EqualFold(string(id), c.job) {
		return nil
	}
	if _, err := c.Command("JOB " + argument(string(id))); err != nil {
		return err
	}
	c.job = string(id)
	return nil
}

// NewJob makes a job with the parameters of the current job, and makes it the current one.
func (c *Client) NewJob() (job, group JobID, err error) {
	r, err := c.Command("JNEW")
	if err != nil {
		return "", "", err
	}
	job, group = idAfter(r.Text, "jobid:"), idAfter(r.Text, "groupid:")
	if r.Code != protocol.CodeOK || job == "" || group == "" {
		return "", "", fmt.Errorf("Protocol botch: No job and group in JNEW response: %s", r.Text) //nolint:staticcheck // HylaFAX's words
	}
	c.job = string(job)
	return job, group, nil
}

// idAfter returns the number that follows a word of a reply, whatever its case.
func idAfter(text, word string) JobID {
	at := strings.Index(strings.ToLower(text), word)
	if at < 0 {
		return ""
	}
	rest := strings.TrimLeft(text[at+len(word):], " ")
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end >= 0 {
		rest = rest[:end]
	}
	return JobID(rest)
}

// SetText sets a parameter of the current job.
func (c *Client) SetText(name, value string) error {
	_, err := c.Commandf("JPARM %s %s", name, protocol.Quote(value))
	return err
}

// SetNumber sets a parameter of the current job.
func (c *Client) SetNumber(name string, value int) error {
	_, err := c.Commandf("JPARM %s %d", name, value)
	return err
}

// SetFloat sets a parameter of the current job.
func (c *Client) SetFloat(name string, value float64) error {
	_, err := c.Commandf("JPARM %s %s", name, strconv.FormatFloat(value, 'g', 6, 64))
	return err
}

// SetBool sets a parameter of the current job.
func (c *Client) SetBool(name string, value bool) error {
	word := "NO"
	if value {
		word = "YES"
	}
	_, err := c.Commandf("JPARM %s %s", name, word)
	return err
}

// SetSendTime sets when to send the current job; the zero time is now.
func (c *Client) SetSendTime(t time.Time) error {
	if t.IsZero() {
		_, err := c.Command("JPARM SENDTIME NOW")
		return err
	}
	_, err := c.Command("JPARM SENDTIME " + t.UTC().Format("200601021504"))
	return err
}

// SetLastTime sets how long after its send time the server tries to send the current job.
func (c *Client) SetLastTime(d time.Duration) error {
	_, err := c.Command("JPARM LASTTIME " + protocol.FormatLifetime(d))
	return err
}

// SetRetryTime sets the time between tries of the current job.
func (c *Client) SetRetryTime(d time.Duration) error {
	_, err := c.Command("JPARM RETRYTIME " + protocol.FormatInterval(d))
	return err
}

// AddDocument adds an uploaded document to the current job.
func (c *Client) AddDocument(name string) error {
	_, err := c.Command("JPARM DOCUMENT " + argument(name))
	return err
}

// SetCover adds an uploaded document to the current job as its cover page.
func (c *Client) SetCover(name string) error {
	_, err := c.Command("JPARM COVER " + argument(name))
	return err
}

// AddPoll makes the current job ask the far end for documents, by selector and password.
func (c *Client) AddPoll(selector, password string) error {
	_, err := c.Commandf("JPARM POLL %s %s", protocol.Quote(selector), protocol.Quote(password))
	return err
}

// Parameter reads a parameter of the current job.
func (c *Client) Parameter(name string) (Reply, error) { return c.Command("JPARM " + name) }

// jobCommand runs a command on a job.
func (c *Client) jobCommand(command string, id JobID) error {
	if string(id) != c.job {
		command += " " + argument(string(id))
	}
	_, err := c.Command(command)
	return err
}

// Submit hands a job to the scheduler.
func (c *Client) Submit(id JobID) error { return duplicate(c.jobCommand("JSUBM", id)) }

// Suspend takes a job from the scheduler, so that it can be altered.
func (c *Client) Suspend(id JobID) error { return c.jobCommand("JSUSP", id) }

// Interrupt takes a job from the scheduler and breaks off its call.
func (c *Client) Interrupt(id JobID) error { return c.jobCommand("JINTR", id) }

// Kill ends a job; a call in progress is broken off.
func (c *Client) Kill(id JobID) error { return c.jobCommand("JKILL", id) }

// DeleteJob removes a job that is done or suspended.
func (c *Client) DeleteJob(id JobID) error {
	err := c.jobCommand("JDELE", id)
	if err == nil && string(id) == c.job {
		c.job = protocol.DefaultJob
	}
	return err
}

// Remove does what faxrm does: kill the job or, if it is done already, remove its record from
// doneq, which done reports.
func (c *Client) Remove(id JobID) (done bool, err error) {
	err = c.Kill(id)
	if protocol.CodeOf(err) == protocol.CodeBadJob {
		if c.DeleteJob(id) == nil {
			return true, nil
		}
	}
	return false, err
}
