package linectl

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
)

// fakeLine is a handler whose calls the test conducts.
type fakeLine struct {
	mu     sync.Mutex
	refuse error
	batch  Batch
	report func(Event)
	taken  chan bool
	aborts []string
}

func newFakeLine() *fakeLine { return &fakeLine{taken: make(chan bool, 16)} }

func (f *fakeLine) Send(b Batch, report func(Event)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuse != nil {
		return f.refuse
	}
	f.batch, f.report = b, report
	f.taken <- true
	return nil
}

func (f *fakeLine) Abort(job string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.report == nil {
		return ErrIdle
	}
	f.aborts = append(f.aborts, job)
	return nil
}

func (f *fakeLine) Status() Line {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.report == nil {
		return Line{State: Idle}
	}
	return Line{State: Sending, Jobs: f.batch.Jobs}
}

func serve(t *testing.T, dir string, h Handler) *Server {
	t.Helper()
	s, err := Listen(dir, "ttyIAX0", h)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func dial(t *testing.T, dir string) *Client {
	t.Helper()
	c, err := Dial(dir, "ttyIAX0")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSendStreamsTheCall(t *testing.T) {
	dir, line := t.TempDir(), newFakeLine()
	serve(t, dir, line)
	want := []Event{
		{Event: Accepted},
		{Event: Dialing, Job: "12", CommID: "000000042"},
		{Event: Page, Job: "12", Pages: 1, Seconds: 30, Params: 2162724, File: "docq/doc1.ps;c0"},
		{Event: JobEnd, Job: "12", Result: Failed, Status: "No answer from remote", Code: 3, Unconfirmed: true},
		{Event: CallEnd},
	}
	go func() {
		<-line.taken
		for _, e := range want[1:] {
			line.report(e)
		}
	}()
	var got []Event
	b := Batch{Jobs: []string{"sendq/q12", "sendq/q13"}, Config: []string{"DesiredBR: 3"}}
	if err := dial(t, dir).Send(t.Context(), b, func(e Event) { got = append(got, e) }); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("events %+v, want %+v", got, want)
	}
	if !reflect.DeepEqual(line.batch, b) {
		t.Errorf("the line saw %+v, want %+v", line.batch, b)
	}
}

func TestRefusal(t *testing.T) {
	dir, line := t.TempDir(), newFakeLine()
	serve(t, dir, line)
	line.refuse = &Refusal{Reason: "receiving", Busy: true}
	err := dial(t, dir).Send(t.Context(), Batch{Jobs: []string{"sendq/q1"}}, func(Event) { t.Error("an event") })
	var r *Refusal
	if !errors.As(err, &r) || !r.Busy || r.Reason != "receiving" {
		t.Errorf("Send = %v, want the refusal", err)
	}
}

// A scheduler that was killed comes back, finds its call by status, and hears
// everything from the beginning by attach; the line never noticed.
func TestAttachAfterLoss(t *testing.T) {
	dir, line := t.TempDir(), newFakeLine()
	serve(t, dir, line)
	ctx, die := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() {
		gone <- dial(t, dir).Send(ctx, Batch{Jobs: []string{"sendq/q7"}}, func(e Event) {
			if e.Event == Dialing {
				die()
			}
		})
	}()
	<-line.taken
	line.report(Event{Event: Dialing, Job: "7"})
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Fatalf("Send = %v, want canceled", err)
	}
	c := dial(t, dir)
	st, err := c.Status(t.Context())
	if err != nil || st.State != Sending || st.DevID != "ttyIAX0" || st.PID != os.Getpid() || !reflect.DeepEqual(st.Jobs, []string{"sendq/q7"}) {
		t.Fatalf("Status = %+v, %v", st, err)
	}
	if err := c.Send(t.Context(), Batch{Jobs: []string{"sendq/q8"}}, func(Event) {}); err == nil || !strings.Contains(err.Error(), "line is sending") {
		t.Errorf("second Send = %v, want a refusal", err)
	}
	if err := c.Abort(t.Context(), "7"); err != nil {
		t.Error(err)
	}
	var got []EventKind
	err = c.Attach(t.Context(), func(e Event) {
		got = append(got, e.Event)
		if e.Event == Dialing {
			line.report(Event{Event: JobEnd, Job: "7", Result: Retry})
			line.report(Event{Event: CallEnd})
		}
	})
	if want := []EventKind{Accepted, Dialing, JobEnd, CallEnd}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Attach: %v, %v, want %v", got, err, want)
	}
	if err := c.Attach(t.Context(), func(Event) {}); !errors.Is(err, ErrIdle) {
		t.Errorf("Attach to an ended call = %v, want ErrIdle", err)
	}
}

func TestLineDiesInTheCall(t *testing.T) {
	dir, line := t.TempDir(), newFakeLine()
	s := serve(t, dir, line)
	gone := make(chan error, 1)
	go func() {
		gone <- dial(t, dir).Send(t.Context(), Batch{Jobs: []string{"sendq/q7"}}, func(e Event) {
			if e.Event == Dialing {
				go s.Close()
			}
		})
	}()
	<-line.taken
	line.report(Event{Event: Dialing, Job: "7"})
	if err := <-gone; !errors.Is(err, ErrLost) {
		t.Errorf("Send = %v, want ErrLost", err)
	}
	if _, err := Dial(dir, "ttyIAX0"); !errors.Is(err, ErrNoLine) {
		t.Errorf("Dial = %v, want ErrNoLine", err)
	}
}

func TestOneProcessPerLine(t *testing.T) {
	dir := t.TempDir()
	serve(t, dir, newFakeLine())
	if _, err := Listen(dir, "ttyIAX0", newFakeLine()); !errors.Is(err, ErrInUse) {
		t.Errorf("second Listen = %v, want ErrInUse", err)
	}
}

// A socket that a killed process left behind neither answers nor is in the way.
func TestStaleSocket(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "client"), 0o700); err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("unix", filepath.Join(dir, SocketName("ttyIAX0")))
	if err != nil {
		t.Fatal(err)
	}
	ln.(*net.UnixListener).SetUnlinkOnClose(false)
	ln.Close()
	if _, err := Dial(dir, "ttyIAX0"); !errors.Is(err, ErrNoLine) {
		t.Errorf("Dial = %v, want ErrNoLine", err)
	}
	if ids, err := Lines(dir); err != nil || !reflect.DeepEqual(ids, []string{"ttyIAX0"}) {
		t.Errorf("Lines = %v, %v", ids, err)
	}
	serve(t, dir, newFakeLine())
	dial(t, dir)
}

func TestDeepSpool(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("d", 90), strings.Repeat("e", 90))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	serve(t, dir, newFakeLine())
	if st, err := dial(t, dir).Status(t.Context()); err != nil || st.State != Idle {
		t.Errorf("Status = %+v, %v", st, err)
	}
}

func TestBadRequests(t *testing.T) {
	dir := t.TempDir()
	serve(t, dir, newFakeLine())
	for _, row := range []struct{ request, want string }{
		{"nonsense", "malformed"},
		{"{}", "no op"},
		{`{"op":"fly"}`, "unknown op"},
		{`{"op":"abort"}`, "without job"},
		{`{"op":"send"}`, "0 jobs"},
		{`{"op":"send","jobs":["../etc/passwd"]}`, "not a job file"},
		{`{"op":"send","jobs":["sendq/q1/../../x"]}`, "not a job file"},
		{`{"op":"send","jobs":["sendq/q1","sendq/q1"]}`, "twice"},
		{`{"op":"send","jobs":["sendq/q1"],"config":["no colon"]}`, "not a configuration parameter"},
		{`{"op":"attach"}`, "no such call"},
		{`{"op":"abort","job":"3"}`, "no such call"},
		{strings.Repeat(" ", MaxMessage+5), "longer than"},
	} {
		conn, err := net.Dial("unix", filepath.Join(dir, SocketName("ttyIAX0")))
		if err != nil {
			t.Fatal(err)
		}
		go conn.Write([]byte(row.request + "\n"))
		var e Event
		err = newLink(conn).read(&e)
		conn.Close()
		if err != nil || e.Event != Error || !strings.Contains(e.Reason, row.want) {
			t.Errorf("%.40s: %+v, %v, want ...%s...", row.request, e, err, row.want)
		}
	}
	if err := dial(t, dir).Send(t.Context(), Batch{}, nil); err == nil {
		t.Error("an empty batch was sent")
	}
}

func TestDeviceIdentifiers(t *testing.T) {
	for _, id := range []string{"", ".", "a/b", ".hidden", "x\n"} {
		if _, err := Dial(t.TempDir(), id); err == nil || errors.Is(err, ErrNoLine) {
			t.Errorf("Dial(%q) = %v", id, err)
		}
	}
}

func FuzzRequest(f *testing.F) {
	f.Add([]byte(`{"op":"send","jobs":["sendq/q12"],"config":["a: b"]}`))
	f.Add([]byte(`{"op":"abort","job":"12"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		var r request
		if decode(line, &r) != nil || r.check() != nil {
			return
		}
		again, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var r2 request
		if err := decode(again, &r2); err != nil || r2.check() != nil {
			t.Errorf("%q is good, its copy %q is not: %v", line, again, err)
		}
	})
}

func FuzzEvent(f *testing.F) {
	f.Add([]byte(`{"event":"job","job":"12","result":"done"}`))
	f.Add([]byte(`{"event":"status","line":{"devid":"x","state":"idle"}}`))
	f.Fuzz(func(_ *testing.T, line []byte) {
		var e Event
		if decode(line, &e) == nil {
			e.FIFOMessage()
		}
	})
}
