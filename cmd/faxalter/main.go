// Command faxalter changes jobs in the queue of a HylaFAX server (faxalter(1)).
package main

import (
	"context"
	"os"
	"os/signal"

	"github.com/litoria-fax/litoria/protocol/client/command"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(command.Faxalter(ctx, command.System(), os.Args))
}
