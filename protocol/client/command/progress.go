package command

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/litoria-fax/litoria/protocol/client"
)

// printJSON prints a value as JSON.
func (e *Env) printJSON(v any) {
	enc := json.NewEncoder(e.Stdout)
	enc.SetIndent("", "  ")
	enc.Encode(v) //nolint:errcheck // standard output that is gone cannot be told
}

// upload uploads a document and shows how far it is.
func (s *sendfax) upload(c *client.Client, d *prepared) (string, error) {
	if s.verbosity > 0 {
		s.env.printf("SEND \"%s\"\n", d.Name)
	}
	doc := d.Document
	if s.env.Terminal && !s.verbose {
		open := doc.Open
		doc.Open = func() (io.ReadCloser, error) {
			r, err := open()
			if err != nil {
				return nil, err
			}
			return &meter{ReadCloser: r, w: s.env.Stderr, name: doc.Name, size: doc.Size, began: s.env.Now(), now: s.env.Now}, nil
		}
	}
	return c.Upload(doc)
}

// meter shows on a terminal how much of a document was read. Small documents show nothing.
type meter struct {
	io.ReadCloser
	w     io.Writer
	name  string
	size  int64 // 0 where it is not known
	began time.Time
	shown time.Time
	now   func() time.Time
	n     int64
}

// When and how often a meter shows itself.
const (
	meterDelay    = time.Second
	meterInterval = 200 * time.Millisecond
)

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.ReadCloser.Read(p)
	m.n += int64(n)
	if now := m.now(); now.Sub(m.began) > meterDelay && now.Sub(m.shown) > meterInterval {
		m.shown = now
		fmt.Fprintf(m.w, "\r\033[K%s", m.line())
	}
	return n, err
}

// line tells how far the document is.
func (m *meter) line() string {
	if m.size <= 0 {
		return fmt.Sprintf("%s: %d kB sent", m.name, m.n>>10)
	}
	return fmt.Sprintf("%s: %s %d of %d kB sent", m.name, bar(m.n, m.size), m.n>>10, m.size>>10)
}

func (m *meter) Close() error {
	if !m.shown.IsZero() {
		fmt.Fprint(m.w, "\r\033[K")
	}
	return m.ReadCloser.Close()
}

// waitFor waits for the last job, and shows on a terminal how it goes. A job that fails is an error.
func (s *sendfax) waitFor(ctx context.Context, c *client.Client, jobs []submitted) error {
	if len(jobs) == 0 {
		return nil
	}
	last := jobs[len(jobs)-1]
	if len(jobs) > 1 {
		s.env.warnf("can only wait for one job (right now), waiting for job %s.", last.ID)
	}
	if !s.env.Terminal {
		if err := c.Wait(ctx, last.ID); err != nil {
			return err
		}
	}
	interval := s.env.Interval
	if interval == 0 {
		interval = time.Second
	}
	p, err := c.Watch(ctx, last.ID, interval, func(p client.Progress) {
		if s.env.Terminal {
			fmt.Fprintf(s.env.Stderr, "\r\033[K%s", describe(p))
		}
	})
	if s.env.Terminal {
		fmt.Fprintln(s.env.Stderr)
	}
	if err != nil {
		return err
	}
	if p.State == client.StateFailed {
		return fmt.Errorf("job %s failed: %s", last.ID, p.Status)
	}
	return ignoreLost(c.Quit())
}

// barWidth is the length of a progress bar.
const barWidth = 20

// bar draws how much of all is done.
func bar(done, all int64) string {
	n := int(min(done, all) * barWidth / all)
	return "[" + strings.Repeat("#", n) + strings.Repeat(".", barWidth-n) + "]"
}

// describe is a line about a job.
func describe(p client.Progress) string {
	line := fmt.Sprintf("job %s: %s", p.Job, p.State)
	if p.TotalPages > 0 {
		line += fmt.Sprintf(" %s page %d of %d", bar(int64(p.PagesSent), int64(p.TotalPages)), p.PagesSent, p.TotalPages)
	}
	if p.Dials > 0 {
		line += fmt.Sprintf(", call %d", p.Dials)
	}
	if p.Status != "" {
		line += ", " + p.Status
	}
	return line
}
