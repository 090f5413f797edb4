// Command hfaxd serves the HylaFAX client-server protocol over a spool directory (hfaxd(8)).
package main

import (
	"fmt"
	"os"

	"github.com/litoria-fax/litoria/protocol/server/daemon"
)

func main() {
	if err := daemon.Main(os.Args, os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "hfaxd:", err)
		os.Exit(1)
	}
}
