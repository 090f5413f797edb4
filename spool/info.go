package spool

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/google/renameio/v2"
)

// MaxInfoFile is the longest file of the info directory that is read.
const MaxInfoFile = 64 << 10

// infoMode lets other programs read what is known of a destination.
const infoMode = 0o644

// DestinationInfo is what is known of a destination: the file info/NUMBER
// (hylafax-info(5)). Field names are HylaFAX's tags.
type DestinationInfo struct {
	SupportsVRes       int // VR bits
	Supports2DEncoding bool
	SupportsMMR        bool
	HasV34Trouble      bool
	HasV17Trouble      bool
	SupportsPostScript bool
	SupportsBatching   bool
	CalledBefore       bool
	MaxPageWidth       int    // dots in normal resolution
	MaxPageLength      int    // millimetres; 65535: any
	MaxSignallingRate  string // bit/s
	MinScanlineTime    string // "10ms/5ms"
	RemoteCSI          string
	RemoteNSF          string
	RemoteDIS          string
	SendFailures       int
	LastSendFailure    string
	DialFailures       int
	LastDialFailure    string
	PagerMaxMsgLength  int // -1: any
	PagerPassword      string
	PagerTTYParity     string
	PagingProtocol     string
	PageSource         string
	PagerSetupCmds     string

	locked map[string]bool // tags that an administrator set by hand ("&tag")
	other  []string        // lines that are not understood
}

// NewDestinationInfo is what is assumed of a destination that was never called.
func NewDestinationInfo() *DestinationInfo {
	return &DestinationInfo{SupportsVRes: VRFine, Supports2DEncoding: true, SupportsMMR: true, SupportsBatching: true, MaxPageWidth: 2432,
		MaxPageLength: 65535, MaxSignallingRate: "14400", MinScanlineTime: "0ms", PagerMaxMsgLength: -1, PagingProtocol: "ixo"}
}

// infoField is how a tag is read and written. text returns "" and false where
// the line is left out.
type infoField struct {
	tag      string
	lockable bool
	parse    func(*DestinationInfo, string) error
	text     func(*DestinationInfo) (string, bool)
}

// infoFields are the tags in the order in which HylaFAX 6.0.7 writes them.
var infoFields = []infoField{
	infoNumber("supportsVRes", true, func(d *DestinationInfo) *int { return &d.SupportsVRes }),
	infoBool("supports2DEncoding", func(d *DestinationInfo) *bool { return &d.Supports2DEncoding }),
	infoBool("supportsMMR", func(d *DestinationInfo) *bool { return &d.SupportsMMR }),
	infoBool("hasV34Trouble", func(d *DestinationInfo) *bool { return &d.HasV34Trouble }),
	infoBool("hasV17Trouble", func(d *DestinationInfo) *bool { return &d.HasV17Trouble }),
	infoBool("supportsPostScript", func(d *DestinationInfo) *bool { return &d.SupportsPostScript }),
	infoBool("supportsBatching", func(d *DestinationInfo) *bool { return &d.SupportsBatching }),
	infoBool("calledBefore", func(d *DestinationInfo) *bool { return &d.CalledBefore }),
	infoNumber("maxPageWidth", true, func(d *DestinationInfo) *int { return &d.MaxPageWidth }),
	infoNumber("maxPageLength", true, func(d *DestinationInfo) *int { return &d.MaxPageLength }),
	infoText("maxSignallingRate", true, true, func(d *DestinationInfo) *string { return &d.MaxSignallingRate }),
	infoText("minScanlineTime", true, true, func(d *DestinationInfo) *string { return &d.MinScanlineTime }),
	infoText("remoteCSI", false, true, func(d *DestinationInfo) *string { return &d.RemoteCSI }),
	infoText("remoteNSF", false, true, func(d *DestinationInfo) *string { return &d.RemoteNSF }),
	infoText("remoteDIS", false, true, func(d *DestinationInfo) *string { return &d.RemoteDIS }),
	infoNumber("sendFailures", false, func(d *DestinationInfo) *int { return &d.SendFailures }),
	infoText("lastSendFailure", false, false, func(d *DestinationInfo) *string { return &d.LastSendFailure }),
	infoNumber("dialFailures", false, func(d *DestinationInfo) *int { return &d.DialFailures }),
	infoText("lastDialFailure", false, false, func(d *DestinationInfo) *string { return &d.LastDialFailure }),
	infoPagerLength(),
	infoText("pagerPassword", true, false, func(d *DestinationInfo) *string { return &d.PagerPassword }),
	infoText("pagerTTYParity", true, false, func(d *DestinationInfo) *string { return &d.PagerTTYParity }),
	infoText("pagingProtocol", true, false, func(d *DestinationInfo) *string { return &d.PagingProtocol }),
	infoText("pageSource", true, false, func(d *DestinationInfo) *string { return &d.PageSource }),
	infoText("pagerSetupCmds", true, false, func(d *DestinationInfo) *string { return &d.PagerSetupCmds }),
}

func infoNumber(tag string, lockable bool, at func(*DestinationInfo) *int) infoField {
	return infoField{tag, lockable,
		func(d *DestinationInfo, v string) error {
			n, err := strconv.ParseInt(v, 0, 32)
			if err != nil {
				return fmt.Errorf("%s: %q is not a number", tag, clip(v))
			}
			*at(d) = int(n)
			return nil
		},
		func(d *DestinationInfo) (string, bool) { return strconv.Itoa(*at(d)), true }}
}

// infoPagerLength is left out unless it is set, and is HylaFAX's to write with
// its lock.
func infoPagerLength() infoField {
	f := infoNumber("pagerMaxMsgLength", true, func(d *DestinationInfo) *int { return &d.PagerMaxMsgLength })
	f.text = func(d *DestinationInfo) (string, bool) {
		return strconv.Itoa(d.PagerMaxMsgLength), d.PagerMaxMsgLength >= 0
	}
	return f
}

func infoBool(tag string, at func(*DestinationInfo) *bool) infoField {
	return infoField{tag, true,
		func(d *DestinationInfo, v string) error {
			switch strings.ToLower(v) {
			case "on", "yes", "true", "1":
				*at(d) = true
			case "off", "no", "false", "0":
				*at(d) = false
			default:
				return fmt.Errorf("%s: %q is neither yes nor no", tag, clip(v))
			}
			return nil
		},
		func(d *DestinationInfo) (string, bool) {
			if *at(d) {
				return "yes", true
			}
			return "no", true
		}}
}

func infoText(tag string, lockable, always bool, at func(*DestinationInfo) *string) infoField {
	return infoField{tag, lockable,
		func(d *DestinationInfo, v string) error { *at(d) = v; return nil },
		func(d *DestinationInfo) (string, bool) {
			return `"` + strings.NewReplacer("\n", " ", "\r", " ", `"`, "'").Replace(*at(d)) + `"`, always || *at(d) != ""
		}}
}

// infoByTag finds a field by its tag in lower case.
var infoByTag = func() map[string]*infoField {
	m := map[string]*infoField{}
	for i := range infoFields {
		m[strings.ToLower(infoFields[i].tag)] = &infoFields[i]
	}
	return m
}()

// ParseInfo reads a file of the info directory. What is wrong is joined into
// the error, line by line, and kept when the file is written; the rest counts.
func ParseInfo(name string, text []byte) (*DestinationInfo, error) {
	d := NewDestinationInfo()
	d.locked = map[string]bool{}
	var errs []error
	n := 0
	for raw := range strings.Lines(string(text)) {
		n++
		raw = strings.TrimRight(raw, "\r\n")
		if err := d.parseLine(raw); err != nil {
			d.other = append(d.other, raw)
			errs = append(errs, &ParseError{name, n, err.Error()})
		}
	}
	return d, errors.Join(errs...)
}

func (d *DestinationInfo) parseLine(raw string) error {
	s := strings.TrimSpace(raw)
	if s == "" {
		return nil
	}
	if s[0] == '#' {
		d.other = append(d.other, raw)
		return nil
	}
	tag, value, ok := strings.Cut(s, ":")
	if !ok {
		return fmt.Errorf("no ':' in %q", clip(s))
	}
	tag, locked := strings.CutPrefix(tag, "&")
	key := strings.ToLower(strings.TrimSpace(tag))
	if key == "supportshighres" { // of HylaFAX before 4.2
		d.SupportsVRes = VRFine
		return nil
	}
	f, known := infoByTag[key]
	if !known {
		return fmt.Errorf("unknown capability %q", clip(tag))
	}
	value = strings.TrimSpace(value)
	if rest, quoted := strings.CutPrefix(value, `"`); quoted {
		if value, _, ok = strings.Cut(rest, `"`); !ok {
			return fmt.Errorf("%s: the closing quote mark is missing", f.tag)
		}
	}
	if err := f.parse(d, value); err != nil {
		return err
	}
	if locked {
		d.locked[key] = true
	}
	return nil
}

// Format writes the file in HylaFAX's order.
func (d *DestinationInfo) Format() []byte {
	var b bytes.Buffer
	for i := range infoFields {
		f := &infoFields[i]
		text, write := f.text(d)
		if !write {
			continue
		}
		if d.Locked(f.tag) {
			b.WriteByte('&')
		}
		fmt.Fprintf(&b, "%s:%s\n", f.tag, text)
	}
	for _, s := range d.other {
		b.WriteString(s)
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// Locked tells whether an administrator set a capability by hand, so that calls
// do not change it.
func (d *DestinationInfo) Locked(tag string) bool { return d.locked[strings.ToLower(tag)] }

// InfoName is the name of a destination's file: the digits of its canonical
// number. A number without digits has none.
func InfoName(number string) (string, bool) {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, number)
	return Info + "/" + digits, digits != "" && len(digits) <= maxInfoName
}

// maxInfoName is the longest number that is the name of a file.
const maxInfoName = 200

// ReadInfo reads what is known of a destination. One that was never called has
// the assumptions of NewDestinationInfo.
func (s *Spool) ReadInfo(number string) (*DestinationInfo, error) {
	name, ok := InfoName(number)
	if !ok {
		return NewDestinationInfo(), nil
	}
	f, err := os.Open(s.Path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return NewDestinationInfo(), nil
	}
	if err != nil {
		return NewDestinationInfo(), err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, MaxInfoFile+1))
	if err != nil {
		return NewDestinationInfo(), err
	}
	if len(b) > MaxInfoFile {
		return NewDestinationInfo(), fmt.Errorf("%s is over %d octets long", name, MaxInfoFile)
	}
	return ParseInfo(name, b)
}

// UpdateInfo changes what is known of a destination; capabilities that an
// administrator locked stay. HylaFAX's programs take no lock on these files:
// the new one takes the place of the old at once.
func (s *Spool) UpdateInfo(number string, change func(*DestinationInfo)) error {
	name, ok := InfoName(number)
	if !ok {
		return nil
	}
	unlock, err := s.lockInfo()
	if err != nil {
		return err
	}
	defer unlock()
	d, err := s.ReadInfo(number)
	var bad *ParseError
	if err != nil && !errors.As(err, &bad) { // wrong lines are kept as they are
		return err
	}
	before := *d
	change(d)
	for i := range infoFields {
		if f := &infoFields[i]; d.Locked(f.tag) {
			old, _ := f.text(&before)
			_ = f.parse(d, strings.Trim(old, `"`)) // it was read from there
		}
	}
	text := d.Format()
	if old, err := os.ReadFile(s.Path(name)); err == nil && bytes.Equal(old, text) {
		return nil
	}
	if err := renameio.WriteFile(s.Path(name), text, infoMode, renameio.WithTempDir(s.Path(Tmp)), renameio.IgnoreUmask()); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// lockInfo keeps our own processes from overwriting each other's news.
func (s *Spool) lockInfo() (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(s.dir, Tmp, ".info.lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := flock(f, lockExclusive); err != nil {
		f.Close()
		return nil, err
	}
	return func() { f.Close() }, nil
}
