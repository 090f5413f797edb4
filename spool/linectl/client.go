package linectl

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"
)

// answerTimeout is how long a line may take to answer a request with its first
// event. Taking a batch means checking that the line is free, nothing slower.
const answerTimeout = 10 * time.Second

// Client talks to the process that owns one line. It holds no connection
// between calls and may be used by several goroutines.
type Client struct {
	spool, devid string
}

// Dial makes a client for the line devid below the spool directory and checks
// that somebody serves the line. The error is ErrNoLine if nobody does.
func Dial(spool, devid string) (*Client, error) {
	if err := checkDevID(devid); err != nil {
		return nil, err
	}
	c := &Client{spool: spool, devid: devid}
	conn, err := c.connect(context.Background())
	if err != nil {
		return nil, err
	}
	return c, conn.Close()
}

// DevID names the line.
func (c *Client) DevID() string { return c.devid }

// Send hands the batch over and calls event for every event of the call, from
// Accepted to CallEnd. It returns nil after CallEnd, a *Refusal or ErrNoLine if
// the line did not take the batch, ErrLost if the connection broke afterwards.
// Ending ctx leaves the call alone and returns its error.
func (c *Client) Send(ctx context.Context, b Batch, event func(Event)) error {
	if err := b.check(); err != nil {
		return fmt.Errorf("linectl: %w", err)
	}
	return c.follow(ctx, request{Op: opSend, Batch: b}, event)
}

// Attach follows the call in progress: its events so far, then the rest, as
// Send would have given them. ErrIdle if the line has no outgoing call.
func (c *Client) Attach(ctx context.Context, event func(Event)) error {
	return c.follow(ctx, request{Op: opAttach}, event)
}

// Abort asks the line to end the call of a job (its id). It returns when the
// line has taken note; the job's end comes as an event of the call. ErrIdle if
// the line does not have that job.
func (c *Client) Abort(ctx context.Context, job string) error {
	_, err := c.ask(ctx, request{Op: opAbort, Job: job}, Aborting)
	return err
}

// Status asks what the line is doing.
func (c *Client) Status(ctx context.Context) (Line, error) {
	e, err := c.ask(ctx, request{Op: opStatus}, StatusNow)
	if err != nil {
		return Line{}, err
	}
	if e.Line == nil {
		return Line{}, errors.New("linectl: status answer without a line")
	}
	return *e.Line, nil
}

// ask sends a request that has a single answer of the kind wanted.
func (c *Client) ask(ctx context.Context, r request, want EventKind) (Event, error) {
	l, done, err := c.start(ctx, r)
	if err != nil {
		return Event{}, err
	}
	defer done()
	e, err := l.first()
	if err != nil {
		return Event{}, ctxError(ctx, err)
	}
	if e.Event != want {
		return Event{}, fmt.Errorf("linectl: unexpected answer %q to %s", e.Event, r.Op)
	}
	return e, nil
}

// follow sends a request and passes on events up to the end of the call.
func (c *Client) follow(ctx context.Context, r request, event func(Event)) error {
	l, done, err := c.start(ctx, r)
	if err != nil {
		return err
	}
	defer done()
	e, err := l.first()
	if err != nil {
		return ctxError(ctx, err)
	}
	for {
		event(e)
		if e.Event == CallEnd {
			return nil
		}
		e = Event{}
		if err := l.read(&e); err != nil {
			return ctxError(ctx, fmt.Errorf("%w (%v)", ErrLost, err))
		}
	}
}

// start connects and writes the request. done ends the connection.
func (c *Client) start(ctx context.Context, r request) (l *link, done func(), err error) {
	conn, err := c.connect(ctx)
	if err != nil {
		return nil, nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	done = func() { stop(); conn.Close() }
	l = newLink(conn)
	if err := l.write(r, answerTimeout); err != nil {
		done()
		return nil, nil, ctxError(ctx, fmt.Errorf("%w (%v)", ErrLost, err))
	}
	return l, done, nil
}

// first reads the first event of an answer and turns those that say no into
// errors. A connection that ends before it leaves open whether the line took
// the request, hence ErrLost.
func (l *link) first() (Event, error) {
	var e Event
	if err := l.conn.SetReadDeadline(deadline(answerTimeout)); err != nil {
		return e, err
	}
	if err := l.read(&e); err != nil {
		return e, fmt.Errorf("%w (%v)", ErrLost, err)
	}
	if err := l.conn.SetReadDeadline(time.Time{}); err != nil {
		return e, err
	}
	switch e.Event {
	case Refused:
		return e, &Refusal{Reason: e.Reason, Busy: e.Busy}
	case Error:
		if e.Reason == ErrIdle.Error() {
			return e, ErrIdle
		}
		return e, errors.New("linectl: line answered: " + e.Reason)
	}
	return e, nil
}

// connect opens a connection to the line's socket.
func (c *Client) connect(ctx context.Context) (net.Conn, error) {
	var conn net.Conn
	err := withSocketPath(c.spool, c.devid, func(path string) error {
		var d net.Dialer
		var err error
		conn, err = d.DialContext(ctx, "unix", path)
		return err
	})
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return nil, fmt.Errorf("%w: %s", ErrNoLine, c.devid)
	}
	if err != nil {
		return nil, fmt.Errorf("linectl: connect to line %s: %w", c.devid, err)
	}
	return conn, nil
}

// ctxError prefers the reason for which the caller gave up.
func ctxError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
