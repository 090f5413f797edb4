//go:build interop

package iax_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/iax"
	"github.com/litoria-fax/litoria/interop/lab"
)

// TestAsteriskRestart reloads and restarts Asterisk while a line is idle and
// while it is in a call.
func TestAsteriskRestart(t *testing.T) {
	t.Parallel()
	a := startPBX(t)
	account := iax.Account{Username: "md5", Secret: "md5secret"}
	e := listen(t, nil, func(c *iax.Call) { c.Answer(&ear{}) })
	states := make(chan iax.RegStatus, 100)
	reg, err := e.Register(iax.Registration{Account: account, Server: a.server(), Refresh: 30 * time.Second, OnStatus: func(s iax.RegStatus) { states <- s }})
	if err != nil {
		t.Fatal(err)
	}
	lab.Wait(t, 10*time.Second, "the registration", func() bool { return reg.Status().State == iax.Registered })

	m := &ear{}
	c := call(t, e, iax.DialParams{Account: account, Server: a.server(), Number: "600"}, m)
	a.CLI(t, "module reload chan_iax2.so")
	time.Sleep(2 * time.Second)
	lab.Wait(t, 5*time.Second, "the echo after a reload in the call", func() bool { return m.level(1850) > 7000 })
	t.Logf("call over a reload: %v", c.Stats())

	a.CLI(t, "core restart now")
	select {
	case <-c.Done():
		if e := c.Err(); !e.Remote || e.Result != iax.DialNoCarrier {
			t.Errorf("end of a call by a restart: %v, %v", e, e.Result)
		}
		t.Logf("call over a restart: %v", c.Err())
	case <-time.After(30 * time.Second):
		t.Error("the call does not end when Asterisk restarts")
	}
	lab.Wait(t, 20*time.Second, "Asterisk to come back", func() bool {
		out, _ := a.TryCLI("core waitfullybooted")
		return out != "" && a.Registered("md5")
	})
	lab.Wait(t, 10*time.Second, "a call after the restart", func() bool {
		c, err := e.Dial(context.Background(), iax.DialParams{Account: account, Server: a.server(), Number: fmt.Sprint(1100)})
		if err != nil {
			return false
		}
		c.Attach(&ear{limit: 8000})
		<-c.Done()
		return c.Err().Local
	})
}

// TestAsteriskTransfers connects two of our lines through an Asterisk that wants
// to step out of the way. We stay where we are and the sound goes through.
func TestAsteriskTransfers(t *testing.T) {
	t.Parallel()
	peers, plan := "", ""
	for i, transfer := range []string{"yes", "no", "mediaonly"} {
		for j := range 2 {
			name := fmt.Sprintf("tx%d%d", i, j)
			peers += fmt.Sprintf("[%s]\ntype=friend\nhost=dynamic\ncontext=fax\nsecret=s\ntransfer=%s\n\n", name, transfer)
			plan += fmt.Sprintf("exten => 3%d%d,1,Dial(IAX2/%s/${EXTEN})\n", i, j, name)
		}
	}
	a := lab.StartAsterisk(t, peers, plan)
	server := fmt.Sprintf("127.0.0.1:%d", a.Port)
	numbers := iax.NewNumberPool(nil)
	for i, transfer := range []string{"yes", "no", "mediaonly"} {
		t.Run(transfer, func(t *testing.T) {
			callee, caller := &ear{}, &ear{limit: 8000 * 5}
			in := make(chan *iax.Call, 1)
			from := listen(t, numbers, nil)
			to := listen(t, numbers, func(c *iax.Call) { c.Answer(callee); in <- c })
			account := iax.Account{Username: fmt.Sprintf("tx%d0", i), Secret: "s"}
			register(t, from, server, account)
			register(t, to, server, iax.Account{Username: fmt.Sprintf("tx%d1", i), Secret: "s"})
			c := call(t, from, iax.DialParams{Account: account, Server: server, Number: fmt.Sprintf("3%d1", i)}, caller)
			other := <-in
			<-c.Done()
			<-other.Done()
			if l := callee.level(1850); l < 7000 {
				t.Errorf("the called line hears 1850 Hz at %.0f", l)
			}
			if l := caller.level(1850); l < 7000 {
				t.Errorf("the calling line hears 1850 Hz at %.0f", l)
			}
			t.Logf("the caller: %v", c.Stats())
			t.Logf("the called: %v", other.Stats())
		})
	}
}
