// Command faxcover writes a cover page as PostScript (faxcover(1)).
package main

import (
	"os"

	"github.com/litoria-fax/litoria/protocol/client/command"
)

func main() { os.Exit(command.Faxcover(command.System(), os.Args)) }
