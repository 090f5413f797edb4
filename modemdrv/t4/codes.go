package t4

// codeWord is a code word as codes.txt lists it.
type codeWord struct {
	value int16  // run length in pels, or distance for a vertical mode
	code  uint16 // the bits, the last on the line least significant
	n     uint8  // how many bits
}

// The end-of-line code: eleven zeros and a one, T.4 4.1.2.
const (
	eolZeros = 11
	eolBits  = 12
	eolCode  = 1
	rtcEOLs  = 6 // EOLs of the return to control, T.4 4.1.4
)

// maxMakeUp is the longest run with a code word of its own, T.4 table 3b.
const maxMakeUp = 2560

// runCodes finds the code words of one colour: the terminating codes by run
// length, the make-up codes by run length/64.
type runCodes struct {
	terminating [64]codeWord
	makeUp      [maxMakeUp/64 + 1]codeWord
}

// newRunCodes sorts the code words of one colour for the encoder.
func newRunCodes(words []codeWord) *runCodes {
	c := &runCodes{}
	for _, w := range words {
		if w.value < 64 {
			c.terminating[w.value] = w
		} else {
			c.makeUp[w.value/64] = w
		}
	}
	return c
}

// lookBits is the length of the longest code word of a run.
const lookBits = 13

// entry is what a decoder finds when it looks at the next bits.
type entry struct {
	value int16 // run length, or distance for a vertical mode
	n     uint8 // bits to consume; 0: no code word begins like this
	mode  uint8 // for two-dimensional modes
}

// newRunLookup fills a table that is indexed by the next lookBits bits.
func newRunLookup(words []codeWord) *[1 << lookBits]entry {
	t := new([1 << lookBits]entry)
	for _, w := range words {
		fillLookup(t[:], lookBits, w, 0)
	}
	return t
}

// The two-dimensional modes.
const (
	modeV = iota + 1 // vertical: entry.value is a1 - b1
	modeP            // pass
	modeH            // horizontal
)

// modeLookBits is the length of the longest mode code word.
const modeLookBits = 7

// newModeLookup fills a table that is indexed by the next modeLookBits bits.
func newModeLookup() *[1 << modeLookBits]entry {
	t := new([1 << modeLookBits]entry)
	for mode, words := range map[uint8][]codeWord{modeV: modeVertical, modeP: modePass, modeH: modeHorizontal} {
		for _, w := range words {
			fillLookup(t[:], modeLookBits, w, mode)
		}
	}
	return t
}

// fillLookup enters a code word wherever the next bits begin with it.
func fillLookup(t []entry, look int, w codeWord, mode uint8) {
	free := look - int(w.n)
	first := int(w.code) << free
	for i := range 1 << free {
		t[first+i] = entry{value: w.value, n: w.n, mode: mode}
	}
}

// newVerticalCodes sorts the vertical modes by distance + 3.
func newVerticalCodes() (c [7]codeWord) {
	for _, w := range modeVertical {
		c[w.value+3] = w
	}
	return c
}

// Built once from the generated tables, never changed.
var (
	whiteRun      = newRunCodes(whiteCodes)
	blackRun      = newRunCodes(blackCodes)
	verticalCode  = newVerticalCodes()
	runLookup     = [2]*[1 << lookBits]entry{newRunLookup(whiteCodes), newRunLookup(blackCodes)}
	modeCodeTable = newModeLookup()
)
