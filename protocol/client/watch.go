package client

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/litoria-fax/litoria/protocol"
)

// Wait waits until a job is done or has failed (JWAIT). When ctx ends, it asks the server to stop
// waiting and returns the reason.
func (c *Client) Wait(ctx context.Context, id JobID) error {
	if err := c.send("JWAIT " + argument(string(id))); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.conn.SetReadDeadline(time.Now()) })
	defer stop()
	r, err := c.readReplyWithin(0)
	switch {
	case ctx.Err() != nil && err != nil:
		if abortErr := c.abort(); abortErr != nil {
			c.Close()
		}
		return context.Cause(ctx)
	case err != nil:
		return err
	case !r.Code.Complete():
		return r.err()
	}
	return nil
}

// Progress is where a job stands.
type Progress struct {
	Job        JobID
	State      State
	PagesSent  int
	TotalPages int
	Dials      int
	Status     string // what the server says about the last failure, or the present call
}

// JobProgress asks where a job stands. It leaves the job the current one.
func (c *Client) JobProgress(id JobID) (Progress, error) {
	p := Progress{Job: id}
	// A job that is done has moved to another queue: naming it anew makes the server look there.
	if _, err := c.Command("JOB " + argument(string(id))); err != nil {
		return p, err
	}
	c.job = string(id)
	state, err := c.Parameter("STATE")
	if err != nil {
		return p, err
	}
	p.State = stateByName(state.Text)
	for name, set := range map[string]func(string){
		"STATUS":   func(s string) { p.Status = s },
		"NPAGES":   func(s string) { p.PagesSent = atoi(s) },
		"TOTPAGES": func(s string) { p.TotalPages = atoi(s) },
		"TOTDIALS": func(s string) { p.Dials = atoi(s) },
	} {
		r, err := c.Parameter(name)
		if err != nil {
			return p, err
		}
		set(r.Text)
	}
	return p, nil
}

func stateByName(name string) State {
	const letters = "?TPSBWRDF" // of the states in the order of their numbers
	for i, n := range protocol.StateNames() {
		if n == name {
			return stateOf(letters[i : i+1])
		}
	}
	return StateUnknown
}

// Watch asks every interval where a job stands, tells report each change, and returns the last
// state: done or failed. A refusal is believed when it comes twice: while a job moves from one queue to
// the other, servers take it for deleted.
func (c *Client) Watch(ctx context.Context, id JobID, interval time.Duration, report func(Progress)) (Progress, error) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	var last Progress
	refused := false
	for {
		p, err := c.JobProgress(id)
		switch {
		case err != nil && (refused || protocol.CodeOf(err) == 0):
			return last, err
		case err != nil:
			refused = true
		case p.State.Final():
			if p != last && report != nil {
				report(p)
			}
			return p, nil
		default:
			if p != last && report != nil {
				report(p)
			}
			last, refused = p, false
		}
		select {
		case <-ctx.Done():
			return last, context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// Event is something that happened on the server.
type Event struct {
	Time   string // HHMMSS in the session's zone
	Number int    // kind of event: its number plus 100
	Text   string
}

// Events asks for the events of a trigger specification, such as "J*S*R*M*" for all or "J<12>*" for
// those of job 12, and reports each until report returns false or ctx ends. The session does
// nothing else meanwhile, and is closed afterwards.
func (c *Client) Events(ctx context.Context, spec string, report func(Event) bool) error {
	defer c.Close()
	if err := c.setType("A"); err != nil {
		return err
	}
	if err := c.setMode("S"); err != nil {
		return err
	}
	if err := c.prepareData(); err != nil {
		return err
	}
	if _, err := c.Command("SITE TRIGGER " + argument(spec)); err != nil {
		return err
	}
	conn, err := c.openData()
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	err = scanLines(conn, func(line string) bool {
		e, parseErr := ParseEvent(line)
		return parseErr != nil || report(e)
	})
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// ParseEvent parses a line of events: time, number and text.
func ParseEvent(line string) (Event, error) {
	parts := strings.SplitN(strings.TrimRight(line, "\r\n"), " ", 3)
	if len(parts) != 3 {
		return Event{}, fmt.Errorf("client: event line %q is not time, number and text", line)
	}
	n, err := strconv.Atoi(parts[1])
	if err != nil {
		return Event{}, fmt.Errorf("client: event line %q: no number", line)
	}
	return Event{Time: parts[0], Number: n, Text: parts[2]}, nil
}
