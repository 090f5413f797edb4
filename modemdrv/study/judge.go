package study

const (
	alignWindow = 256  // bits compared to find out which belong together
	alignShare  = 0.3  // of them may be wrong
	alignReach  = 400  // bits that the begin may be off
	slipReach   = 300  // bits that a slip may move
	blockBits   = 2048 // an ECM frame of 256 octets
)

// Verdict compares what was received with what was sent.
type Verdict struct {
	Wrong     int // bits wrong or missing
	Slips     int // times that bits were gained or lost
	Blocks    int // blocks of 2048 bits
	BadBlocks int // with a wrong bit
}

// Judge compares the first judged bits of sent; the rest is there for slips.
func Judge(sent []byte, judged int, got []byte) Verdict {
	c := comparison{sent: sent, got: got, bad: make([]bool, judged)}
	c.start(judged)
	for at := 0; at < judged; at += alignWindow {
		c.window(at, min(alignWindow, judged-at))
	}
	v := Verdict{Slips: c.slips}
	for at := 0; at < judged; at++ {
		if c.bad[at] {
			v.Wrong++
		}
	}
	for at := 0; at+blockBits <= judged; at += blockBits {
		v.Blocks++
		for _, bad := range c.bad[at : at+blockBits] {
			if bad {
				v.BadBlocks++
				break
			}
		}
	}
	return v
}

// comparison holds which received bit belongs to which: bit i + lag to bit i.
type comparison struct {
	sent, got []byte
	bad       []bool
	lag       int
	aligned   bool
	slips     int
}

func (c *comparison) differs(i, lag int) bool {
	j := i + lag
	return j < 0 || j >= len(c.got) || c.got[j] != c.sent[i]
}

func (c *comparison) errors(at, n, lag, limit int) int {
	e := 0
	for i := at; i < at+n && e <= limit; i++ {
		if c.differs(i, lag) {
			e++
		}
	}
	return e
}

func (c *comparison) best(at, n, from, to int) (lag, errors int) {
	lag, errors = from, n+1
	for l := from; l <= to; l++ {
		if e := c.errors(at, n, l, errors); e < errors {
			lag, errors = l, e
		}
	}
	return lag, errors
}

// start finds the first alignment, at one of several places: the begin may be
// damaged.
func (c *comparison) start(judged int) {
	for at := 0; at+alignWindow <= judged && at < 16*alignWindow; at += alignWindow {
		if lag, e := c.best(at, alignWindow, -alignReach, alignReach); float64(e) < alignShare*alignWindow {
			c.lag, c.aligned = lag, true
			return
		}
	}
}

// window judges some bits. Where most are wrong and another alignment makes
// the following right, there was a slip.
func (c *comparison) window(at, n int) {
	lag := c.lag
	e := c.errors(at, n, lag, n)
	if c.aligned && float64(e) > alignShare*float64(n) && at+3*alignWindow <= len(c.sent) {
		l, e2 := c.best(at+alignWindow, 2*alignWindow, lag-slipReach, lag+slipReach)
		if l != lag && float64(e2) < alignShare*alignWindow {
			c.slips++
			c.lag = l
			if c.errors(at, n, l, n) < e {
				lag = l
			}
		}
	}
	for i := at; i < at+n; i++ {
		c.bad[i] = c.differs(i, lag)
	}
}
