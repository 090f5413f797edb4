package client_test

import (
	"context"
	"fmt"
	"log"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/protocol"
	"github.com/litoria-fax/litoria/protocol/client"
)

// Submit a fax and wait for it.
func Example() {
	ctx := context.Background()
	c, err := client.Dial(ctx, client.Config{Host: "fax.example.com"})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	if err := c.Login("joe", nil); err != nil {
		log.Fatal(err)
	}
	doc, err := c.StoreTemp(client.FormPostScript, strings.NewReader("%!PS\nshowpage\n"))
	if err != nil {
		log.Fatal(err)
	}
	job, _, err := c.SubmitRequest(&client.Request{
		Number: "555-1234", Sender: "Joe User", Mail: "joe@example.com", Priority: client.DefaultPriority, Documents: []string{doc},
	})
	if err != nil {
		log.Fatal(err)
	}
	result, err := c.Watch(ctx, job, time.Second, func(p client.Progress) { fmt.Println(p.State, p.PagesSent, p.Status) })
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("job", job, "is", result.State)
}

// Submit a fax, and watch what becomes of it. Here somebody removes it at once.
func ExampleClient_Watch() {
	peer := start(exampleT{}, nil) // a test server
	c, err := dial(peer.Addr)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	doc, err := c.StoreTemp(client.FormPostScript, strings.NewReader("%!PS\nshowpage\n"))
	if err != nil {
		log.Fatal(err)
	}
	job, _, err := c.SubmitRequest(&client.Request{
		Number: "555-1234", Sender: "Joe User", Mail: "joe@example.com", Priority: client.DefaultPriority, Documents: []string{doc},
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := c.Kill(job); err != nil {
		log.Fatal(err)
	}
	result, err := c.Watch(context.Background(), job, 10*time.Millisecond, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("job %s is %s: %s\n", job, result.State, result.Status)
	// Output:
	// job 100 is failed: Job aborted by request
}

// List the jobs in the queue of a server.
func ExampleClient_Jobs() {
	peer := start(exampleT{}, nil) // a test server with one job that joe may see
	c, err := dial(peer.Addr)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	jobs, err := c.Jobs(protocol.DirSend)
	if err != nil {
		log.Fatal(err)
	}
	for _, j := range jobs {
		fmt.Printf("job %s to %s is %s: %d of %d pages, %s\n", j.ID, j.Number, j.State, j.PagesSent, j.TotalPages, j.Status)
	}
	// Output:
	// job 10 to 555-1234 is suspended: 1 of 3 pages, No answer from remote
}

// dial logs joe in.
func dial(addr string) (*client.Client, error) {
	host, port, _ := strings.Cut(addr, ":")
	c, err := client.Dial(context.Background(), client.Config{Host: host, Port: port})
	if err != nil {
		return nil, err
	}
	return c, c.Login("joe", nil)
}

// exampleT lets an Example start a test server.
type exampleT struct{ testing.TB }

func (exampleT) Helper()           {}
func (exampleT) Cleanup(func())    {}
func (exampleT) Fatal(args ...any) { log.Fatal(args...) }
func (exampleT) TempDir() string   { return tempDir() }
