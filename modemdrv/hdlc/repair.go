package hdlc

const (
	// MaxDoubtful is how many doubtful bits a Decoder may be told to try. A lost
	// packet of 20 ms spoils at most 7 bits of V.21; 256 guesses against a check
	// sequence of 16 bits take a wrong frame for good once in 256 times that
	// there was something to guess.
	MaxDoubtful = 8

	rawWords = 64
	maxRaw   = 64 * rawWords // bits kept since the last flag: a frame of 450 octets
)

// repair keeps the bits since the last flag, as they came. When some of them
// are doubtful, decoding waits for a flag without doubt; then the bits that
// make a good frame are looked for.
type repair struct {
	limit    int // most doubtful bits; 0: no repair
	raw      [rawWords]uint64
	n        int  // bits in raw
	whole    bool // they are all since the flag
	doubts   [MaxDoubtful]int
	count    int  // doubtful bits since the last flag
	waiting  bool // there are some: bits are only kept
	flag     uint32
	clean    int // bits without doubt in a row, for the flag that ends waiting
	replay   bool
	trial    *Decoder
	judgment judgment
}

// Repair makes the decoder try all values of up to bits doubtful bits (at most
// MaxDoubtful) in place of giving a damaged frame. This is for signalling at 300
// bit/s, where a lost packet spoils few bits; what has none costs a little more.
func (d *Decoder) Repair(bits int) {
	d.repair = repair{limit: min(bits, MaxDoubtful)}
	if d.repair.limit > 0 {
		d.repair.trial = NewDecoder(nil, 1)
	}
}

// WriteDoubtful takes bits that were made up in place of lost ones.
func (d *Decoder) WriteDoubtful(bits uint32, n int) {
	for ; n > 0; n-- {
		d.doubt(bits & 1)
		bits >>= 1
	}
}

func (d *Decoder) doubt(b uint32) {
	r := &d.repair
	if r.limit == 0 || !r.waiting && !(d.inFrame && r.whole) {
		d.bit(b)
		return
	}
	r.waiting = true
	if r.count < r.limit {
		r.doubts[r.count] = r.n
	}
	r.count++
	r.keep(b)
	r.clean = 0
	if r.count > r.limit || r.n == maxRaw {
		d.resolve()
	}
}

// writeKeeping is WriteBits with repair.
func (d *Decoder) writeKeeping(bits uint32, n int) {
	for ; n > 0; n-- {
		b := bits & 1
		bits >>= 1
		if d.repair.waiting {
			d.wait(b)
			continue
		}
		d.repair.keep(b)
		d.bit(b)
	}
}

// forget begins anew: there was no flag yet.
func (r *repair) forget() {
	r.n, r.count, r.clean, r.flag, r.waiting, r.whole = 0, 0, 0, 0, false, false
}

// keep stores a bit.
func (r *repair) keep(b uint32) {
	if r.n == maxRaw {
		r.whole = false
		return
	}
	r.raw[r.n/64] = r.raw[r.n/64]&^(1<<(r.n%64)) | uint64(b)<<(r.n%64)
	r.n++
}

// wait takes a bit without doubt after doubtful ones.
func (d *Decoder) wait(b uint32) {
	r := &d.repair
	r.keep(b)
	r.flag = r.flag>>1 | b<<7
	r.clean++
	if r.clean >= 8 && r.flag&0xFF == flag || r.n == maxRaw {
		d.resolve()
	}
}

// Close ends a transmission: what waits for a flag is judged without it. It leaves
// the decoder as Reset does.
func (d *Decoder) Close() {
	if d.repair.waiting {
		d.resolve()
	}
	d.Reset()
}

// resolve replaces the doubtful bits by those that fit best, and decodes all
// that waited.
func (d *Decoder) resolve() {
	r := &d.repair
	if r.count <= r.limit {
		r.guess()
	}
	d.afterFlag()
	d.ones = 0
	r.replay = true
	r.feed(d)
	r.replay = false
	r.forget()
	r.whole = d.inFrame && d.length == 0 && d.n == 0 // a flag just ended
}

// feed decodes the bits kept.
func (r *repair) feed(d *Decoder) {
	for i := range r.n {
		d.bit(uint32(r.raw[i/64] >> (i % 64) & 1))
	}
}

// guess tries all values of the doubtful bits and puts the best into raw. Two
// good frames that differ leave everything as it was.
func (r *repair) guess() {
	received := r.doubtful()
	best, bestScore, bestSum := received, 0, uint64(0)
	ambiguous := false
	for k := range uint32(1) << r.count {
		values := received ^ k // as received comes first
		r.set(values)
		j := r.try()
		score := j.score()
		switch {
		case k == 0 || score > bestScore:
			best, bestScore, bestSum, ambiguous = values, score, j.sum, false
		case score == bestScore && j.good > 0 && j.sum != bestSum:
			ambiguous = true
		}
	}
	if ambiguous {
		best = received
	}
	r.set(best)
}

func (r *repair) doubtful() (values uint32) {
	for k, at := range r.doubts[:r.count] {
		values |= uint32(r.raw[at/64]>>(at%64)&1) << k
	}
	return values
}

func (r *repair) set(values uint32) {
	for k, at := range r.doubts[:r.count] {
		r.raw[at/64] = r.raw[at/64]&^(1<<(at%64)) | uint64(values>>k&1)<<(at%64)
	}
}

func (r *repair) try() judgment {
	r.judgment = judgment{}
	t := r.trial
	t.handler = &r.judgment
	t.synced, t.flags, t.ones = true, 1, 0
	t.afterFlag()
	r.feed(t)
	return r.judgment
}

// judgment is what becomes of one guess. It is a Handler.
type judgment struct {
	good, bad, aborts int
	sum               uint64 // of the good frames' octets
}

func (j *judgment) score() int { return 100*j.good - 2*j.bad - j.aborts }

// Flags implements Handler.
func (j *judgment) Flags() {}

// Abort implements Handler.
func (j *judgment) Abort() { j.aborts++ }

// Frame implements Handler.
func (j *judgment) Frame(payload []byte, ok bool) {
	if !ok {
		j.bad++
		return
	}
	j.good++
	const prime = 1099511628211 // FNV
	for _, b := range payload {
		j.sum = (j.sum ^ uint64(b)) * prime
	}
	j.sum = (j.sum ^ uint64(len(payload))) * prime
}
