package litoria_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestFuzzScript: make fuzz passes over Go's own deadline, and over nothing else.
func TestFuzzScript(t *testing.T) {
	for _, row := range []struct {
		name, output string
		status, want int
	}{
		{"all well", "PASS\nok  \tx\t1.0s\n", 0, 0},
		{"overtaken", "fuzz: elapsed: 3s\n--- FAIL: FuzzX (3.01s)\n    context deadline exceeded\nFAIL\nexit status 1\n", 1, 0},
		{"finding", "--- FAIL: FuzzX (3.01s)\n    --- FAIL: FuzzX (0.00s)\n        wrong\n    Failing input written to testdata/fuzz/FuzzX/1\nFAIL\n", 1, 1},
		{"finding at the deadline", "--- FAIL: FuzzX (3.01s)\n    context deadline exceeded\n    Failing input written to testdata/fuzz/FuzzX/1\nFAIL\n", 1, 1},
		{"hang", "--- FAIL: FuzzX (3.01s)\n    fuzzing process hung or terminated unexpectedly: exit status 2\nFAIL\n", 1, 1},
		{"an old finding", "--- FAIL: FuzzX (0.01s)\n    failure while testing seed corpus entry: FuzzX/1\nFAIL\n", 1, 1},
		{"a test that says so itself", "--- FAIL: FuzzX (0.01s)\n    x_test.go:3: read: context deadline exceeded\nFAIL\n", 1, 1},
		{"does not compile", "x.go:1: oh\nFAIL\tx [build failed]\n", 1, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			write := func(name, text string) string {
				path := filepath.Join(dir, name)
				if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
					t.Fatal(err)
				}
				return path
			}
			write("x_test.go", "func FuzzX(f *testing.F) {}\n")
			write("output", row.output)
			fake := write("go", "#!/bin/sh\nif [ $1 = list ]; then echo "+dir+"; exit 0; fi\ncat "+dir+"/output\nexit "+string(rune('0'+row.status))+"\n")
			cmd := exec.Command(".ci/fuzz", "1s")
			cmd.Env = append(os.Environ(), "GO="+fake)
			out, err := cmd.CombinedOutput()
			if got := cmd.ProcessState.ExitCode(); got != row.want {
				t.Errorf("exit status %d (%v), want %d: %s", got, err, row.want, out)
			}
		})
	}
}
