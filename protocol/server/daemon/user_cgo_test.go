//go:build linux && cgo

package daemon

import (
	"os"
	"os/user"
	"strings"
	"testing"

	"github.com/rs/zerolog"
)

// TestRootWithCgo: a program with C in it cannot change all of its threads, and
// says what to do.
func TestRootWithCgo(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root has rights to give up")
	}
	if _, err := user.Lookup("nobody"); err != nil {
		t.Fatal(err)
	}
	err := dropRoot("nobody", zerolog.Nop())
	if err == nil || !strings.Contains(err.Error(), "CGO_ENABLED=0") || os.Geteuid() != 0 {
		t.Errorf("dropRoot = %v as user %d, want an error that names CGO_ENABLED=0", err, os.Geteuid())
	}
}
