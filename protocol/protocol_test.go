package protocol

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestLexer(t *testing.T) {
	tests := []struct {
		line string
		want string // kinds and words
	}{
		{"NOOP", "[NOOP]$"},
		{"JPARM  TOUSER a,b", "[JPARM]_[TOUSER]_[a],[b]$"},
		{`X "a b" c`, "[X]_[a b]_[c]$"},
		{`"a\"b\\c\101\1d\0"`, "[a\"b\\cA\x01d\x00]$"},
		{`a"b"c`, `[a"b"c]$`},
		{`"open`, "!"},
		{`"open\`, "!"},
		{" x", "_[x]$"},
		{",", ",$"},
		{"", "$"},
	}
	for _, tt := range tests {
		l := NewLexer(tt.line)
		var got strings.Builder
		for done := false; !done; {
			switch l.Next() {
			case KindEnd:
				got.WriteString("$")
				done = true
			case KindBroken:
				got.WriteString("!")
				done = true
			case KindSpace:
				got.WriteString("_")
			case KindComma:
				got.WriteString(",")
			case KindWord:
				got.WriteString("[" + l.Text + "]")
			}
		}
		if got.String() != tt.want {
			t.Errorf("tokens of %q = %q, want %q", tt.line, got.String(), tt.want)
		}
	}
}

func TestLexerRest(t *testing.T) {
	l := NewLexer(`Ann,  of  "Green Gables"`)
	if got, err := l.Rest(); err != nil || got != "Ann, of Green Gables" {
		t.Errorf("Rest = %q, %v", got, err)
	}
	if _, err := NewLexer(`a "b`).Rest(); !errors.Is(err, ErrUnmatchedQuote) {
		t.Errorf("Rest of an open quote = %v, want %v", err, ErrUnmatchedQuote)
	}
}

func FuzzLexer(f *testing.F) {
	for _, s := range []string{`a "b\1" , c`, `"`, `"\`, " ", "x\xff\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		l := NewLexer(line)
		for n := 0; ; n++ {
			if k := l.Next(); k == KindEnd || k == KindBroken {
				break
			}
			if n > len(line) {
				t.Fatalf("tokens of %q have no end", line)
			}
		}
	})
}

// What Quote writes, the lexer reads.
func FuzzQuote(f *testing.F) {
	for _, s := range []string{"", "plain", `a "b" \ c`, "\x00\r\n\xff\x7f", "ümlaut"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q := Quote(s)
		if strings.ContainsAny(q, "\r\n\x00") || strings.IndexByte(q, 0xff) >= 0 {
			t.Errorf("Quote(%q) = %q holds control characters", s, q)
		}
		l := NewLexer(q)
		if k := l.Next(); k != KindWord || l.Text != s || l.Next() != KindEnd {
			t.Errorf("Quote(%q) = %q reads back as %q", s, q, l.Text)
		}
	})
}

func testValue(letter byte) Value {
	switch letter {
	case 'o':
		return String("owner")
	case 'i':
		return Decimal(42)
	case 'a':
		return Char('R')
	case 'd':
		return Octal(8)
	}
	return Value{}
}

func TestFormat(t *testing.T) {
	for format, want := range map[string]string{
		"%o|%8o|%-8o|%.3o|%8.3o|%-8.3o|":    "owner|   owner|owner   |own|     own|own     |",
		"%i|%5i|%-5i|%05i|%-05i|%.4i|%6.4i": "42|   42|42   |00042|42   |0042|  0042",
		"%a|%3a|%-3a|%.0a|":                 "R|  R|R  |R|",
		"%d|%4d|%04d":                       "10|  10|0010",
		"%%|%5%|%!|%-!|%":                   "%|%|%!|%-!|%",
		"%z|%5z|x":                          "||x",
		"":                                  "",
		"plain":                             "plain",
		"%1":                                "%1",
		"%-":                                "%-",
		"%.":                                "%.",
	} {
		if got := string(ParseFormat(format).Append(nil, testValue)); got != want {
			t.Errorf("format %q = %q, want %q", format, got, want)
		}
	}
}

func TestFormatLimit(t *testing.T) {
	got := ParseFormat("%99999999999999999999o%.99999999i").Append(nil, testValue)
	if len(got) != 2*MaxFormatField {
		t.Errorf("a huge field has %d octets, want %d", len(got), 2*MaxFormatField)
	}
}

// The column titles of HylaFAX's faxstat.
func TestFormatHeader(t *testing.T) {
	tests := []struct {
		format string
		fields Fields
		want   string
	}{
		{DefaultJobFormat, JobFields(), "JID  Pri S  Owner Number       Pages Dials     TTS Status"},
		{DefaultReceiveFormat, ReceiveFields(), "Protect Page  Owner        Sender/TSI  Recvd@ Filename"},
		{"%-5j%%%?%5", JobFields(), "JID  %%?%5"},
	}
	for _, tt := range tests {
		if got := ParseFormat(tt.format).Header(tt.fields); got != tt.want {
			t.Errorf("Header(%q) = %q, want %q", tt.format, got, tt.want)
		}
	}
}

func FuzzFormat(f *testing.F) {
	for _, s := range []string{DefaultJobFormat, "%-05.3o%", "%99.99i%a%%%d", "%\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		format := ParseFormat(s)
		out := format.Append(nil, testValue)
		if len(out) > len(s)*(MaxFormatField+5) {
			t.Errorf("format %q gives %d octets", s, len(out))
		}
		format.Header(JobFields())
	})
}

func TestTimes(t *testing.T) {
	at, err := ParseSendTime("203012312359")
	if want := time.Date(2030, 12, 31, 23, 59, 0, 0, time.UTC); err != nil || !at.Equal(want) {
		t.Errorf("ParseSendTime = %v, %v, want %v", at, err, want)
	}
	if d, err := ParseLifetime("010203"); err != nil || FormatLifetime(d) != "010203" {
		t.Errorf("ParseLifetime = %v, %v", d, err)
	}
	if d, err := ParseInterval("0530"); err != nil || d != 5*time.Minute+30*time.Second || FormatInterval(d) != "0530" {
		t.Errorf("ParseInterval = %v, %v", d, err)
	}
	for _, bad := range []string{"", "12", "20301231235x", "-03012312359"} {
		if _, err := ParseSendTime(bad); err == nil {
			t.Errorf("ParseSendTime(%q) succeeds", bad)
		}
	}
}

func TestCompactTimes(t *testing.T) {
	now := time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC)
	for d, want := range map[time.Duration]string{
		-time.Hour: "", time.Hour: "13:00", 13 * time.Hour: "Thu01AM", 8 * day: "12Mar26",
	} {
		if got := CompactFuture(now.Add(d), now); got != want {
			t.Errorf("CompactFuture(now%+v) = %q, want %q", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		time.Hour: "", -time.Hour: "11:00", -13 * time.Hour: "Tue11PM", -8 * day: "24Feb26",
	} {
		if got := CompactPast(now.Add(d), now); got != want {
			t.Errorf("CompactPast(now%+v) = %q, want %q", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		65 * time.Second: "0:01:05", 3601 * time.Second: "1:00:01", -1: "0:00:00", 400 * day: "??:??:??",
	} {
		if got := FormatDuration(d); got != want {
			t.Errorf("FormatDuration(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestReadConfig(t *testing.T) {
	const text = `# comment
Host:		fax.example.com   # the rest is no value
  JobFmt: "%j \"quoted\" \101\n"
Empty:
Verbose: yes
broken line
Open: "never closed
Last: 1`
	var got []string
	err := ReadConfig(strings.NewReader(text), func(item ConfigItem) error {
		got = append(got, item.Tag+"="+item.Value)
		return nil
	})
	if err == nil || !strings.HasPrefix(err.Error(), "line 6: missing ':'") {
		t.Errorf("ReadConfig error = %v, want one about line 6", err)
	}
	want := "host=fax.example.com\njobfmt=%j \"quoted\" A\n\nempty=\nverbose=yes\nlast=1"
	if s := strings.Join(got, "\n"); s != want {
		t.Errorf("ReadConfig = %q, want %q", s, want)
	}
}

func FuzzParseConfigLine(f *testing.F) {
	for _, s := range []string{"a: b", `a: "b\1"`, ":", "#", `a:"`, `a:"\`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if item, ok, _ := ParseConfigLine(line); ok && item.Tag != strings.ToLower(item.Tag) {
			t.Errorf("tag %q of %q is not in lower case", item.Tag, line)
		}
	})
}

func TestTables(t *testing.T) {
	for _, c := range Commands() {
		if got, ok := Lookup(Commands(), strings.ToLower(c.Name)); !ok || got.Name != c.Name {
			t.Errorf("Lookup(%s) = %v, %v", c.Name, got, ok)
		}
	}
	for _, p := range Parameters() {
		if p.Implemented && p.Kind != ParamHelp && p.Access == 0 {
			t.Errorf("parameter %s: nobody may read it", p.Name)
		}
		if p.Kind == ParamEnum && len(p.Values) == 0 {
			t.Errorf("parameter %s: no values", p.Name)
		}
	}
	for _, l := range HelpTable(Commands()) {
		if len(l) > 80 {
			t.Errorf("help line %q is longer than 80 characters", l)
		}
	}
}

func TestError(t *testing.T) {
	err := error(Errorf(CodeBadJob, "Cannot %s", "do"))
	if err.Error() != "504 Cannot do" || CodeOf(err) != CodeBadJob || CodeOf(errors.New("x")) != 0 {
		t.Errorf("Error = %v, code %d", err, CodeOf(err))
	}
	if !CodeOK.Complete() || !CodeDataOpen.Preliminary() || !CodeRestart.Intermediate() || CodeSyntax.Class() != 5 {
		t.Error("classes of codes are wrong")
	}
}

func BenchmarkFormat(b *testing.B) {
	format := ParseFormat(DefaultJobFormat)
	var buf bytes.Buffer
	b.ReportAllocs()
	dst := buf.Bytes()
	for b.Loop() {
		dst = format.Append(dst[:0], testValue)
	}
}
