package protocoltest

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A dialogue is a text file:
//
//	# comment
//	C: what the client sends
//	S: what the server answers
//	S~ what the server answers, of which only the code must be the same
//	S! what this module's server answers where it differs from HylaFAX's on purpose
//	S| what HylaFAX's server may answer instead of the line before; a comment tells when
//	@receive   the next command answers over a data connection
//	@receivez  the same, compressed
//	@send TEXT the next command takes TEXT (a Go string) over a data connection
//	@sendz TEXT the same, compressed
//	D: a line that came over the data connection
//	D~ the same, whose text may differ
//	@raw TEXT  octets sent as they are
//	@second    waits for the next second: HylaFAX takes a file changed within one for unchanged
//
// Lines with S and D are what the recorder writes.

// fileClock is how much the times of files may be behind the clock: the kernel's takes steps of 1 to 10 ms.
const fileClock = 50 * time.Millisecond

// Dialogue is a parsed dialogue.
type Dialogue []Line

// Line is a line of a dialogue.
type Line struct {
	Kind string // "#", "C:", "S:", "S~", "S!", "S|", "D:", "D~", or the word of a directive
	Text string
}

// ParseDialogue parses the text of a dialogue.
func ParseDialogue(text string) Dialogue {
	var d Dialogue
	for _, l := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		kind, rest, _ := strings.Cut(l, " ")
		if l == "" || strings.HasPrefix(l, "#") {
			kind, rest = "#", l
		}
		d = append(d, Line{kind, rest})
	}
	return d
}

// String is the text of a dialogue.
func (d Dialogue) String() string {
	var b strings.Builder
	for _, l := range d {
		switch {
		case l.Kind == "#":
			b.WriteString(l.Text)
		case l.Text == "":
			b.WriteString(l.Kind)
		default:
			b.WriteString(l.Kind + " " + l.Text)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// timeout is how long a server may take for one thing.
const timeout = 10 * time.Second

// player plays a dialogue with a server.
type player struct {
	conn  net.Conn
	in    *bufio.Reader
	clean func(string) string
	out   Dialogue
	soft  map[int]Line // answers that are marked, by position
	nth   int
}

// Play plays the client's side of a dialogue with a server and returns the dialogue as it went.
// clean takes what differs between machines out of the server's lines.
func (d Dialogue) Play(addr string, clean func(string) string) (Dialogue, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	p := &player{conn: conn, in: bufio.NewReader(conn), clean: clean, soft: d.softAnswers()}
	if err := p.reply(); err != nil {
		return p.out, err
	}
	data := Line{}
	for _, l := range d {
		switch l.Kind {
		case "#":
			p.out = append(p.out, l)
		case "@receive", "@receivez", "@send", "@sendz":
			data = l
			p.out = append(p.out, l)
		case "@second":
			p.out = append(p.out, l)
			time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second + fileClock)))
		case "@raw":
			raw, err := strconv.Unquote(l.Text)
			if err != nil {
				return p.out, fmt.Errorf("@raw %s: %w", l.Text, err)
			}
			p.out = append(p.out, l)
			if _, err := io.WriteString(conn, raw); err != nil {
				return p.out, err
			}
			if strings.HasSuffix(raw, "\n") {
				if err := p.reply(); err != nil {
					return p.out, fmt.Errorf("after %s: %w", l.Text, err)
				}
			}
		case "C:":
			if err := p.command(l, data); err != nil {
				return p.out, fmt.Errorf("after %q: %w", l.Text, err)
			}
			data = Line{}
		}
	}
	return p.out, nil
}

// softAnswers finds the answers that are marked, counted over all answers and data.
func (d Dialogue) softAnswers() map[int]Line {
	soft := map[int]Line{}
	for n, l := range d.answers() {
		if l.Kind[1] != ':' {
			soft[n] = l
		}
	}
	return soft
}

func (p *player) add(kind, text string) {
	line := Line{kind + ":", p.clean(text)}
	if marked, ok := p.soft[p.nth]; ok {
		line.Kind = marked.Kind
	}
	p.nth++
	p.out = append(p.out, line)
}

// Deviations puts the answers that are marked with "!" back to what they are in the dialogue d, and
// those that have an alternative if either came: a recorder of HylaFAX's answers keeps them.
func (d Dialogue) Deviations(recorded Dialogue) Dialogue {
	soft, answers, alternatives := d.softAnswers(), d.answers(), d.alternatives()
	var out Dialogue
	n := 0
	for _, l := range recorded {
		if !l.isAnswer() {
			out = append(out, l)
			continue
		}
		other, either := alternatives[n]
		switch kept, marked := soft[n]; {
		case marked && kept.Kind == "S!":
			out = append(out, kept)
		case either && (l.Text == answers[n].Text || l.Text == other.Text):
			out = append(out, answers[n], other)
		default:
			out = append(out, l)
		}
		n++
	}
	return out
}

// alternatives finds the alternatives of answers, by the position of the answer.
func (d Dialogue) alternatives() map[int]Line {
	found := map[int]Line{}
	n := 0
	for _, l := range d {
		if l.Kind == "S|" {
			found[n-1] = l
		}
		if l.isAnswer() {
			n++
		}
	}
	return found
}

// reply reads a reply.
func (p *player) reply() error {
	_, err := p.replyCode(true)
	return err
}

func (p *player) replyCode(show bool) (string, error) {
	p.conn.SetReadDeadline(time.Now().Add(timeout)) //nolint:errcheck // shows in the read
	first := ""
	for {
		line, err := p.in.ReadString('\n')
		if err != nil {
			return "", err
		}
		line = strings.TrimRight(line, "\r\n")
		if show {
			p.add("S", line)
		}
		if len(line) < 4 {
			continue
		}
		if first == "" {
			first = line[:3]
		}
		if line[:3] == first && line[3] == ' ' {
			return line, nil
		}
	}
}

// command sends a command and reads what comes.
func (p *player) command(l, data Line) error {
	var conn net.Conn
	if data.Kind != "" {
		var err error
		if conn, err = p.dataConnection(); err != nil {
			return err
		}
		defer conn.Close()
	}
	p.out = append(p.out, l)
	if _, err := fmt.Fprintf(p.conn, "%s\r\n", l.Text); err != nil {
		return err
	}
	line, err := p.replyCode(true)
	if err != nil {
		return err
	}
	if conn == nil || line[0] != '1' {
		return nil
	}
	if err := p.transfer(conn, data); err != nil {
		return err
	}
	return p.reply()
}

var numbers = regexp.MustCompile(`[0-9]+`)

// dataConnection makes a data connection by PASV, which the dialogue does not show.
func (p *player) dataConnection() (net.Conn, error) {
	if _, err := io.WriteString(p.conn, "PASV\r\n"); err != nil {
		return nil, err
	}
	line, err := p.replyCode(false)
	if err != nil {
		return nil, err
	}
	n := numbers.FindAllString(line, -1)
	if len(n) != 7 {
		return nil, fmt.Errorf("PASV: %s", line)
	}
	high, err1 := strconv.Atoi(n[5])
	low, err2 := strconv.Atoi(n[6])
	if err1 != nil || err2 != nil {
		return nil, fmt.Errorf("PASV: %s", line)
	}
	return net.Dial("tcp", net.JoinHostPort(strings.Join(n[1:5], "."), strconv.Itoa(high<<8|low)))
}

func (p *player) transfer(conn net.Conn, data Line) error {
	if err := conn.SetDeadline(time.Now().Add(timeout)); err != nil {
		return err
	}
	if strings.HasPrefix(data.Kind, "@send") {
		text, err := strconv.Unquote(data.Text)
		if err != nil {
			return fmt.Errorf("%s %s: %w", data.Kind, data.Text, err)
		}
		if data.Kind == "@sendz" {
			var b bytes.Buffer
			z := zlib.NewWriter(&b)
			z.Write([]byte(text)) //nolint:errcheck // into memory
			z.Close()             //nolint:errcheck // as above
			text = b.String()
		}
		_, err = io.WriteString(conn, text)
		conn.Close()
		return err
	}
	var r io.Reader = conn
	if data.Kind == "@receivez" {
		z, err := zlib.NewReader(conn)
		if err != nil {
			return err
		}
		r = z
	}
	all, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	for _, l := range strings.Split(strings.TrimSuffix(string(all), "\n"), "\n") {
		p.add("D", strconv.Quote(l))
	}
	return nil
}

// Compare returns the first difference between a recorded dialogue and one that was played anew, or
// "". Lines of data may come in any order, as directories have none. deviations tells that the answers
// marked with "!" are expected; otherwise they are not looked at.
func Compare(want, got Dialogue, deviations bool) string {
	w, g := want.answers(), got.answers()
	if !deviations {
		w = want.chosen(g)
	}
	sortData(w)
	sortData(g)
	for i := range max(len(w), len(g)) {
		switch {
		case i >= len(g):
			return fmt.Sprintf("missing %s %s", w[i].Kind, w[i].Text)
		case i >= len(w):
			return fmt.Sprintf("unexpected %s %s", g[i].Kind, g[i].Text)
		}
		if fault := differs(w[i], g[i], deviations); fault != "" {
			return fmt.Sprintf("%s\nin\n%s", fault, got)
		}
	}
	return ""
}

func differs(want, got Line, deviations bool) string {
	fault := fmt.Sprintf("got  %s %s\nwant %s %s", got.Kind, got.Text, want.Kind, want.Text)
	if want.Kind[0] != got.Kind[0] {
		return fault
	}
	switch want.Kind[1] {
	case '!':
		if deviations && want.Text != got.Text {
			return fault
		}
	case '~':
		if want.Kind[0] == 'S' && first4(want.Text) != first4(got.Text) {
			return fault
		}
	default:
		if want.Text != got.Text {
			return fault
		}
	}
	return ""
}

// sortData sorts the lines of each piece of data.
func sortData(lines []Line) {
	for i := 0; i < len(lines); i++ {
		start := i
		for i < len(lines) && lines[i].Kind[0] == 'D' {
			i++
		}
		slices.SortFunc(lines[start:i], func(a, b Line) int { return strings.Compare(a.Text, b.Text) })
	}
}

func first4(s string) string { return s[:min(4, len(s))] }

// isAnswer reports whether the line is an answer that must come; an alternative ("S|") is none.
func (l Line) isAnswer() bool {
	return len(l.Kind) == 2 && (l.Kind[0] == 'S' || l.Kind[0] == 'D') && l.Kind[1] != '|'
}

// chosen returns the answers of d, with the alternative in the place of an answer where got has the
// alternative.
func (d Dialogue) chosen(got []Line) []Line {
	answers := d.answers()
	for n, l := range d.alternatives() {
		if n >= 0 && n < len(got) && got[n].Text == l.Text {
			answers[n].Text = l.Text
		}
	}
	return answers
}

func (d Dialogue) answers() []Line {
	var a []Line
	for _, l := range d {
		if l.isAnswer() {
			a = append(a, l)
		}
	}
	return a
}
