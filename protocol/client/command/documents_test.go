package command_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/protocol/client/command"
)

// sent reads the only document of a job.
func (w *world) sent(job, kind string) string {
	w.t.Helper()
	for _, l := range strings.Split(w.job("sendq/q"+job), "\n") {
		if rest, ok := strings.CutPrefix(l, kind+":"); ok {
			f := strings.Split(rest, ":")
			return w.job(f[len(f)-1])
		}
	}
	w.t.Fatalf("job %s has no %s:\n%s", job, kind, w.job("sendq/q"+job))
	return ""
}

// Rules of the site decide what a document is and how it is converted (typerules(5)).
func TestTypeRules(t *testing.T) {
	w := newWorld(t)
	w.file("typerules", "0\tstring\tMAGIC\tps\t(echo '%%!PS' %s %w %l %V; cat) <%i >%o\n"+
		"0\tstring\tREFUSED\terror\tthis is not sent here\n"+
		"0\tstring\tFAILS\tps\techo oh dear; exit 3\n"+
		"0\tstring\tNOTHING\tps\t: >%o\n"+
		"0\tstring\tABSENT\ttiff\t/nosuch/program %i >%o\n"+
		"0\tstring\tABSENT!\ttiff\t/nosuch/program %i >%o\n"+
		"0\tstring\t\x01RAW\tpcl\n0\tstring\t\x02NO\terror\tno longer\n")
	rules := filepath.Join(w.home, "typerules")
	code, _, errOut := w.run(command.Sendfax, "-n", "-m", "-s", "a4", "-d", "1", w.file("it's magic", "MAGIC\n"))
	if code != 0 {
		t.Fatalf("sendfax = %d, %q", code, errOut)
	}
	if got, want := w.sent("100", "postscript"), "%!PS a4 1686 2292 196\nMAGIC\n"; got != want {
		t.Errorf("sent %q, want %q", got, want)
	}
	code, _, errOut = w.run(command.Sendfax, "-n", "-d", "1", w.file("raw", "\x01RAW"))
	if got := w.sent("101", "pcl"); code != 0 || got != "\x01RAW" {
		t.Errorf("sendfax raw = %d, %q, sent %q", code, errOut, got)
	}
	// Where a rule's program is not installed, sendfax converts by itself.
	if code, _, errOut = w.run(command.Sendfax, "-n", "-d", "1", w.file("absent", "ABSENT but text")); code != 0 {
		t.Errorf("sendfax absent = %d, %q", code, errOut)
	}
	w.sent("102", "tiff")
	for _, tt := range []struct{ text, want string }{
		{"REFUSED", "doc: this is not sent here (line 2 of " + rules + " refuses such documents: without that line sendfax takes text by itself; or save it as PDF and send that)\n"},
		{"\x02NO", "doc: no longer (line 8 of " + rules + " refuses such documents: save it as PDF and send that)\n"},
		{"\x00\x01\x02\x03", "doc: not a document that can be faxed; no rule of " + rules + " fits it either\n"},
		{"FAILS", `Error converting document; command was "echo oh dear; exit 3": oh dear` + "\n"},
		{"NOTHING", "it made nothing\n"},
		{"ABSENT cannot be", "doc: Can not convert: the program is not installed that line 5 of " + rules + " asks for\n"},
		{"ABSENT and cut off", "doc: it is cut off\n"}, // what no program can mend comes first
	} {
		code, out, errOut := w.run(command.Sendfax, "-n", "-d", "1", w.file("doc", tt.text))
		if code != 255 || out != "" || !strings.HasSuffix(errOut, tt.want) {
			t.Errorf("sendfax %q = %d, %q, %q, want 255 and %q", tt.text, code, out, errOut, tt.want)
		}
	}
	own := w.file("own.rules", "0 byte x tiff\n0 byte y tiff\n")
	code, _, errOut = w.run(command.Sendfax, "-n", "-O", "TypeRules: "+own, "-d", "1", w.file("doc", "no TIFF"))
	if code != 255 || !strings.Contains(errOut, `own.rules: line 2: "y" is no number to match`) || !strings.Contains(errOut, "doc: the TIFF file is damaged") {
		t.Errorf("sendfax with other rules = %d, %q", code, errOut)
	}
	code, _, errOut = w.run(command.Sendfax, "-n", "-O", "TypeRules: /nosuch", "-d", "1", w.file("doc", "text"))
	if code != 255 || errOut != "/nosuch: Can not open type rules file: no such file or directory.\nUnable to setup file typing and conversion rules\n" {
		t.Errorf("sendfax without rules = %d, %q", code, errOut)
	}
}

// A destination may be a name of the user's address book.
func TestAddressBook(t *testing.T) {
	w := newWorld(t)
	w.file(".faxdb", "[ Company: Acme [ Name: \"Ann Other\" FAX-Number: 555-0100 ] [ Name: \"Room 12\" FAX-Number: 99 ] [ Name: Nobody ] ]\n")
	ps := w.file("doc.ps", "%!PS\nshowpage\n")
	code, _, errOut := w.run(command.Sendfax, "-n", "-d", "ann other", "-d", "Bob@other#7", "-d", "12", "-d", "1800GotMilk", ps)
	if code != 0 {
		t.Fatalf("sendfax = %d, %q", code, errOut)
	}
	w.wantFields("sendq/q100", "number:555-0100", "receiver:Ann Other")
	w.wantFields("sendq/q101", "number:555-0100", "receiver:Bob", "subaddr:7")
	w.wantFields("sendq/q102", "number:12", "receiver:")
	w.wantFields("sendq/q103", "number:1800GotMilk")
	if code, _, errOut = w.run(command.Sendfax, "-n", "-d", "nobody", ps); code != 255 || !strings.Contains(errOut, `Null destination for "nobody"`) {
		t.Errorf("sendfax -d nobody = %d, %q", code, errOut)
	}
	w.file("other", "[ Name: Zoe FAX-Number: 5 ] [")
	code, _, errOut = w.run(command.Sendfax, "-n", "-O", "FaxDB: "+filepath.Join(w.home, "other"), "-d", "zoe", ps)
	if code != 0 || !strings.Contains(errOut, `other: line 1: "]" is missing at the end`) {
		t.Errorf("sendfax with another address book = %d, %q", code, errOut)
	}
	w.wantFields("sendq/q104", "number:5", "receiver:Zoe")
}

// Without HylaFAX's faxcover the page is made from the site's template, or is a plain one.
func TestOwnCover(t *testing.T) {
	w := newWorld(t)
	ps := w.file("doc.ps", "%!PS\n%%Pages: 3\nshowpage\n")
	if code, _, errOut := w.run(command.Sendfax, "-d", "1", ps); code != 0 {
		t.Fatalf("sendfax = %d, %q", code, errOut)
	}
	if got := w.sent("100", "tiff"); !strings.HasPrefix(got, "II*") {
		t.Errorf("the plain page is %.10q", got)
	}
	w.file("faxcover.ps", "% the site's\nshowpage")
	w.file(".faxdb", "[ Name: Ann Company: Acme Area-Code: 415 Voice-Number: 5550100 FAX-Number: 7 ]")
	code, out, errOut := w.run(command.Sendfax, "-v", "-c", `one\ntwo`, "-r", "re", "-D", "-O", `DateFormat: "%Y-%m-%d"`, "-W", "99", "-d", "ann", ps)
	if code != 0 || !strings.Contains(out, "COVER SHEET ") {
		t.Fatalf("sendfax = %d, %q, %q", code, out, errOut)
	}
	page := w.job("docq/cover101.cover")
	for _, want := range []string{
		"/to (Ann) def", "/to-company (Acme) def", "/to-voice-number (1-415-5550100) def", "/to-fax-number (7) def", "/from (joe) def",
		"/from-fax-number (99) def", "/from-mail-address (joe@client.example.com) def", "/page-count (3) def", "/todays-date (2030-05-06) def",
		"/regarding (re) def", "/comments2 (two) def", "% the site's\nshowpage\nend\n",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if code, _, errOut = w.run(command.Sendfax, "-C", "nosuch.ps", "-d", "1", ps); code != 255 || errOut != "Could not locate prototype cover sheet \"nosuch.ps\".\n" {
		t.Errorf("sendfax -C nosuch.ps = %d, %q", code, errOut)
	}
	w.file("mine.ps", "% mine")
	w.env["FAXCOVER"] = filepath.Join(w.home, "mine.ps")
	if code, _, errOut = w.run(command.Sendfax, "-d", "1", ps); code != 0 || !strings.Contains(w.job("docq/cover102.cover"), "% mine") {
		t.Errorf("sendfax with FAXCOVER = %d, %q", code, errOut)
	}
}

// A program that the site names makes the page; what it complains of is told.
func TestCoverProgram(t *testing.T) {
	w := newWorld(t)
	ps := w.file("doc.ps", "%!PS\nshowpage\n")
	program := func(text string) string {
		path := w.file("cover.sh", "#!/bin/sh\n"+text)
		if err := os.Chmod(path, 0o700); err != nil {
			t.Fatal(err)
		}
		return "CoverCmd: " + path
	}
	good := program(`echo "%!PS"; for a; do echo "<$a>"; done`)
	if code, _, errOut := w.run(command.Sendfax, "-O", good, "-c", "com ments", "-x", "Acme", "-U", "1", "-d", "Ann@2", ps); code != 0 {
		t.Fatalf("sendfax = %d, %q", code, errOut)
	}
	const want = "%!PS\n<-c>\n<com ments>\n<-f>\n<joe>\n<-M>\n<joe@client.example.com>\n<-n>\n<2>\n<-s>\n<default>\n<-t>\n<Ann>\n<-x>\n<Acme>\n<-V>\n<1>\n"
	if got := w.job("docq/cover100.cover"); got != want {
		t.Errorf("the page is %q, want %q", got, want)
	}
	for text, want := range map[string]string{
		"echo no template >&2; exit 1": "exit status 1: no template\n",
		"echo no template >&2":         "it made nothing: no template\n",
	} {
		if code, _, errOut := w.run(command.Sendfax, "-O", program(text), "-d", "1", ps); code != 255 || !strings.HasSuffix(errOut, want) {
			t.Errorf("sendfax with %q = %d, %q, want %q", text, code, errOut, want)
		}
	}
	if code, _, errOut := w.run(command.Sendfax, "-O", "CoverCmd: /nosuch", "-d", "1", ps); code != 255 || !strings.Contains(errOut, "sendfax -n sends without one") {
		t.Errorf("sendfax without the program = %d, %q", code, errOut)
	}
}

func TestFaxcover(t *testing.T) {
	w := newWorld(t)
	faxcover := func(args ...string) (int, string, string) {
		return w.run(faxcoverRun, args...)
	}
	code, out, errOut := faxcover("-f", "Joe", "-n5", "-t", "Ann", "-s", "na-let", "-m", "2", "-z", "5", "-c", "one two")
	if code != 0 || errOut != "" || !strings.Contains(out, "/to (Ann) def") || !strings.Contains(out, "/pageWidth 215.90 def") ||
		!strings.Contains(out, "/comments2 (two) def") || !strings.Contains(out, "showpage") {
		t.Errorf("faxcover = %d, %q, %q", code, errOut, out)
	}
	for _, tt := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"-f", "Joe"}, 255, "usage: faxcover"},
		{[]string{"-q"}, 255, "faxcover: invalid option -- 'q'"},
		{[]string{"-f", "Joe", "-n", "1", "-C", "nosuch"}, 1, `Could not locate prototype cover sheet "nosuch".`},
		{[]string{"-f", "Joe", "-n", "1", "-s", "card"}, 1, `Unknown page size "card"`},
		{[]string{"-f", "Joe", "-n", "1", "-m", "x"}, 1, `"x" is no number of LINES`},
	} {
		if code, _, errOut := faxcover(tt.args...); code != tt.code || !strings.Contains(errOut, tt.want) {
			t.Errorf("faxcover %q = %d, %q, want %d, %q", tt.args, code, errOut, tt.code, tt.want)
		}
	}
}

// MODEM and FAXADMIN stand in for what nobody gave.
func TestVariables(t *testing.T) {
	w := newWorld(t)
	w.env["MODEM"] = "ttyS7"
	ps := w.file("doc.ps", "%!PS\nshowpage\n")
	for i, tt := range []struct {
		args []string
		want string
	}{
		{nil, "modem:ttyS7"}, {[]string{"-h", "ttyS0@" + w.addr}, "modem:ttyS0"}, {[]string{"-O", "Modem: ttyS1"}, "modem:ttyS1"},
	} {
		if code, _, errOut := w.run(command.Sendfax, append(tt.args, "-n", "-d", "1", ps)...); code != 0 {
			t.Fatalf("sendfax %q = %d, %q", tt.args, code, errOut)
		}
		w.wantFields("sendq/q10"+string(rune('0'+i)), tt.want)
	}
	w.env["FAXADMIN"] = "wrong"
	if code, out, errOut := w.run(command.Faxrm, "-a", "6"); out != "" || !strings.Contains(errOut, "530") {
		t.Errorf("faxrm -a = %d, %q, %q", code, out, errOut)
	}
}

// An upload that takes long shows a bar on a terminal.
func TestUploadBar(t *testing.T) {
	w := newWorld(t)
	w.terminal, w.step = true, 400*time.Millisecond
	ps := w.file("doc.ps", "%!PS\nshowpage\n"+strings.Repeat("% a comment\n", 40_000))
	code, _, errOut := w.run(command.Sendfax, "-n", "-d", "1", ps)
	if code != 0 || !strings.Contains(errOut, "doc.ps: [") || !strings.Contains(errOut, " of 468 kB sent") || !strings.HasSuffix(errOut, "\r\x1b[K") {
		t.Errorf("sendfax = %d, %q", code, errOut)
	}
}
