package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestValues(t *testing.T) {
	c := Parse(strings.NewReader(`
# comment
FAXNumber:	+1.800.555.1212  rest is not read
localidentifier: "St. \"Hyla\" \101\t."
SessionTracing: 0xFFF
RecvFileMode: 0644
MaxRecvPages: unlimited
JobReqBusy: 42
ModemGroup: "one:ttyIAX[0-3]"
ModemGroup: "two:ttyIAX[4-7]"
UseJobTSI: Yes
PageChopThreshold: 2.5
`), "config")
	if len(c.Problems) > 0 {
		t.Fatalf("problems: %v", c.Problems)
	}
	for _, row := range []struct{ got, want any }{
		{c.String("FaxNumber"), "+1.800.555.1212"},
		{c.String("LocalIdentifier"), "St. \"Hyla\" A\t."},
		{c.Int("SessionTracing"), 0xFFF},
		{c.Mode("RecvFileMode"), fs.FileMode(0o644)},
		{c.Int("MaxRecvPages"), 1<<31 - 1},
		{c.Seconds("JobReqBusy"), 42 * time.Second},
		{c.Seconds("JobReqNoAnswer"), 300 * time.Second},
		{strings.Join(c.All("ModemGroup"), " "), "one:ttyIAX[0-3] two:ttyIAX[4-7]"},
		{c.Bool("UseJobTSI"), true},
		{c.Bool("RejectCall"), false},
		{c.Float("PageChopThreshold"), 2.5},
		{c.IntOr("JobRetryBusy", -1), -1},
		{c.String("FaxRcvdCmd"), "bin/faxrcvd"},
	} {
		if row.got != row.want {
			t.Errorf("got %v, want %v", row.got, row.want)
		}
	}
}

func TestProblems(t *testing.T) {
	for _, row := range []struct{ text, want string }{
		{"no colon", "c:1: ':' is missing"},
		{"\nMaxDials: -4", `c:2: MaxDials: "-4" is not a number; the default "12" holds`},
		{"\nMaxDials: twelve", `c:2: MaxDials: "twelve" is not a number; the default "12" holds`},
		{"NoSuchThing: 1", `c:1: unknown parameter "NoSuchThing"`},
		{`FaxNumber: "1`, "c:1: the closing quote mark"},
		{"RecvFileMode: 0999", "is not an octal mode"},
		{"UseJobTSI: perhaps", "is not yes or no"},
		{"Include: x", "c:1: include is not possible"},
		{": x", "the name of the parameter is missing"},
	} {
		c := Parse(strings.NewReader(row.text+"\nMaxTries: 9\n"), "c")
		if len(c.Problems) != 1 || !strings.Contains(c.Problems[0].Error(), row.want) || c.Int("MaxTries") != 9 {
			t.Errorf("%q: %v (MaxTries %d)", row.text, c.Problems, c.Int("MaxTries"))
		}
	}
}

func TestIncludeAndStale(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("config", "MaxTries: 1\nInclude: more\nMaxDials: 2\nInclude: none\n")
	write("more", "MaxTries: 5\nInclude: more\n")
	c, err := Read(dir, "config")
	if err != nil || c.Int("MaxTries") != 5 || c.Int("MaxDials") != 2 {
		t.Errorf("%v %d %d", err, c.Int("MaxTries"), c.Int("MaxDials"))
	}
	if len(c.Problems) != 2 || !strings.Contains(c.Problems[0].Text, "include each other") || !strings.Contains(c.Problems[1].Text, "there is no file none") {
		t.Errorf("problems: %v", c.Problems)
	}
	if c.Stale() {
		t.Error("stale at once")
	}
	if err := os.Chtimes(filepath.Join(dir, "more"), time.Time{}, time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if !c.Stale() {
		t.Error("a changed include is not noticed")
	}
	if _, err := Read(dir, "nowhere"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// TestDebian reads the prototypes that HylaFAX brings, if it is installed: they
// must have no problem. Its names are in the table all the same.
func TestTable(t *testing.T) {
	if len(tags) < 250 {
		t.Fatalf("only %d parameters in the table", len(tags))
	}
	for _, tag := range tags {
		if tag.Default == "" {
			continue
		}
		if err := tag.Check(tag.Default); err != nil {
			t.Errorf("%s: default: %v", tag.Name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("FaxNumber: \"\\101\\n\"\nMaxDials: 0x\n#\n:\n")
	f.Fuzz(func(_ *testing.T, s string) {
		c := Parse(strings.NewReader(s), "c")
		_ = c.NoEffect()
		_ = c.Int("MaxDials")
	})
}

// TestOlderNames: names of HylaFAX's past mean what is in their place today.
func TestOlderNames(t *testing.T) {
	c := Parse(strings.NewReader("MaxConcurrentJobs: 4\nNoCarrierRetrys: 7\nUseJobTSI: 1\nBatchLogs: perhaps\n"), "c")
	if c.Int("MaxConcurrentCalls") != 4 || c.Int("JobRetryNoCarrier") != 7 {
		t.Errorf("calls %d, retries %d", c.Int("MaxConcurrentCalls"), c.Int("JobRetryNoCarrier"))
	}
	if len(c.Problems) != 2 || c.Bool("UseJobTSI") || c.Bool("BatchLogs") {
		t.Errorf("what is no yes is no: %v", c.Problems)
	}
}
