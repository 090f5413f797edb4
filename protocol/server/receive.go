package server

import (
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/litoria-fax/litoria/protocol"
)

// receiveInfo is what the TIFF file of a received fax says about it (recvq(5)).
type receiveInfo struct {
	sender     string // TSI
	caller     string // number
	callerName string
	subAddress string
	pages      int
	duration   time.Duration
	params     uint32 // session parameters of the first page
	hasParams  bool
	vres       int // lines per inch, where there are no parameters
	receiving  bool
}

// TIFF tags (TIFF 6.0; those of fax from RFC 2306 and libtiff).
const (
	tagImageDescription = 270
	tagYResolution      = 283
	tagFaxRecvParams    = 34908
	tagFaxSubAddress    = 34909
	tagFaxRecvTime      = 34910
)

// Limits of reading received faxes; of this implementation.
const (
	maxReceivePages = 10_000
	maxTIFFEntries  = 1000
	maxTIFFText     = 4096
)

var errNotTIFF = errors.New("not a TIFF file")

// tiffReader reads the directories of a TIFF file, and nothing of its images.
type tiffReader struct {
	r     io.ReaderAt
	order byteOrder
}

type byteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// readReceived reads what a received fax says about itself.
func readReceived(r io.ReaderAt) (*receiveInfo, error) {
	var head [8]byte
	if _, err := r.ReadAt(head[:], 0); err != nil {
		return nil, errNotTIFF
	}
	t := tiffReader{r: r}
	switch string(head[:4]) {
	case "II*\x00":
		t.order = binary.LittleEndian
	case "MM\x00*":
		t.order = binary.BigEndian
	default:
		return nil, errNotTIFF
	}
	info := &receiveInfo{}
	seen := map[uint32]bool{}
	for at := t.order.Uint32(head[4:]); at != 0 && !seen[at] && info.pages < maxReceivePages; {
		seen[at] = true
		next, err := t.directory(at, info)
		if err != nil {
			break // a file that is being written ends where it ends
		}
		info.pages++
		at = next
	}
	if info.pages == 0 {
		return nil, errNotTIFF
	}
	return info, nil
}

// directory reads one directory, and where the next one is.
func (t *tiffReader) directory(at uint32, info *receiveInfo) (next uint32, err error) {
	var n [2]byte
	if _, err := t.r.ReadAt(n[:], int64(at)); err != nil {
		return 0, err
	}
	count := int(t.order.Uint16(n[:]))
	if count > maxTIFFEntries {
		return 0, errNotTIFF
	}
	entries := make([]byte, count*12+4)
	if _, err := t.r.ReadAt(entries, int64(at)+2); err != nil {
		return 0, err
	}
	for i := range count {
		t.entry(entries[i*12:i*12+12], info)
	}
	return t.order.Uint32(entries[count*12:]), nil
}

func (t *tiffReader) entry(e []byte, info *receiveInfo) {
	first := info.pages == 0
	switch tag := t.order.Uint16(e); {
	case tag == tagFaxRecvTime:
		info.duration += time.Duration(t.number(e)) * time.Second
	case !first:
	case tag == tagFaxRecvParams:
		info.params, info.hasParams = t.number(e), true
	case tag == tagFaxSubAddress:
		info.subAddress = printable(t.text(e))
	case tag == tagYResolution:
		info.vres = t.rational(e)
	case tag == tagImageDescription:
		lines := strings.Split(t.text(e), "\n")
		for i, field := range []*string{&info.sender, &info.caller, &info.callerName} {
			if i < len(lines) {
				*field = printable(lines[i])
			}
		}
	}
}

// number returns the value of an entry that is one SHORT or LONG.
func (t *tiffReader) number(e []byte) uint32 {
	if t.order.Uint16(e[2:]) == 3 { // SHORT
		return uint32(t.order.Uint16(e[8:]))
	}
	return t.order.Uint32(e[8:])
}

func (t *tiffReader) rational(e []byte) int {
	var v [8]byte
	if _, err := t.r.ReadAt(v[:], int64(t.order.Uint32(e[8:]))); err != nil {
		return 0
	}
	denominator := t.order.Uint32(v[4:])
	if denominator == 0 {
		return 0
	}
	return int(t.order.Uint32(v[:]) / denominator)
}

func (t *tiffReader) text(e []byte) string {
	n := t.order.Uint32(e[4:])
	if n > maxTIFFText {
		n = maxTIFFText
	}
	buf := make([]byte, n)
	if n <= 4 {
		copy(buf, e[8:8+n])
	} else if got, err := t.r.ReadAt(buf, int64(t.order.Uint32(e[8:]))); err != nil {
		buf = buf[:got]
	}
	text, _, _ := strings.Cut(string(buf), "\x00")
	return text
}

// printable replaces what is no printable ASCII.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
}

// Fields of the session parameters of a page (libtiff's FaxRecvParams, as HylaFAX packs them).
func (i *receiveInfo) rate() int {
	rates := [...]int{2400, 4800, 7200, 9600, 12000, 14400, 16800, 19200, 21600, 24000, 26400, 28800, 31200, 33600, 14400, 14400}
	return rates[i.params>>3&15]
}

func (i *receiveInfo) dataFormat() string {
	return [...]string{"1-D MH", "2-D MR", "2-D Uncompressed Mode", "2-D MMR"}[i.params>>14&3]
}

// pageWidth in pixels.
func (i *receiveInfo) pageWidth() int {
	return [...]int{1728, 2048, 2432, 1216, 864, 1728, 1728, 1728}[i.params>>9&7]
}

// pageLength in millimetres; an unlimited one is all ones, as HylaFAX prints it.
func (i *receiveInfo) pageLength() uint32 {
	return [...]uint32{297, 364, 1<<32 - 1, 297}[i.params>>12&3]
}

func (i *receiveInfo) resolution() int {
	if i.hasParams {
		if v, ok := map[uint32]int{0: 98, 1: 196, 2: 391, 4: 391}[i.params&7]; ok {
			return v
		}
	}
	return i.vres
}

// receiveCache remembers what received faxes say, while they do not change.
type receiveCache struct {
	mu    sync.Mutex // guards files
	files map[string]cachedReceive
}

type cachedReceive struct {
	size     int64
	modified time.Time
	info     *receiveInfo // nil for what is no fax
}

const maxReceiveCache = 100_000

func newReceiveCache() *receiveCache { return &receiveCache{files: map[string]cachedReceive{}} }

// receiveInfo returns what a received fax says about itself, or nil for what is no fax.
func (srv *Server) receiveInfo(abs string, info fs.FileInfo) *receiveInfo {
	c := srv.recvInfo
	c.mu.Lock()
	known, ok := c.files[abs]
	c.mu.Unlock()
	if ok && known.size == info.Size() && known.modified.Equal(info.ModTime()) && (known.info == nil || !known.info.receiving) {
		return known.info
	}
	read := srv.readReceivedFile(abs)
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.files) >= maxReceiveCache {
		clear(c.files)
	}
	c.files[abs] = cachedReceive{info.Size(), info.ModTime(), read}
	return read
}

func (srv *Server) readReceivedFile(abs string) *receiveInfo {
	f, err := srv.root.Open(relative(abs))
	if err != nil {
		return nil
	}
	defer f.Close()
	receiving := isLocked(f) // faxgetty locks what it is receiving
	info, err := readReceived(f)
	switch {
	case err != nil && receiving: // nothing in it yet
		info = &receiveInfo{}
	case err != nil:
		srv.trace(TraceTIFF).Err(err).Str("file", abs).Msg("received fax")
	}
	if info != nil {
		info.receiving = receiving
	}
	return info
}

// listReceived lists received faxes.
func listReceived(s *session, d *spoolDir) ([]listing, error) {
	l := s.newLister("RCVFMT")
	var lines []listing
	err := s.eachFile(d, func(name string, info fs.FileInfo) {
		if r := s.srv.receiveInfo(path.Join(d.name, name), info); r != nil {
			lines = append(lines, l.entry(s.receiveValue(name, info, r)))
		}
	})
	return lines, err
}

// statReceived is the line of one received fax.
func statReceived(s *session, d *spoolDir, name string, info fs.FileInfo) (string, bool) {
	r := s.srv.receiveInfo(path.Join(d.name, name), info)
	if r == nil {
		return "", false
	}
	return s.newLister("RCVFMT").entry(s.receiveValue(name, info, r)).line, true
}

// receiveValue gives the data of RCVFMT (faxstat(1)).
func (s *session) receiveValue(name string, info fs.FileInfo, r *receiveInfo) func(byte) protocol.Value {
	return func(letter byte) protocol.Value {
		received := info.ModTime()
		switch letter {
		case 'Y':
			return protocol.String(s.zone(received).Format("2006/01/02 15.04.05"))
		case 'Z':
			return protocol.Decimal(received.Unix())
		case 't':
			return protocol.String(protocol.CompactPast(s.zone(received), s.srv.now()))
		case 'f':
			return protocol.String(name)
		case 'm':
			return protocol.String(protection(info, false))
		case 'q':
			return protocol.String(protection(info, true))
		case 'n':
			return protocol.Decimal(info.Size())
		case 'o':
			return protocol.String(s.ownerName(s.srv.ownerOf(info)))
		}
		return r.value(letter)
	}
}

func (i *receiveInfo) value(letter byte) protocol.Value {
	switch letter {
	case 'a':
		return protocol.String(i.subAddress)
	case 'b':
		return protocol.Decimal(i.rate())
	case 'd':
		return protocol.String(i.dataFormat())
	case 'e':
		return protocol.String("")
	case 'h':
		return protocol.String(protocol.FormatDuration(i.duration))
	case 'i':
		return protocol.String(i.callerName)
	case 'j':
		return protocol.String(i.caller)
	case 'l':
		return protocol.Decimal(i.pageLength())
	case 'p':
		return protocol.Decimal(i.pages)
	case 'r':
		return protocol.Decimal(i.resolution())
	case 's':
		return protocol.String(i.sender)
	case 'w':
		return protocol.Decimal(i.pageWidth())
	case 'z':
		if i.receiving {
			return protocol.String("*")
		}
		return protocol.String(" ")
	}
	return protocol.Value{}
}
