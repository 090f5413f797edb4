package t4

import "math/bits"

// seek consumes bits up to and including an EOL: at least eleven zeros, then a
// one. Fill (T.4 4.1.3) is just more zeros.
func (d *Decoder) seek() bool {
	for d.need(1) && d.n > 0 {
		lead := uint(bits.LeadingZeros64(d.acc))
		if lead >= d.n { // nothing but zeros at hand
			d.zeros = min(d.zeros+int(d.n), eolZeros)
			d.skip(d.n)
			continue
		}
		d.zeros += int(lead)
		d.skip(lead + 1)
		found := d.zeros >= eolZeros
		d.zeros = 0
		if found {
			d.foundEOL()
			return true
		}
	}
	return false
}

// foundEOL counts an EOL and prepares for what follows it.
func (d *Decoder) foundEOL() {
	d.sawEOL = true
	d.eols++
	d.phase = phaseTag
}

// tag reads MR's tag bit: 1 for a one-dimensional row.
func (d *Decoder) tag() bool {
	oneD := true
	if d.coding == MR {
		if !d.need(1) {
			return false
		}
		oneD = d.acc>>63 == 1
		d.skip(1)
	}
	if d.eols >= rtcEOLs {
		d.ended = true
		d.phase = phaseDone
		return true
	}
	d.beginRow(oneD)
	d.phase = phaseStart
	return true
}

// start looks whether a row begins here, or yet another EOL.
func (d *Decoder) start() bool {
	if !d.need(eolBits) {
		return false
	}
	switch zeros := d.acc>>(64-eolZeros) == 0; {
	case zeros && d.coding == MMR:
		// EOFB is two EOLs (T.6 2.4.1.1); one will do, some machines send it so.
		d.ended = d.acc>>(64-eolBits) == eolCode
		d.lost = !d.ended && d.n >= eolBits
		d.phase = phaseDone
		return true
	case zeros && !d.opts.NoEOL:
		// A row was wiped out, or this is RTC: what follows will tell.
		d.refLost = d.sawEOL && d.quality.Rows > 0
		d.phase, d.zeros = phaseSeek, 0
		return true
	}
	if d.oneD {
		d.phase = phase1D
		return true
	}
	if d.refLost && d.coding == MR {
		d.badRow()
		return true
	}
	d.phase = phase2D
	return true
}

// rowEnd looks for the EOL after a complete row.
func (d *Decoder) rowEnd() bool {
	if d.coding == MMR {
		d.beginRow(false)
		d.phase = phaseStart
		return true
	}
	if d.opts.NoEOL {
		d.skip(d.n % 8)
		d.beginRow(true)
		d.phase = phaseStart
		return true
	}
	if !d.need(eolZeros) {
		return false
	}
	switch zeros := d.acc>>(64-eolZeros) == 0; {
	case zeros:
		d.phase, d.zeros = phaseSeek, 0
	case !d.sawEOL && d.coding == MH: // TIFF files written without EOLs
		d.beginRow(true)
		d.phase = phaseStart
	default: // the row was longer than the page is wide, or its EOL is damaged
		d.phase, d.zeros = phaseSeek, 0
	}
	return true
}

// runResult is how reading a run went.
type runResult uint8

const (
	runRead runResult = iota
	runBad            // no code word, or longer than the row
	runWait           // the data ended within
)

// readRun reads a run of the colour whose turn it is, make-up codes and
// terminating code; the length is in run.
func (d *Decoder) readRun() runResult {
	table := runLookup[d.nCur&1]
	for {
		if d.n < lookBits && !d.need(lookBits) {
			return runWait
		}
		e := table[d.acc>>(64-lookBits)]
		if e.n == 0 || uint(e.n) > d.n {
			return runBad
		}
		d.acc <<= e.n
		d.n -= uint(e.n)
		d.run += int32(e.value)
		if d.run > d.width {
			return runBad
		}
		if e.value < 64 {
			return runRead
		}
	}
}

// turn notes a changing element. Two at the same place are none: a run of no
// length lay between.
func (d *Decoder) turn(x int32) {
	if d.nCur > 0 && d.cur[d.nCur-1] == x {
		d.nCur--
		return
	}
	d.cur[d.nCur] = x
	d.nCur++
}

// addRun ends the run just read.
func (d *Decoder) addRun() (ok bool) {
	x := max(d.a0, 0) + d.run
	d.run = 0
	if x > d.width {
		return false
	}
	d.turn(x)
	d.a0 = x
	return true
}

// decode1D reads a row of run lengths, T.4 4.1.1.
func (d *Decoder) decode1D() bool {
	for d.a0 < d.width {
		switch d.readRun() {
		case runWait:
			return false
		case runBad:
			d.badRow()
			return true
		case runRead:
		}
		if !d.addRun() {
			d.badRow()
			return true
		}
	}
	d.rowDone()
	return true
}

// decode2D reads a row of modes, T.4 4.2.1.3.
func (d *Decoder) decode2D() bool {
	for d.a0 < d.width || d.runs > 0 {
		if d.runs > 0 {
			switch d.readRun() {
			case runWait:
				return false
			case runBad:
				d.badRow()
				return true
			case runRead:
			}
			if !d.addRun() {
				d.badRow()
				return true
			}
			d.runs--
			if d.runs == 0 {
				d.nextB1(d.j)
			}
			continue
		}
		if d.n < modeLookBits && !d.need(modeLookBits) {
			return false
		}
		if !d.mode(modeCodeTable[d.acc>>(64-modeLookBits)]) {
			d.badRow()
			return true
		}
	}
	d.rowDone()
	return true
}

// mode carries out one two-dimensional mode; false means damage.
func (d *Decoder) mode(e entry) bool {
	if e.n == 0 || uint(e.n) > d.n {
		return false
	}
	d.acc <<= e.n
	d.n -= uint(e.n)
	switch e.mode {
	case modeH:
		d.runs = 2
		return true
	case modeP:
		d.a0 = d.ref[d.j+1]
		d.nextB1(d.j)
		return true
	}
	a1 := d.ref[d.j] + int32(e.value)
	if a1 < max(d.a0, 0) || a1 > d.width {
		return false
	}
	d.turn(a1)
	d.a0 = a1
	if d.j > 0 {
		d.nextB1(d.j - 1)
	} else {
		d.nextB1(1)
	}
	return true
}

// nextB1 finds b1 for the new a0, from j on in steps of the same colour.
func (d *Decoder) nextB1(j int) {
	if d.a0 < d.width {
		for d.ref[j] <= d.a0 {
			j += 2
		}
	}
	d.j = j
}
