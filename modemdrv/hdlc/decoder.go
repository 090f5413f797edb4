package hdlc

const (
	// MaxFrame is the longest frame that a Decoder delivers whole, in octets
	// without FCS. The longest of T.30 is 260 (T.4 Annex A: address, control,
	// FCF, number, 256 octets); non-standard facilities may be of any length.
	MaxFrame = 1024
	// MinFrame is the shortest: ISO/IEC 13239 4.2.6 tells to ignore what has fewer
	// than 32 bits between its flags.
	MinFrame = 2
)

// Handler is told what a Decoder finds.
type Handler interface {
	// Flags tells that flags arrive: the preamble is there.
	Flags()
	// Frame gives a frame without its FCS; payload is valid only during the
	// call. With fcsOK false its contents are not to be trusted: the FCS
	// is wrong, the octets are not whole, or (payload cut off at MaxFrame) the
	// frame was too long.
	Frame(payload []byte, fcsOK bool)
	// Abort tells that seven ones or more came in place of a frame or flag:
	// the frame was broken off, or the line is idle. Flags comes again before
	// anything else.
	Abort()
}

// Decoder finds flags and frames in a stream of bits.
type Decoder struct {
	handler Handler
	need    int // flags in a row before Flags is told
	flags   int // flags in a row seen so far, up to need
	synced  bool

	// Hunting for a flag, ones counts from the last zero on, up to 7.
	ones    uint8
	inFrame bool   // a flag came, and no abort since
	octet   uint32 // bits of the octet under way, the first in the lowest place
	n       uint8  // how many
	fcs     uint16
	length  int // octets taken in, FCS included; may exceed the buffer
	buf     [MaxFrame + fcsLength]byte
	repair  repair
}

// NewDecoder makes a decoder that tells Flags once flags flags came in a row
// (at least 1). One is enough where a carrier is known to be what it is; where
// noise or another modem may be on the line, a flag comes by chance every 256
// bits, two in a row every 65,536. A frame with a good FCS is delivered in
// any case, a damaged one only after Flags was told.
func NewDecoder(h Handler, flags int) *Decoder {
	return &Decoder{handler: h, need: max(1, flags)}
}

// Reset forgets everything, as at the begin of another carrier.
func (d *Decoder) Reset() {
	d.flags, d.synced, d.ones = 0, false, 0
	d.afterFlag()
	d.inFrame = false
	d.repair.forget()
}

// afterFlag makes ready for the octets of a frame.
func (d *Decoder) afterFlag() {
	d.inFrame = true
	d.octet, d.n, d.fcs, d.length = 0, 0, fcsPreset, 0
}

// Synced tells whether the decoder is between flags: Flags was told, and no
// Abort since.
func (d *Decoder) Synced() bool { return d.synced }

// Octets is how many whole octets came since the last flag; in Abort, of the
// frame that was broken off.
func (d *Decoder) Octets() int { return d.length }

// WriteBits takes n bits (at most 32), the first in the lowest place.
func (d *Decoder) WriteBits(bits uint32, n int) {
	if d.repair.limit > 0 {
		d.writeKeeping(bits, n)
		return
	}
	for ; n > 0; n-- {
		d.bit(bits & 1)
		bits >>= 1
	}
}

func (d *Decoder) bit(b uint32) {
	if b != 0 {
		d.one()
		return
	}
	ones := d.ones
	d.ones = 0
	switch {
	case ones < 5:
		d.data(0)
	case ones == 6:
		d.flag()
	default: // after five ones the inserted zero; after more than six nothing
	}
}

func (d *Decoder) one() {
	if d.ones < 5 {
		d.ones++
		d.data(1)
		return
	}
	if d.ones < 7 {
		d.ones++
		if d.ones == 7 {
			d.abort()
		}
	}
}

// data takes a bit that is not an inserted zero and not part of a flag's end.
// The first six bits of a flag come here too; flag takes them away again.
func (d *Decoder) data(b uint32) {
	if !d.inFrame {
		return
	}
	d.octet |= b << d.n
	if d.n++; d.n < 8 {
		return
	}
	o := byte(d.octet)
	d.octet, d.n = 0, 0
	if d.length < len(d.buf) {
		d.buf[d.length] = o
	}
	d.length++
	d.fcs = fcsAdd(d.fcs, o)
}

// flagHead is how many bits of a closing flag were taken for data: the zero
// and the first five ones.
const flagHead = 6

// flag is called at the last zero of a flag.
func (d *Decoder) flag() {
	// n is 6 when whole octets came before the flag.
	switch {
	case !d.inFrame || d.length < fcsLength+MinFrame:
		d.count()
	default:
		d.deliver(d.n == flagHead)
	}
	d.afterFlag()
	if !d.repair.replay {
		d.repair.n, d.repair.whole = 0, true
	}
}

// count takes a flag with no frame before it.
func (d *Decoder) count() {
	inRow := d.inFrame && d.length == 0 && (d.n == flagHead || d.n == flagHead-1) // or sharing a zero
	if !inRow {
		d.flags = 0
	}
	if d.flags < d.need {
		d.flags++
	}
	if d.flags == d.need && !d.synced {
		d.synced = true
		d.handler.Flags()
	}
}

func (d *Decoder) deliver(whole bool) {
	ok := whole && d.fcs == fcsResidue && d.length <= len(d.buf)
	d.flags = 1
	if ok && !d.synced {
		d.synced = true
		d.handler.Flags()
	}
	if d.synced {
		d.handler.Frame(d.buf[:min(d.length-fcsLength, MaxFrame)], ok)
	}
}

func (d *Decoder) abort() {
	d.inFrame = false
	d.flags = 0
	if d.synced {
		d.synced = false
		d.handler.Abort()
	}
}
