package cover_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/protocol/client/cover"
)

func page() cover.Page {
	return cover.Page{
		To: "Ann (Other)", ToFax: "555 0100", From: "Zoë", FromCompany: `back\slash`, Pages: "3", Date: "today",
		Regarding: "日本", Comments: `first line\nthe second line is longer than others` + "\nthird", Width: 210, Length: 297, MaxLines: 5, MaxLength: 12,
	}
}

func TestPostScript(t *testing.T) {
	var b bytes.Buffer
	if err := page().PostScript(&b, strings.NewReader("TEMPLATE")); err != nil {
		t.Fatal(err)
	}
	got := b.String()
	for _, want := range []string{
		"/to (Ann \\(Other\\)) def\n", "/to-company () def\n", "/to-fax-number (555 0100) def\n", "/from (Zo\\353) def\n",
		"/from-company (back\\\\slash) def\n", "/page-count (3) def\n", "/todays-date (today) def\n", "/regarding (??) def\n",
		"/pageWidth 210.00 def\n", "/pageLength 297.00 def\n", "%%BoundingBox: 0 0 595 842\n",
		"/comments (first line\\012the second line is longer than others\\012third) def\n",
		"/comments1 (first line) def\n", "/comments2 (the second ) def\n", "/comments3 (line is ) def\n", "/comments4 (longer than ) def\n",
		"/comments5 (others) def\n", "/comments6 (third) def\n",
		"/Comment1 (first line) def\n", "/Comment2 (the second line is longer than others) def\n", "/Comment3 (third) def\n", "/Comment5 () def\n",
		"TEMPLATE\nend\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("PostScript lacks %q", want)
		}
	}
}

func TestLongWord(t *testing.T) {
	var b bytes.Buffer
	p := cover.Page{Comments: "abcdefghij klm", MaxLength: 4}
	if err := p.PostScript(&b, strings.NewReader("")); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"/comments1 (abcd)", "/comments2 (efgh)", "/comments3 (ij )", "/comments4 (klm)", "/comments20 ()"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("PostScript lacks %q", want)
		}
	}
}

func TestText(t *testing.T) {
	const want = `

        F A X


        To:        Ann (Other)
        Fax:       555 0100

        From:      Zoë
                   back\slash

        Date:      today
        Pages:     3 after this one

        Regarding: 日本


        first line
        the second line is longer than others
        third
`
	if got := page().Text(); got != want {
		t.Errorf("Text = %s\nwant %s", got, want)
	}
}

// The C library's date(1) says the same for the conversions that have one meaning.
func TestFormatDate(t *testing.T) {
	zone := time.FixedZone("CET", 3600)
	at := time.Date(2027, time.January, 3, 0, 7, 9, 0, zone) // a Sunday
	for format, want := range map[string]string{
		cover.DefaultDateFormat: "Sun Jan 03 2027, 00:07 CET", "%A %B %e %y": "Sunday January  3 27", "%D %F %T %R %r": "01/03/27 2027-01-03 00:07:09 00:07 12:07:09 AM",
		"%j %u %w %U %W %V %G %g %C": "003 7 0 01 00 53 2026 26 20", "%k|%l|%I|%p|%P": " 0|12|12|AM|am", "%% %n%t%z %s": "% \n\t+0100 1798931229", "%Q%": "%Q%",
		"%c %x %X %h %S %M %m %d": "Sun Jan  3 00:07:09 2027 01/03/27 00:07:09 Jan 09 07 01 03",
	} {
		if got := cover.FormatDate(format, at); got != want {
			t.Errorf("FormatDate(%q) = %q, want %q", format, got, want)
		}
	}
}
