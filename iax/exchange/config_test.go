package exchange

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/iax"
)

func readText(text string) *confReader {
	var r confReader
	r.read(strings.NewReader(text), "test.conf", 0)
	return &r
}

func problemTexts(list []Problem) []string {
	var texts []string
	for _, p := range list {
		texts = append(texts, p.String())
	}
	return texts
}

func TestPeerFile(t *testing.T) {
	f := buildPeers(readText(`
[general]
bindaddr=127.0.0.1
bindport=5036
minregexpire=30
maxregexpire=600
disallow=all
allow=ulaw
allow=alaw ; a comment
;-- a comment
over lines --;
requirecalltoken=no

[base](!)
type=friend
host=dynamic
context=fax
[strict](!,base)
requirecalltoken=yes
qualify=yes

[a](base)
secret=one\;two
callerid="Frog, Tree" <1000>
[b](strict)
auth=md5
secret=two
disallow=all
allow=slin,ulaw
permit=192.0.2.0/255.255.255.0
[c]
type=peer
host=198.51.100.7:5000
username=us
encryption=yes
[a](+)
context=other
`), "")
	if len(f.problems) != 0 {
		t.Fatalf("problems: %v", problemTexts(f.problems))
	}
	if g := f.general; g.listen != "127.0.0.1:5036" || g.minRefresh != 30*time.Second || g.maxRefresh != 600*time.Second {
		t.Errorf("general = %+v", g)
	}
	a, b, c := f.peers["a"], f.peers["b"], f.peers["c"]
	if len(f.peers) != 3 || a == nil || b == nil || c == nil {
		t.Fatalf("peers = %v", f.names())
	}
	if a.secret != "one;two" || !a.dynamic || a.context != "other" || a.token || a.callerID != (iax.CallerID{Name: "Frog, Tree", Number: "1000"}) {
		t.Errorf("a = %+v", a)
	}
	if !reflect.DeepEqual(a.codecs, []iax.Codec{iax.ULaw, iax.ALaw}) || a.methods != iax.AuthMD5|iax.AuthPlaintext {
		t.Errorf("a: codecs %v, methods %v", a.codecs, a.methods)
	}
	if !b.token || b.qualify != 2*time.Second || b.methods != iax.AuthMD5 || !reflect.DeepEqual(b.codecs, []iax.Codec{iax.SLinear, iax.ULaw}) {
		t.Errorf("b = %+v", b)
	}
	if c.user || !c.peer || c.host != "198.51.100.7" || c.port != 5000 || c.username != "us" || c.encryption != iax.EncryptAllow || c.methods != 0 {
		t.Errorf("c = %+v", c)
	}
}

// TestProblems: what is wrong or unknown is named with file and line.
func TestProblems(t *testing.T) {
	for _, tc := range []struct {
		name, text, want string
		fatal            bool
	}{
		{"no section", "secret=x\n", `test.conf:1: "secret=x" stands before the first [section]`, true},
		{"no setting", "[a]\ntype=friend\nfoo\n", `test.conf:3: "foo" is no setting: key = value is expected`, true},
		{"header not closed", "[a\n", `test.conf:1: "[a" is no section header: [name] is expected`, true},
		{"template missing", "[a](b)\ntype=friend\n", `test.conf:1: [a] uses the template "b", which is not there (it must stand before)`, true},
		{"unknown setting", "[a]\ntype=friend\nmailbox=12\n", `test.conf:3: "mailbox" is not known here and left out`, false},
		{"wrong type", "[a]\ntype=foe\n", `test.conf:2: type = "foe": friend, user or peer is expected`, true},
		{"compressed codec", "[a]\ntype=friend\nallow=gsm\n", `test.conf:3: the codec "gsm" cannot carry fax and is left out`, false},
		{"transfer", "[a]\ntype=friend\ntransfer=never\n", `test.conf:3: transfer = "never": yes, no or mediaonly is expected`, true},
		{"no codec left", "[a]\ntype=friend\ndisallow=all\n", `test.conf:1: [a] allows no codec that can carry fax: ulaw, alaw, slin`, true},
		{"no key", "[a]\ntype=friend\nauth=rsa\n", `test.conf:1: [a] has auth=rsa, but no inkeys`, true},
		{"key file missing", "[a]\ntype=friend\ninkeys=frog\n", "inkeys: iax: key: open ", true},
		{"number", "[general]\nmaxregexpire=soon\n", `test.conf:2: maxregexpire = "soon": a number is expected`, true},
		{"twice", "[a]\ntype=friend\n[a]\ntype=friend\n", "test.conf:3: [a] is there already, at test.conf:1; this one is left out", true},
		{"exec", "[a]\ntype=friend\n#exec rm\n", `test.conf:3: "#exec rm" is not known here and left out`, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := buildPeers(readText(tc.text), "/nowhere")
			for _, p := range f.problems {
				if strings.Contains(p.String(), tc.want) && p.Fatal == tc.fatal {
					return
				}
			}
			t.Errorf("problems = %q, want %q (fatal: %v)", problemTexts(f.problems), tc.want, tc.fatal)
		})
	}
}

// TestReadme: the iax.conf that the README prints for Asterisk also runs here,
// without a word.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, ok := strings.Cut(string(readme), "`iax.conf`:\n")
	text, _, end := strings.Cut(text, "`extensions.conf`:\n")
	if !ok || !end {
		t.Fatal("README.md has no iax.conf followed by an extensions.conf")
	}
	f := buildPeers(readText(text), "/nowhere")
	if len(f.problems) > 0 || f.peers["ttyIAX0"] == nil {
		t.Errorf("problems = %q, peers %d", problemTexts(f.problems), len(f.peers))
	}
}

func TestDialPlanProblems(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"[fax]\nexten => 1\n", `test.conf:2: "1" is no extension: number,priority,application is expected`},
		{"[fax]\nsame => n,Hangup\n", `test.conf:2: "same" has no extension before it`},
		{"[fax]\nexten => 1,x,Hangup\n", `test.conf:2: "x,Hangup" is no step: priority,application is expected, the priority a number or n`},
		{"[fax]\nexten => 1,1,Hangup(\n", `test.conf:2: "Hangup(" lacks its closing parenthesis`},
		{"[fax]\nexten => 1,1,VoiceMail(12)\n", `test.conf:2: the application VoiceMail is not known here; a call that comes to it is hung up`},
		{"[fax]\nexten => _[12,1,Hangup\n", `is no extension`},
		{"[fax]\ninclude => more\n", `[fax]: includes the context "more", which is not there`},
		{"[fax]\nswitch => IAX2/x\n", `test.conf:2: "switch" is not known here and left out`},
	} {
		p := buildDialPlan(readText(tc.text))
		if got := strings.Join(problemTexts(p.problems), "\n"); !strings.Contains(got, tc.want) {
			t.Errorf("%q: problems = %q, want %q", tc.text, got, tc.want)
		}
	}
}

func TestPatterns(t *testing.T) {
	for _, tc := range []struct {
		pattern string
		yes, no []string
	}{
		{"100", []string{"100"}, []string{"1000", "10", ""}},
		{"_10XX", []string{"1000", "1099"}, []string{"100", "10000", "10a0"}},
		{"_NZX", []string{"210", "999"}, []string{"110", "200"}},
		{"_[13-5]0", []string{"10", "30", "40", "50"}, []string{"20", "60"}},
		{"_9.", []string{"91", "9123"}, []string{"9", "8"}},
		{"_9!", []string{"9", "9123"}, []string{"8", ""}},
		{"_404X.", []string{"40417"}, []string{"4041", "404"}},
		{"_1-800-NXX", []string{"1800234"}, []string{"1-800-234"}},
		{"fax", []string{"fax"}, []string{"FAX"}},
	} {
		p, ok := parsePattern(tc.pattern)
		if !ok {
			t.Errorf("%s is refused", tc.pattern)
			continue
		}
		for _, n := range tc.yes {
			if !p.match(n) {
				t.Errorf("%s does not fit %q", tc.pattern, n)
			}
		}
		for _, n := range tc.no {
			if p.match(n) {
				t.Errorf("%s fits %q", tc.pattern, n)
			}
		}
	}
	for _, bad := range []string{"", "_", "_[", "_[]", "_9.1"} {
		if _, ok := parsePattern(bad); ok {
			t.Errorf("%q is taken", bad)
		}
	}
}

// TestBestPattern: the most exact one wins, whatever the order of lines.
func TestBestPattern(t *testing.T) {
	p := buildDialPlan(readText("[fax]\ninclude => more\nexten => _.,1,NoOp\nexten => _1XXX,1,NoOp\nexten => _10XX,1,NoOp\nexten => 1001,1,NoOp\n[more]\nexten => abc,1,NoOp\nexten => _X,1,NoOp\n"))
	for number, want := range map[string]string{"1001": "1001", "1002": "_10XX", "1102": "_1XXX", "2": "_.", "abc": "_."} {
		if e := p.find("fax", number); e == nil || e.pattern.text != want {
			t.Errorf("%s finds %+v, want %s", number, e, want)
		}
	}
	if e := p.find("more", "7"); e == nil {
		t.Error("7 is not found in more")
	}
}

func TestExpand(t *testing.T) {
	look := func(name string) string {
		return map[string]string{"EXTEN": "12345", "A": "EXTEN", "CALLERID(num)": "99"}[name]
	}
	for text, want := range map[string]string{
		"${EXTEN}": "12345", "${EXTEN:2}": "345", "${EXTEN:1:2}": "23", "${EXTEN:-2}": "45", "${EXTEN:-3:2}": "34", "${EXTEN:0:-1}": "1234",
		"${EXTEN:9}": "", "x${CALLERID(num)}y": "x99y", "${NONE}": "", "${${A}:1}": "2345", "${EXTEN": "${EXTEN", "$5": "$5",
	} {
		if got := expand(text, look); got != want {
			t.Errorf("expand(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestInclude(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("iax.conf", "[a]\ntype=friend\n#include \"more.conf\"\ncontext=fax\n")
	write("more.conf", "secret=x\n#include \"more.conf\"\n")
	f := readPeers(filepath.Join(dir, "iax.conf"), "")
	if a := f.peers["a"]; a == nil || a.secret != "x" || a.context != "fax" {
		t.Errorf("a = %+v", a)
	}
	if got := strings.Join(problemTexts(f.problems), "\n"); !strings.Contains(got, "nested more than") {
		t.Errorf("problems = %s", got)
	}
}

// FuzzConfig reads any text as both files: no panic, and what was read can be
// asked for any number.
func FuzzConfig(f *testing.F) {
	f.Add(testPeers, "1001")
	f.Add(testPlan, "fax")
	f.Add("[a](!)\n[b](a,+)\nexten => _[1-9]X.,n(x),Dial(IAX2/${EXTEN:1:2}&IAX2/b,5,rg)\n;-- x --;\n", "19")
	f.Fuzz(func(t *testing.T, text, number string) {
		buildPeers(readText(text), "/nowhere")
		p := buildDialPlan(readText(text))
		for name := range p.contexts {
			p.find(name, number)
		}
		expand(text, func(string) string { return number })
		_, _, _, _ = parseDial(text)
	})
}
