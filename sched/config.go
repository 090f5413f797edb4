package sched

import (
	"regexp"
	"time"
)

// Config are the parameters of hylafax-config(5) that decisions follow.
type Config struct {
	MaxConcurrentCalls int // calls to one destination at a time
	MaxBatchJobs       int // jobs in one call; 1 means no batching
	MaxSendPages       int
	MaxDials           int
	MaxTries           int
	TimeOfDay          TimeOfDay
	RequeueInterval    time.Duration             // JobReqOther
	StaggerCalls       time.Duration             // least time between two calls' beginnings
	ModemGroups        map[string]*regexp.Regexp // ModemGroup; "any" is always there
	// RetryUnconfirmed: a job whose last page went out unconfirmed is sent
	// again while it has had no more than so many attempts
	// (JobRetryUnconfirmed, ours). 0: never, the sender is told.
	RetryUnconfirmed int

	// Control: ask the driver for a Control before a job is considered
	// (JobControlCmd is set).
	Control bool
	// MaxPrepare is the number of jobs prepared at a time.
	MaxPrepare int
	// PrepareAhead is the number of prepared jobs that may wait for a line of
	// one kind.
	PrepareAhead int
}

// DefaultConfig gives hylafax-config(5)'s defaults.
func DefaultConfig() Config {
	return Config{
		MaxConcurrentCalls: 1,
		MaxBatchJobs:       64,
		MaxSendPages:       4096,
		MaxDials:           12,
		MaxTries:           3,
		RequeueInterval:    300 * time.Second,
		MaxPrepare:         2,
		PrepareAhead:       16,
	}
}

// anyModem is the group of all lines.
const anyModem = "any"

// serves tells whether a line belongs to what a job or a Control asks for: a
// group's name or a device.
func (c *Config) serves(spec, line string) bool {
	if re := c.ModemGroups[spec]; re != nil {
		return re.MatchString(line)
	}
	return spec == anyModem || spec == "" || spec == line
}

// isGroup tells a group from a device.
func (c *Config) isGroup(spec string) bool {
	return c.ModemGroups[spec] != nil || spec == anyModem || spec == ""
}
