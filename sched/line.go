package sched

import "slices"

// LineState is what the scheduler believes of a line.
type LineState uint8

// Line states.
const (
	// LineDown: not usable until its process says otherwise.
	LineDown LineState = iota
	// LineBusy: in use, by a job of ours or by a call that came in.
	LineBusy
	// LineReady: takes a job.
	LineReady
)

// String names the state.
func (s LineState) String() string { return [...]string{"down", "busy", "ready"}[s%3] }

// Capability are bit sets of what a line can do, in the numbering of HylaFAX's
// Class 2 parameters (bit n = value n), except VRes, which is a set already.
type Capability struct {
	VRes    uint // see VResFine and others
	Widths  uint // bit 0 A4, 1 B4, 2 A3
	Lengths uint // bit 0 A4, 1 B4, 2 unlimited
	Formats uint // bit 0 MH, 1 MR, 3 MMR
	Poll    bool
}

// Vertical resolutions of Capability.VRes.
const (
	VResFine    = 0x01 // 196 lines per inch
	VResR8      = 0x02 // R8, 391 lines per inch
	VResR16     = 0x04
	VRes200x100 = 0x08
	VRes200x200 = 0x10
	VRes200x400 = 0x20
	VRes300x300 = 0x40
)

// Line is one line as the scheduler knows it.
type Line struct {
	ID       string
	State    LineState
	Trouble  string // what the line says of it while it is down; may be empty
	Priority int    // ModemPriority: 0 is taken first
	Caps     Capability
	// Known tells that the line has told its capabilities; one that has not
	// (added by hand with faxmodem(8)) is believed to be capable of all.
	Known bool
}

// capable tells whether the line can do what the job needs. The tolerances are
// those of faxq: sizes and resolutions come from all kinds of sources.
func (l *Line) capable(j *Job) bool {
	if !l.Known {
		return true
	}
	switch {
	case j.Poll && !l.Caps.Poll:
		return false
	case j.PageWidth > 0 && !l.Caps.width(j.PageWidth):
		return false
	case j.PageLength > 0 && !l.Caps.length(j.PageLength):
		return false
	}
	return j.Resolution <= 0 || l.Caps.resolution(j.Resolution)
}

func (c *Capability) width(mm int) bool {
	switch {
	case mm <= 218: // 1728 pixels and some slack
		return c.Widths&1 != 0
	case mm <= 258: // 2048
		return c.Widths&2 != 0
	case mm <= 306: // 2432
		return c.Widths&4 != 0
	}
	return false
}

func (c *Capability) length(mm int) bool {
	switch {
	case mm > 270 && mm <= 330:
		return c.Lengths&(1|4) != 0
	case mm > 330 && mm <= 390:
		return c.Lengths&(2|4) != 0
	}
	return c.Lengths&4 != 0
}

func (c *Capability) resolution(lpi int) bool {
	switch {
	case lpi >= 75 && lpi < 120:
		return true
	case lpi >= 150 && lpi < 250:
		return c.VRes&(VResFine|VRes200x200) != 0
	case lpi >= 250 && lpi < 350:
		return c.VRes&VRes300x300 != 0
	case lpi >= 350 && lpi < 500:
		return c.VRes&(VResR8|VRes200x400|VResR16) != 0
	}
	return false
}

// lines is the set of known lines in the order in which they are tried: by
// priority, and within a priority the one used last comes last (round robin,
// ModemPriority of hylafax-config(5)).
type lines struct {
	list []*Line
}

func (ls *lines) find(id string) *Line {
	for _, l := range ls.list {
		if l.ID == id {
			return l
		}
	}
	return nil
}

// put adds a line or moves it behind the others of its priority.
func (ls *lines) put(l *Line) {
	if i := slices.Index(ls.list, l); i >= 0 {
		ls.list = slices.Delete(ls.list, i, i+1)
	}
	i := slices.IndexFunc(ls.list, func(o *Line) bool { return o.Priority > l.Priority })
	if i < 0 {
		i = len(ls.list)
	}
	ls.list = slices.Insert(ls.list, i, l)
}

// choose finds the line for a job: first among those that the destination's
// Control prefers, and if there is none at all that could ever do the job,
// among all that the job allows. With ready only lines that are free count.
func (ls *lines) choose(cfg *Config, j *Job, prefer string, ready bool) *Line {
	strict := prefer != "" && cfg.isGroup(j.Modem)
	for {
		exists := false
		for _, l := range ls.list {
			if !cfg.serves(j.Modem, l.ID) || strict && !cfg.serves(prefer, l.ID) || !l.capable(j) {
				continue
			}
			exists = true
			if l.State == LineReady || !ready {
				return l
			}
		}
		if exists || !strict {
			return nil
		}
		strict = false
	}
}
