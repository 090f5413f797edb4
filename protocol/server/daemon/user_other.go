//go:build unix && !linux

package daemon

import (
	"fmt"
	"os"

	"github.com/rs/zerolog"
)

// dropRoot refuses to serve as root where it does not know how to give up root's rights.
func dropRoot(string, zerolog.Logger) error {
	if os.Geteuid() == 0 {
		return fmt.Errorf("start hfaxd as an ordinary user on this system")
	}
	return nil
}
