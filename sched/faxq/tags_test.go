package faxq

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/litoria-fax/litoria/spool"
	"github.com/litoria-fax/litoria/spool/config"
)

// tagRow sets one parameter and looks for its effect on what faxq does: ok tells
// whether it is there.
type tagRow struct {
	tag, value string
	ok         func(c *Config) bool
}

// tagRows has every parameter of hylafax-config(5) that the scheduler acts on.
// What follows from a value is in the tests of package sched and of this one.
func tagRows() []tagRow {
	text := func(at func(*Config) string) func(*Config) bool {
		return func(c *Config) bool { return at(c) == "a/b c" }
	}
	command := func(tag string, at func(*Config) string) tagRow { return tagRow{tag, `"a/b c"`, text(at)} }
	number := func(n string, want string) func(*Config) bool {
		return func(c *Config) bool { got, err := c.canonical(n); return err == nil && got == want }
	}
	east := func(c *Config) bool {
		re := c.Sched.ModemGroups["east"]
		return re != nil && re.MatchString("ttyE12")
	}
	return []tagRow{
		command("ContCoverCmd", func(c *Config) string { return c.ContCoverCmd }),
		command("ContCoverPage", func(c *Config) string { return c.ContCoverPage }),
		command("NotifyCmd", func(c *Config) string { return c.NotifyCmd }),
		command("PCL2FaxCmd", func(c *Config) string { return c.PCL2FaxCmd }),
		command("PDF2FaxCmd", func(c *Config) string { return c.PDF2FaxCmd }),
		command("PS2FaxCmd", func(c *Config) string { return c.PS2FaxCmd }),
		command("TIFF2FaxCmd", func(c *Config) string { return c.TIFF2FaxCmd }),
		command("SendFaxCmd", func(c *Config) string { return c.SendFaxCmd }),
		command("SendPageCmd", func(c *Config) string { return c.SendPageCmd }),
		command("SendUUCPCmd", func(c *Config) string { return c.SendUUCPCmd }),
		command("WedgedCmd", func(c *Config) string { return c.WedgedCmd }),
		command("UUCPLockDir", func(c *Config) string { return c.UUCPLockDir }),
		{"JobControlCmd", "bin/jc", func(c *Config) bool { return c.JobControlCmd == "bin/jc" && c.Sched.Control }},
		{"AuditHook", `"bin/hook: J*"`, func(c *Config) bool { return c.HookCmd == "bin/hook" && strings.TrimSpace(c.HookSpec) == "J*" }},
		{"MaxBatchJobs", "7", func(c *Config) bool { return c.Sched.MaxBatchJobs == 7 }},
		{"MaxConcurrentCalls", "7", func(c *Config) bool { return c.Sched.MaxConcurrentCalls == 7 }},
		{"MaxConcurrentJobs", "7", func(c *Config) bool { return c.Sched.MaxConcurrentCalls == 7 }},
		{"MaxDials", "7", func(c *Config) bool { return c.Sched.MaxDials == 7 }},
		{"MaxTries", "7", func(c *Config) bool { return c.Sched.MaxTries == 7 }},
		{"MaxSendPages", "7", func(c *Config) bool { return c.Sched.MaxSendPages == 7 }},
		{"JobReqOther", "7", func(c *Config) bool { return c.Sched.RequeueInterval == 7*time.Second }},
		{"JobRetryUnconfirmed", "7", func(c *Config) bool { return c.Sched.RetryUnconfirmed == 7 }},
		{"StaggerCalls", "7", func(c *Config) bool { return c.Sched.StaggerCalls == 7*time.Second }},
		{"PostScriptTimeout", "7", func(c *Config) bool { return c.PostScriptTimeout == 7*time.Second }},
		{"PollLockWait", "7", func(c *Config) bool { return c.PollLockWait == 7*time.Second }},
		{"UUCPLockTimeout", "7", func(c *Config) bool { return c.UUCPLockTimeout == 7*time.Second }},
		{"UUCPLockMode", "0444", func(c *Config) bool { return c.UUCPLockMode == 0o444 }},
		{"UUCPLockType", "-binary", func(c *Config) bool { return c.UUCPLockType == "-binary" }},
		{"ServerTracing", "0x4001", func(c *Config) bool { return c.ServerTracing == 0x4001 }},
		{"Use2D", "no", func(c *Config) bool { return !c.Use2D }},
		{"PageChop", "all", func(c *Config) bool { return c.PageChop == spool.ChopAll }},
		{"PageChopThreshold", "1.5", func(c *Config) bool { return c.PageChopThreshold == 1.5 }},
		{"TimeOfDay", `"Wk0900-1700"`, func(c *Config) bool {
			return !c.Sched.TimeOfDay.Allows(time.Date(2030, 1, 5, 12, 0, 0, 0, time.UTC)) // a Saturday
		}},
		{"ModemGroup", `"east:ttyE[0-9]+"`, east},
		{"ModemClass", `"east:ttyE[0-9]+"`, east},
		{"DialStringRules", "etc/rules", number("555", "+1800555")},
		{"AreaCode", "900\nDialStringRules: etc/rules", number("555", "+1900555")},
		{"CountryCode", "49\nDialStringRules: etc/rules", number("555", "+49800555")},
		{"LongDistancePrefix", "0\nDialStringRules: etc/rules", number("0555", "+1555")},
		{"InternationalPrefix", "00\nDialStringRules: etc/rules", number("0049555", "+49555")},
		{"Include", "etc/more", func(c *Config) bool { return c.Sched.MaxDials == 8 }},
	}
}

// elsewhere are parameters of the scheduler's file that other parts act on.
var elsewhere = map[string]string{
	"LogFacility":    "cmd/faxq, by internal/faxlog",
	"SessionTracing": "lines",
	"BatchLogs":      "lines",
}

const testRules = `CanonicalNumber := [
^${InternationalPrefix} = +
^${LongDistancePrefix} = +${CountryCode}
^([0-9]) = +${CountryCode}${AreaCode}\1
]
DialString := [
]
`

// TestTags: every parameter that hylafax-config(5) gives to the scheduler has
// its effect, or is said not to be supported.
func TestTags(t *testing.T) {
	w := newWorld(t, "")
	w.write("etc/rules", testRules)
	w.write("etc/more", "MaxDials: 8\n")
	defaults := "AreaCode: 800\nCountryCode: 1\nLongDistancePrefix: 9\nInternationalPrefix: 011\n"
	load := func(text string) (*Config, string) {
		w.write("etc/config", text)
		var said bytes.Buffer
		watch := configWatch{path: w.spool.Path("etc/config")}
		c, err := watch.load(func(err error) { said.WriteString(err.Error() + "\n") })
		if err != nil {
			t.Fatal(err)
		}
		return c, said.String()
	}
	seen := map[string]bool{}
	for _, row := range tagRows() {
		seen[row.tag] = true
		if c, _ := load(defaults); row.ok(c) {
			t.Errorf("%s: the effect is there without it", row.tag)
		}
		if c, said := load(defaults + row.tag + ": " + row.value + "\n"); !row.ok(c) || said != "" {
			t.Errorf("%s: %s has no effect; told: %q", row.tag, row.value, said)
		}
	}
	for _, n := range notSupported {
		seen[n.tag] = true
		if _, said := load(n.tag + ": 1\n"); !strings.Contains(said, n.tag+" is not supported: "+n.why) {
			t.Errorf("%s: told %q", n.tag, said)
		}
	}
	for _, tag := range config.Tags() {
		if tag.Reader == "faxq" || tag.Reader == "both" {
			if !seen[tag.Name] && elsewhere[tag.Name] == "" {
				t.Errorf("%s has no row", tag.Name)
			}
		}
	}
}

// Wrong values and unknown parameters are named with their place, and the rest
// counts.
func TestBadConfig(t *testing.T) {
	for _, row := range []struct{ line, want string }{
		{"NoSuchThing: 1", `etc/config:1: unknown parameter "NoSuchThing"`},
		{"MaxDials: many", "etc/config:1: MaxDials"},
		{"Use2D: perhaps", "etc/config:1: Use2D"},
		{"PageChopThreshold: wide", "etc/config:1: PageChopThreshold"},
		{"UUCPLockMode: 9", "etc/config:1: UUCPLockMode"},
		{"no colon", "etc/config:1:"},
		{"Include: etc/missing", "etc/missing"},
		{"PageChop: some", `etc/config:1: PageChop "some" is none of last, all, none; last is used`},
		{"UUCPLockType: paper", `etc/config:1: UUCPLockType "paper" is none of`},
		{"TimeOfDay: Never", `etc/config:1: TimeOfDay "Never": "never" is not a day (as in Wk0900-1700,Sa); calls are made at any time`},
		{"ModemGroup: east", `etc/config:1: ModemGroup "east": no regular expression`},
		{"ModemGroup: \"east:(\"", `etc/config:1: ModemGroup "east":`},
		{"FaxqLogFile: x", "etc/config:1: FaxqLogFile is not supported"},
		{"AuditHook: bin/hook", "etc/config:1: AuditHook has no trigger specification"},
		{"DialStringRules: etc/missing", "etc/config:1: DialStringRules: "},
	} {
		t.Run(row.line, func(t *testing.T) {
			w := newWorld(t, "")
			w.write("etc/config", row.line+"\nMaxTries: 9\n")
			w.line("ttyIAX0", nil)
			w.start()
			w.wait("faxq to listen", func() bool { return strings.Contains(w.log.String(), "queue read") })
			found := false
			for want := range strings.SplitSeq(row.want, "|") {
				found = found || strings.Contains(strings.ReplaceAll(w.log.String(), `\"`, `"`), want)
			}
			if !found {
				t.Errorf("the log does not say %q:\n%s", row.want, w.log.String())
			}
			w.job(1, nil)
			w.send("S:1")
			w.waitDone(1)
		})
	}
}

func TestServerTracing(t *testing.T) {
	for _, row := range []struct {
		areas int
		want  string
	}{{0, "warn"}, {1, "info warn"}, {0x2, "info warn"}, {0x4001, "debug info warn"}, {0x801, "debug info warn"}} {
		var out bytes.Buffer
		var tr tracing
		tr.set(row.areas)
		log := traced(zerolog.New(&out).Level(zerolog.InfoLevel), &tr)
		log.Debug().Msg("")
		log.Info().Msg("")
		log.Warn().Msg("")
		var got []string
		for _, l := range []string{"debug", "info", "warn"} {
			if strings.Contains(out.String(), `"`+l+`"`) {
				got = append(got, l)
			}
		}
		if s := strings.Join(got, " "); s != row.want {
			t.Errorf("ServerTracing %#x: %s, want %s", row.areas, s, row.want)
		}
	}
}

// A changed ServerTracing counts without a restart.
func TestServerTracingReread(t *testing.T) {
	w := newWorld(t, "")
	srv, err := New(Options{Spool: w.spool, Log: zerolog.New(os.Stderr).Level(zerolog.InfoLevel)})
	if err != nil {
		t.Fatal(err)
	}
	cfg := *srv.cfg
	cfg.ServerTracing = 0
	srv.useConfig(&cfg)
	if srv.tracing.Sample(zerolog.InfoLevel) || !srv.tracing.Sample(zerolog.WarnLevel) {
		t.Error("ServerTracing 0 lets more through than warnings")
	}
}
