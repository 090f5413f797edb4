// Command faxrm removes jobs and documents from a HylaFAX server (faxrm(1)).
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
	os.Exit(command.Faxrm(ctx, command.System(), os.Args))
}
