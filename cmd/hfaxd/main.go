// Command hfaxd serves the HylaFAX client-server protocol over a spool directory (hfaxd(8)).
package main

import (
	"fmt"
	"os"

	"github.com/litoria-fax/litoria/protocol/getopt"
	"github.com/litoria-fax/litoria/protocol/server/daemon"
)

func main() {
	err := daemon.Main(os.Args, os.Stdin, os.Stdout, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "hfaxd:", err)
	}
	os.Exit(getopt.Status(err))
}
