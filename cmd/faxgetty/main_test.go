package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/litoria-fax/litoria/spool"
)

// asFaxgetty tells the test's program that it is faxgetty.
const asFaxgetty = "LITORIA_TEST_FAXGETTY"

func TestMain(m *testing.M) {
	if os.Getenv(asFaxgetty) == "" {
		os.Exit(m.Run())
	}
	main()
}

// TestCannotServe: what keeps faxgetty from serving is told in a line, in the
// foreground and in the background alike.
func TestCannotServe(t *testing.T) {
	s, err := spool.Create(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		args []string
		want string
	}{
		{[]string{"-pq", "/nowhere/at/all"}, "/nowhere/at/all"},
		{[]string{"-Dq", "/nowhere/at/all"}, "/nowhere/at/all"},
		{[]string{"-pq", s.Dir()}, "has no etc/config.DEVID of a line over IAX2"},
		{[]string{"-Dq" + s.Dir()}, "has no etc/config.DEVID of a line over IAX2"},
		{[]string{"-Dz"}, "invalid option -- 'z'"},
	} {
		cmd := exec.Command(os.Args[0], row.args...)
		cmd.Env = append(os.Environ(), asFaxgetty+"=1")
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), row.want) || !strings.HasPrefix(string(out), "faxgetty: ") || strings.Count(string(out), "\n") != 1 {
			t.Errorf("faxgetty %q: %v: %q, want one line with %q", row.args, err, out, row.want)
		}
	}
}
