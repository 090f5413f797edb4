package faxq

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/litoria-fax/litoria/sched"
	"github.com/litoria-fax/litoria/spool"
	"github.com/litoria-fax/litoria/spool/config"
	"github.com/litoria-fax/litoria/spool/dialrules"
)

// configInterval is how often etc/config is looked at.
const configInterval = 5 * time.Second

// defaultLockDir is where serial devices are locked on Linux.
const defaultLockDir = "/var/lock"

// Config is faxq's part of hylafax-config(5), ready for use.
type Config struct {
	Sched sched.Config

	NotifyCmd, JobControlCmd, WedgedCmd            string
	SendFaxCmd, SendPageCmd, SendUUCPCmd           string
	ContCoverCmd, ContCoverPage                    string
	PS2FaxCmd, PDF2FaxCmd, PCL2FaxCmd, TIFF2FaxCmd string
	HookCmd, HookSpec                              string // AuditHook
	UUCPLockDir, UUCPLockType                      string
	UUCPLockMode                                   fs.FileMode
	UUCPLockTimeout                                time.Duration
	ServerTracing                                  int
	PostScriptTimeout, PollLockWait                time.Duration
	Use2D                                          bool
	PageChop                                       spool.PageChop
	PageChopThreshold                              float64 // inches

	rules *dialrules.Rules
	raw   *config.Config
	root  string // spool
}

// newConfig makes a Config of what was read. What is wrong is told by warn and
// left at its default.
func newConfig(raw *config.Config, root string, warn func(error)) *Config {
	c := &Config{raw: raw, root: root, Sched: sched.DefaultConfig()}
	q := &c.Sched
	q.MaxConcurrentCalls = raw.Int("MaxConcurrentCalls")
	q.MaxBatchJobs = raw.Int("MaxBatchJobs")
	q.MaxSendPages = raw.IntOr("MaxSendPages", q.MaxSendPages)
	q.MaxDials = raw.Int("MaxDials")
	q.MaxTries = raw.Int("MaxTries")
	q.RequeueInterval = raw.Seconds("JobReqOther")
	q.StaggerCalls = raw.Seconds("StaggerCalls")
	q.RetryUnconfirmed = raw.Int("JobRetryUnconfirmed")
	if tod := raw.String("TimeOfDay"); tod != "" {
		var err error
		if q.TimeOfDay, err = sched.ParseTimeOfDay(tod); err != nil {
			warn(raw.Fault("TimeOfDay", "%v; calls are made at any time", err))
		}
	}
	q.ModemGroups = modemGroups(raw, warn)
	for at, tag := range map[*string]string{
		&c.NotifyCmd: "NotifyCmd", &c.JobControlCmd: "JobControlCmd", &c.WedgedCmd: "WedgedCmd", &c.SendFaxCmd: "SendFaxCmd",
		&c.SendPageCmd: "SendPageCmd", &c.SendUUCPCmd: "SendUUCPCmd", &c.ContCoverCmd: "ContCoverCmd", &c.ContCoverPage: "ContCoverPage",
		&c.PS2FaxCmd: "PS2FaxCmd", &c.PDF2FaxCmd: "PDF2FaxCmd", &c.PCL2FaxCmd: "PCL2FaxCmd", &c.TIFF2FaxCmd: "TIFF2FaxCmd",
		&c.UUCPLockDir: "UUCPLockDir",
	} {
		*at = raw.String(tag)
	}
	q.Control = c.JobControlCmd != ""
	if c.UUCPLockDir == "" {
		c.UUCPLockDir = defaultLockDir
	}
	c.UUCPLockMode, c.UUCPLockTimeout = raw.Mode("UUCPLockMode"), raw.Seconds("UUCPLockTimeout")
	c.UUCPLockType = lockType(raw, warn)
	c.ServerTracing = raw.Int("ServerTracing")
	c.PostScriptTimeout, c.PollLockWait = raw.Seconds("PostScriptTimeout"), raw.Seconds("PollLockWait")
	c.Use2D, c.PageChopThreshold = raw.Bool("Use2D"), raw.Float("PageChopThreshold")
	c.PageChop = pageChop(raw, warn)
	for _, n := range notSupported {
		if raw.Has(n.tag) {
			warn(raw.Fault(n.tag, "%s is not supported: %s", n.tag, n.why))
		}
	}
	if hook := raw.String("AuditHook"); hook != "" {
		var ok bool
		if c.HookCmd, c.HookSpec, ok = strings.Cut(hook, ":"); !ok {
			warn(raw.Fault("AuditHook", "AuditHook has no trigger specification (COMMAND: SPEC); it is not run"))
			c.HookCmd = ""
		}
	}
	var err error
	if c.rules, err = readRules(raw, root); err != nil {
		warn(err)
	}
	return c
}

// notSupported are scheduler's parameters of hylafax-config(5) that have no
// effect here; whoever sets them is told.
var notSupported = []struct{ tag, why string }{
	{"DestControls", "it is obsolete; use JobControlCmd"},
	{"FaxqLogFile", "the log goes to the terminal or to syslog (LogFacility)"},
	{"TracingMask", "ServerTracing tells what is logged"},
	{"UseUnlimitedLN", "what the destination takes decides, as in HylaFAX's faxq"},
	{"PriorityScheduling", "faxq needs no priority: set it where it is started (nice, systemd)"},
}

// lockType checks UUCPLockType, by which spool.NewUUCPLock makes locks.
func lockType(raw *config.Config, warn func(error)) string {
	value := raw.String("UUCPLockType")
	t := strings.ToLower(value)
	switch strings.TrimLeft(t, "+-") {
	case "ascii", "binary":
		return t
	case "":
	default:
		warn(raw.Fault("UUCPLockType", "UUCPLockType %q is none of ascii, binary, with + or - before it; ascii is used", value))
	}
	return "ascii"
}

// pageChop reads PageChop: last unless it says otherwise.
func pageChop(raw *config.Config, warn func(error)) spool.PageChop {
	value := raw.String("PageChop")
	switch strings.ToLower(value) {
	case "all":
		return spool.ChopAll
	case "none":
		return spool.ChopNone
	case "last", "":
		return spool.ChopLast
	}
	warn(raw.Fault("PageChop", "PageChop %q is none of last, all, none; last is used", value))
	return spool.ChopLast
}

// modemGroups compiles ModemGroup and its old name ModemClass ("name:regex").
func modemGroups(raw *config.Config, warn func(error)) map[string]*regexp.Regexp {
	groups := map[string]*regexp.Regexp{}
	for _, i := range append(raw.Each("ModemClass"), raw.Each("ModemGroup")...) {
		bad := func(format string, args ...any) {
			warn(config.Problem{File: i.File, Line: i.Line, Text: fmt.Sprintf(format, args...)})
		}
		name, pattern, ok := strings.Cut(i.Value, ":")
		if pattern = strings.TrimSpace(pattern); !ok || pattern == "" {
			bad("%s %q: no regular expression (NAME:REGEX); the group is not known", i.Tag, i.Value)
			continue
		}
		re, err := regexp.CompilePOSIX(pattern)
		if err != nil {
			bad("%s %q: %v; the group is not known", i.Tag, name, err)
			continue
		}
		groups[strings.TrimSpace(name)] = re
	}
	return groups
}

// readRules reads the dial string rules, if the configuration names some.
func readRules(raw *config.Config, root string) (*dialrules.Rules, error) {
	name := raw.String("DialStringRules")
	if name == "" {
		return nil, nil
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(root, name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, raw.Fault("DialStringRules", "DialStringRules: %v; numbers are used as they are given", err)
	}
	defer f.Close()
	vars := map[string]string{}
	for _, v := range []string{"AreaCode", "CountryCode", "LongDistancePrefix", "InternationalPrefix"} {
		vars[v] = raw.String(v)
	}
	return dialrules.Parse(f, name, vars)
}

// canonical applies the dial rules to a number.
func (c *Config) canonical(number string) (string, error) {
	if c.rules == nil {
		return number, nil
	}
	return c.rules.Apply(dialrules.CanonicalNumber, number)
}

// with is the configuration with one parameter changed.
func (c *Config) with(parameter string) (*Config, error) {
	raw := c.raw.Clone()
	known := len(raw.Problems)
	if err := raw.Set(parameter, "FIFO"); err != nil {
		return nil, err
	}
	if len(raw.Problems) > known {
		return nil, raw.Problems[known]
	}
	var bad error
	n := newConfig(raw, c.root, func(err error) { bad = err })
	if bad != nil {
		return nil, bad
	}
	return n, nil
}

// sendCommand picks the send command for a job's type; a command that does not
// exist is none.
func (c *Config) sendCommand(jobtype string) string {
	cmd := c.SendFaxCmd
	switch jobtype {
	case "pager":
		cmd = c.SendPageCmd
	case "uucp":
		cmd = c.SendUUCPCmd
	}
	word, _, _ := strings.Cut(cmd, " ")
	if word == "" {
		return ""
	}
	path := word
	if !filepath.IsAbs(path) {
		path = filepath.Join(c.root, path)
	}
	// bin/faxsend is the manual's default; where it is not in the spool, it is
	// where HylaFAX's packages put it.
	for _, p := range []string{path, filepath.Join(packagedDir, filepath.Base(word))} {
		if _, err := os.Stat(p); err == nil {
			return strings.Replace(cmd, word, p, 1)
		}
	}
	return ""
}

// packagedDir is where HylaFAX's programs that are not in the spool are.
const packagedDir = "/usr/lib/hylafax/bin"

// configWatch reads etc/config and notices its changes.
type configWatch struct {
	path string
	set  []string // parameters of the command line
	raw  *config.Config
	next time.Time // of the next look
}

// load reads the file; one that is missing is an empty one.
func (w *configWatch) load(warn func(error)) (*Config, error) {
	root := filepath.Dir(filepath.Dir(w.path))
	raw, err := config.Read(root, w.path)
	if errors.Is(err, fs.ErrNotExist) {
		raw, err = config.New(), nil
	}
	if err != nil {
		return nil, err
	}
	for _, p := range raw.Problems {
		warn(p)
	}
	for _, p := range w.set {
		if err := raw.Set(p, "-c"); err != nil {
			return nil, err
		}
	}
	w.raw = raw
	return newConfig(raw, root, warn), nil
}

// changed looks at the file now and then, and reads it when it is another one.
func (w *configWatch) changed(now time.Time, warn func(error)) (*Config, bool) {
	if now.Before(w.next) && !w.next.After(now.Add(configInterval)) {
		return nil, false
	}
	w.next = now.Add(configInterval)
	if w.raw != nil && !w.raw.Stale() {
		return nil, false
	}
	cfg, err := w.load(warn)
	if err != nil {
		warn(err)
		return nil, false
	}
	return cfg, true
}
