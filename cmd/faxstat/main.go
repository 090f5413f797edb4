// Command faxstat shows the state of a HylaFAX server (faxstat(1)).
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
	os.Exit(command.Faxstat(ctx, command.System(), os.Args))
}
