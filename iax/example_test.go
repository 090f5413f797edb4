package iax_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/litoria-fax/litoria/iax"
)

// hum sends silence for two seconds and counts what it hears.
type hum struct{ sent, heard, lost int }

func (h *hum) Receive(pcm []int16)  { h.heard += len(pcm) }
func (h *hum) Conceal(n int)        { h.lost += n }
func (h *hum) Transmit(out []int16) { clear(out); h.sent += len(out) }
func (h *hum) Done() bool           { return h.sent >= 2*8000 }

// A line registers at an exchange, takes calls and places one.
func Example() {
	e, err := iax.Listen(iax.Config{
		Listen: "127.0.0.1:0",
		Incoming: func(c *iax.Call) {
			c.Ring()
			fmt.Println("called:", c.Info().Called, "by", c.Info().Caller.Number)
			c.Answer(&hum{})
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer e.Close() //nolint:errcheck // the example ends

	account := iax.Account{Username: "ttyIAX0", Secret: "a-long-secret"}
	_, err = e.Register(iax.Registration{Account: account, Server: "pbx.example.com", Refresh: time.Minute})
	if err != nil {
		log.Fatal(err)
	}

	c, err := e.Dial(context.Background(), iax.DialParams{Account: account, Server: "pbx.example.com", Number: "5559876", Timeout: time.Minute})
	if err != nil {
		log.Print(err) // the name does not resolve
		return
	}
	c.Attach(&hum{})
	if err := c.WaitAnswer(context.Background()); err != nil {
		log.Print(err) // one sentence: busy, no such number, ...
		return
	}
	<-c.Done()
	fmt.Println(c.Err().Result, c.Stats())
}

// Causes are told in words and in HylaFAX's dial results.
func ExampleCause() {
	for _, c := range []iax.Cause{17, 19, 1, 34} {
		fmt.Printf("%d: %s: %v\n", c, c.Sentence(), c.DialResult())
	}
	// Output:
	// 17: the far end is busy: Busy signal detected
	// 19: it rang and nobody answered: No answer from remote
	// 1: there is no such number: Call rejected
	// 34: no circuit is free: Circuits are congested
}
