package exchange

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/litoria-fax/litoria/iax"
)

// brief is a machine that hangs up after a second.
type brief struct {
	n     int
	ended chan struct{}
}

func (b *brief) Receive([]int16) {}
func (b *brief) Conceal(int)     {}
func (b *brief) Done() bool      { return b.n >= 50 }
func (b *brief) Transmit(out []int16) {
	clear(out)
	b.n++
}

func (b *brief) End() FaxOutcome {
	close(b.ended)
	return FaxOutcome{Pages: 1}
}

// fakes makes brief machines and notes what was wanted.
type fakes struct {
	*brief
	wanted string
}

func (f *fakes) Receive(path, id string) (FaxMachine, error) {
	f.wanted = "receive " + path + " as " + id
	return f.brief, nil
}

func (f *fakes) Send(path, _ string) (FaxMachine, error) {
	f.wanted = "send " + path
	return nil, errors.New("no such file")
}

// TestFaxNumbers: numbers that a fax machine of the exchange answers.
func TestFaxNumbers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := &fakes{brief: &brief{ended: make(chan struct{})}}
		w.x.cfg.Fax = f
		w.write("extensions.conf", testPlan+"exten => 2000,1,Set(LOCALSTATIONID=Desk)\n same => n,ReceiveFAX(/in/${EXTEN})\nexten => 2001,1,SendFAX(/out.tif)\n same => n,Hangup(31)\n")
		if err := w.x.Reload(); err != nil {
			t.Fatal(err)
		}
		a := w.line("10.0.0.2:4569", "line0", "frog0", nil)
		defer w.close(a)
		c := dial(t, a, "line0", "frog0", "2000")
		c.Attach(&brief{n: -1000})
		<-c.Done()
		<-f.ended
		if want := "receive /in/2000 as Desk"; f.wanted != want {
			t.Errorf("wanted %q, want %q", f.wanted, want)
		}
		if s := c.Stats(); s.Duration < time.Second || s.Duration > 2*time.Second {
			t.Errorf("the call took %v", s.Duration)
		}
		c, err := a.Dial(t.Context(), iax.DialParams{Account: iax.Account{Username: "line0", Secret: "frog0"}, Server: "10.0.0.1", Number: "2001"})
		if err != nil {
			t.Fatal(err)
		}
		<-c.Done()
		if e := c.Err(); e.Cause != 31 || f.wanted != "send /out.tif" {
			t.Errorf("cause %d, wanted %q", e.Cause, f.wanted)
		}
	})
}
