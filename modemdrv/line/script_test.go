package line

import (
	"strings"
	"testing"
	"time"
)

func TestScriptArguments(t *testing.T) {
	s := script{command: "printf '%s|' fixed", args: []string{"a b", `"; rm -rf $HOME`, "$(id)", ""}, dir: t.TempDir(), limit: 10 * time.Second}
	out, err := s.run(t.Context())
	if want := `fixed|a b|"; rm -rf $HOME|$(id)||`; err != nil || string(out) != want {
		t.Errorf("the script saw %q, %v, want %q", out, err, want)
	}
}

func TestScriptFailures(t *testing.T) {
	for _, row := range []struct {
		command string
		limit   time.Duration
		want    string
	}{
		{"echo first >&2; echo the reason >&2; exit 3; :", 10 * time.Second, "exit status 3: the reason"},
		{"exec sleep 60; :", 50 * time.Millisecond, "did not end within 50ms"},
		{"bin/no-such-script", 10 * time.Second, "exit status 127"},
	} {
		if _, err := (script{command: row.command, dir: t.TempDir(), limit: row.limit}).run(t.Context()); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%q: %v, want ...%s...", row.command, err, row.want)
		}
	}
}

func TestScriptOutputIsBounded(t *testing.T) {
	out, err := script{command: "head -c 1000000 /dev/zero; :", dir: t.TempDir(), limit: 10 * time.Second}.run(t.Context())
	if err != nil || len(out) != maxScriptOutput {
		t.Errorf("%d octets kept, %v", len(out), err)
	}
}
