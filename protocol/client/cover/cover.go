// Package cover makes cover pages: as PostScript from a site's template, as faxcover(1) does, or as plain
// text for those who have no template.
//
// A template is a PostScript program. Before it, the package writes a dictionary with what is known of the
// fax: to, to-company, to-location, to-voice-number, to-fax-number, from and so on, comments, comments1 and
// following (broken between words), Comment1 and following (broken at line ends only), regarding,
// page-count, todays-date, pageWidth, pageLength, and the procedure BreakIntoLines.
package cover

import (
	"bufio"
	_ "embed"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Defaults of faxcover(1).
const (
	DefaultMaxLines   = 20 // of comments
	DefaultMaxLength  = 35 // of a line of comments, in characters
	DefaultDateFormat = "%a %b %d %Y, %H:%M %Z"
)

// maxCommentLines bounds the dictionary; of this implementation.
const maxCommentLines = 1000

// Page is what a cover page tells.
type Page struct {
	To, ToCompany, ToLocation, ToVoice, ToFax                     string
	From, FromCompany, FromLocation, FromVoice, FromFax, FromMail string
	Regarding, Comments                                           string // in Comments, \n (a backslash and an n) ends a line too
	Pages                                                         string // how many follow
	Date                                                          string
	Width, Length                                                 float64 // millimetres
	MaxLines, MaxLength                                           int     // of comments; 0 for the defaults
}

//go:embed procedures.ps
var procedures string

//go:embed template.ps
var template string

// Template is a plain template for those who have none.
func Template() io.Reader { return strings.NewReader(template) }

// definitions are the symbols that hold a text.
func (p Page) definitions() [][2]string {
	return [][2]string{
		{"to", p.To}, {"to-company", p.ToCompany}, {"to-location", p.ToLocation}, {"to-voice-number", p.ToVoice},
		{"to-fax-number", p.ToFax}, {"from", p.From}, {"from-fax-number", p.FromFax}, {"from-voice-number", p.FromVoice},
		{"from-company", p.FromCompany}, {"from-location", p.FromLocation}, {"from-mail-address", p.FromMail},
		{"page-count", p.Pages}, {"todays-date", p.Date}, {"regarding", p.Regarding}, {"comments", p.comments()},
	}
}

// comments are the comments with line ends where they were asked for.
func (p Page) comments() string { return strings.ReplaceAll(p.Comments, `\n`, "\n") }

// PostScript writes the page that a template draws.
func (p Page) PostScript(w io.Writer, template io.Reader) error {
	b := bufio.NewWriter(w)
	const pointsPerMM = 72 / 25.4
	texts := p.definitions()
	lines := p.commentLines()
	fmt.Fprintf(b, "%%!PS-Adobe-2.0 EPSF-2.0\n%%%%Creator: faxcover\n%%%%Title: Fax Cover Sheet\n%%%%Origin: 0 0\n")
	fmt.Fprintf(b, "%%%%BoundingBox: 0 0 %.0f %.0f\n%%%%Pages: 1 +1\n%%%%EndComments\n%%%%BeginProlog\n", p.Width*pointsPerMM, p.Length*pointsPerMM)
	const own = 40 // symbols of the procedures, and some for the template
	fmt.Fprintf(b, "%d dict begin\n%s", len(texts)+len(lines)+own, procedures)
	fmt.Fprintf(b, "/pageWidth %.2f def\n/pageLength %.2f def\n", p.Width, p.Length)
	for _, d := range append(texts, lines...) {
		fmt.Fprintf(b, "/%s (%s) def\n", d[0], escape(d[1]))
	}
	fmt.Fprintf(b, "%%%%EndProlog\n%%%%Page: \"1\" 1\n")
	if _, err := io.Copy(b, template); err != nil {
		return err
	}
	fmt.Fprintf(b, "\nend\n")
	return b.Flush()
}

// commentLines are the symbols comments1, comments2 and so on, and Comment1, Comment2 and so on. As many as
// MaxLines exist even where they are empty, as templates rely on it.
func (p Page) commentLines() [][2]string {
	most, length := p.MaxLines, p.MaxLength
	if most <= 0 {
		most = DefaultMaxLines
	}
	if length <= 0 {
		length = DefaultMaxLength
	}
	whole := strings.Split(p.comments(), "\n")
	var broken []string
	for _, line := range whole {
		broken = append(broken, breakLine(line, length)...)
	}
	var lines [][2]string
	for name, texts := range map[string][]string{"comments": broken, "Comment": whole} {
		for i := range min(max(most, len(texts)), maxCommentLines) {
			text := ""
			if i < len(texts) {
				text = texts[i]
			}
			lines = append(lines, [2]string{fmt.Sprint(name, i+1), text})
		}
	}
	return lines
}

// breakLine breaks a line behind words, and words that are too long.
func breakLine(line string, length int) []string {
	var lines []string
	rest := []rune(line)
	for len(rest) > length {
		at := length
		for i := length - 1; i > 0; i-- {
			if rest[i] == ' ' {
				at = i + 1
				break
			}
		}
		lines = append(lines, string(rest[:at]))
		rest = rest[at:]
	}
	return append(lines, string(rest))
}

// escape writes a text as PostScript has it within parentheses. What ISO 8859-1 has is written in it, as
// the fonts of templates are encoded so.
func escape(s string) string {
	var b strings.Builder
	put := func(c byte) {
		switch {
		case c == '(' || c == ')' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, `\%03o`, c)
		default:
			b.WriteByte(c)
		}
	}
	if !utf8.ValidString(s) {
		for i := range len(s) {
			put(s[i])
		}
		return b.String()
	}
	for _, r := range s {
		if r > 0xff {
			r = '?'
		}
		put(byte(r))
	}
	return b.String()
}

// textWidth is how long lines of comments are in Text.
const textWidth = 66

// Text is the page as plain text.
func (p Page) Text() string {
	var b strings.Builder
	b.WriteString("\n\n        F A X\n\n\n")
	part := func(pairs ...string) {
		some := false
		for i := 0; i+1 < len(pairs); i += 2 {
			if pairs[i+1] != "" {
				fmt.Fprintf(&b, "        %-10s %s\n", pairs[i], strings.ReplaceAll(pairs[i+1], "\n", " "))
				some = true
			}
		}
		if some {
			b.WriteString("\n")
		}
	}
	part("To:", p.To, "", p.ToCompany, "", p.ToLocation, "Fax:", p.ToFax, "Voice:", p.ToVoice)
	part("From:", p.From, "", p.FromCompany, "", p.FromLocation, "Fax:", p.FromFax, "Voice:", p.FromVoice, "Mail:", p.FromMail)
	part("Date:", p.Date, "Pages:", pagesToFollow(p.Pages))
	part("Regarding:", p.Regarding)
	if p.Comments != "" {
		b.WriteString("\n")
		for _, line := range strings.Split(p.comments(), "\n") {
			for _, l := range breakLine(line, textWidth) {
				b.WriteString(strings.TrimRight("        "+l, " ") + "\n")
			}
		}
	}
	return b.String()
}

func pagesToFollow(n string) string {
	if n == "" {
		return ""
	}
	return n + " after this one"
}
