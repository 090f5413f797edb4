//go:build unix

package server_test

import (
	"context"
	"fmt"
	"log"
	"net"
	"os"

	"github.com/litoria-fax/litoria/protocol"
	"github.com/litoria-fax/litoria/protocol/client"
	"github.com/litoria-fax/litoria/protocol/protocoltest"
	"github.com/litoria-fax/litoria/protocol/server"
)

// Serve a spool, and look at its queue with a client.
func Example() {
	dir, err := os.MkdirTemp("", "litoria")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := protocoltest.MakeSpool(dir); err != nil { // a spool for tests; joe may log in
		log.Fatal(err)
	}
	srv, err := server.New(server.Config{
		Spool: dir, Hostname: "fax.example.com", LookupHost: func(context.Context, string) string { return "localhost" },
	})
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go srv.Serve(l, false) //nolint:errcheck // ends with Close

	host, port, _ := net.SplitHostPort(l.Addr().String())
	c, err := client.Dial(context.Background(), client.Config{Host: host, Port: port})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	if err := c.Login("joe", nil); err != nil {
		log.Fatal(err)
	}
	jobs, err := c.Jobs(protocol.DirSend)
	if err != nil {
		log.Fatal(err)
	}
	for _, j := range jobs {
		fmt.Println("job", j.ID, "to", j.Number, "of", j.Owner, "is", j.State)
	}
	// Output:
	// job 10 to 555-1234 of joe is suspended
}
