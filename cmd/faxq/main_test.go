package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/spool"
)

// asFaxq tells the test's program that it is faxq.
const asFaxq = "LITORIA_TEST_FAXQ"

func TestMain(m *testing.M) {
	if os.Getenv(asFaxq) == "" {
		os.Exit(m.Run())
	}
	main()
}

func program(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asFaxq+"=1")
	return cmd
}

// TestBackground: the command returns once faxq serves, and says why it cannot
// otherwise; options can be bundled, as getopt(3) has them.
func TestBackground(t *testing.T) {
	s, err := spool.Create(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Send(spool.QueuerFIFO, "Q") }) // where the test ended early
	if out, err := program("-q"+s.Dir(), "-c", "LogFacility: local1").CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("faxq: %v: %s", err, out)
	}
	// It serves: its FIFO has a reader.
	if err := s.Send(spool.QueuerFIFO, "X"); err != nil {
		t.Errorf("faxq in the background: %v", err)
	}
	out, err := program("-q", s.Dir()).CombinedOutput()
	if want := "faxq: another faxq serves this spool already\n"; err == nil || string(out) != want {
		t.Errorf("a second faxq: %v: %q, want %q", err, out, want)
	}
	if err := s.Send(spool.QueuerFIFO, "Q"); err != nil {
		t.Fatal(err)
	}
	if s, err = spool.Create(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	second := program("-Dq", s.Dir())
	if err := second.Start(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); s.Send(spool.QueuerFIFO, "Q") != nil; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("faxq -Dq SPOOL does not serve")
		}
	}
	if err := second.Wait(); err != nil {
		t.Errorf("faxq -Dq SPOOL: %v", err)
	}
}

func TestWrongCalls(t *testing.T) {
	for _, row := range []struct{ args, want string }{
		{"-q /nowhere/at/all", "/nowhere/at/all"},
		{"-z", "faxq: invalid option -- 'z'; faxq --help lists the options\n"},
		{"-D what", "faxq: \"what\" is not understood; faxq --help lists the options\n"},
		{"-Dq", "faxq: option requires an argument -- 'q'; faxq --help lists the options\n"},
	} {
		out, err := program(strings.Fields(row.args)...).CombinedOutput()
		if err == nil || !strings.Contains(string(out), row.want) || strings.Count(string(out), "\n") != 1 {
			t.Errorf("faxq %s: %v: %q, want one line with %q", row.args, err, out, row.want)
		}
	}
}
