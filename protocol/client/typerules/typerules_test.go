package typerules_test

import (
	"strings"
	"testing"

	"github.com/litoria-fax/litoria/protocol/client/typerules"
)

// What rules make of documents; the operators are those of the table in typerules(5).
func TestMatch(t *testing.T) {
	tests := []struct {
		rules, head, want string // want is "result command"
	}{
		{"0\tstring\t%!\t\tps\n", "%!PS", "ps "},
		{"0 string %!\tps # comment\n", "%!", "ps "},
		{"0\tstring\t%!\tps\n", "%", "none"},
		{"0\tistring\t<html\tps\thtml2ps <%i >%o\n", "<HTML>", "ps html2ps <%i >%o"},
		{"0\tstring\ta b#c\tps\tx\n", "a b#c", "ps x"},
		{"0 short 0x4d4d tiff\n", "MM\x00*", "tiff "},
		{"0 short 017436 error packed data\n", "\x1f\x1e", "error packed data"},
		{"0 long 0x59a66a95 TIFF ras2tiff\n", "\x59\xa6\x6a\x95", "tiff ras2tiff"},
		{"0 long 0x59a66a95 tiff\n", "\x59\xa6\x6a", "none"},
		{"1 byte 0x50 pcl\n", "OP", "pcl "},
		{"2 byte x pdf\n", "ab", "none"},
		{"0 byte x pdf\n", "a", "pdf "},
		{"0 byte !=97 ps\n", "a", "none"},
		{"0 byte <98 ps\n", "a", "ps "},
		{"0 byte <=97 ps\n", "a", "ps "},
		{"0 byte >97 ps\n", "a", "none"},
		{"0 byte >=97 ps\n", "a", "ps "},
		{"0 byte &0x60 ps\n", "a", "ps "},
		{"0 byte !0x60 ps\n", "a", "none"},
		{"0 byte ^97 ps\n", "a", "none"},
		{"0 byte ^96 ps\n", "a", "ps "},
		{"7 addr =7 ps\n", "01234567", "ps "},
		{"0\tascii\tx\tps\ttextfmt\n", "plain\ttext\n", "ps textfmt"},
		{"0\tascii\tx\tps\ttextfmt\n", "\x1b$B", "none"},
		{"0\tasciiesc\tx\tps\ttextfmt\n", "\x1b$B", "ps textfmt"},
		{"0\tstring\tGIF\ttiff\n>3\tstring\t87a\ttiff\tone\n>3\tstring\t89a\tps\ttwo\n0 byte x error no\n", "GIF89a", "ps two"},
		{"0\tstring\tGIF\ttiff\tnone\n>3\tstring\t87a\ttiff\tone\n", "GIF99a", "tiff none"},
		{"0 byte x ps one | \\\n\t\ttwo\\\n three # comment\n", "a", "ps one |  two three"},
		{"0 byte x ps a \\# b # c\n", "a", `ps a \# b`},
		{"# 0 byte x ps \\\n0 byte x pdf\n\n  \n", "a", "pdf "},
		{">0 byte x pdf\n", "a", "none"},
	}
	for _, tt := range tests {
		rules, faults, err := typerules.Parse(strings.NewReader(tt.rules))
		if err != nil || len(faults) > 0 {
			t.Errorf("Parse(%q) = %v, %v", tt.rules, faults, err)
			continue
		}
		got := "none"
		if r := rules.Match([]byte(tt.head)); r != nil {
			got = r.Result.String() + " " + r.Command
		}
		if got != tt.want {
			t.Errorf("rules %q: Match(%q) = %q, want %q", tt.rules, tt.head, got, tt.want)
		}
	}
}

// Lines that are no rules are named, and the others hold.
func TestFaults(t *testing.T) {
	const file = "x byte 1 ps\n0 word 1 ps\n0 byte one ps\n0 string\tGIF\n0 byte 1 jpeg\n-1 byte 1 ps\n0 byte x ps ok\n"
	rules, faults, err := typerules.Parse(strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range faults {
		got = append(got, f.Error())
	}
	want := []string{
		`line 1: "x" is no file offset`, `line 2: unknown data type "word"`, `line 3: "one" is no number to match`,
		`line 4: no tab behind the text to match`, `line 5: unknown result "jpeg"`, `line 6: "-1" is no file offset`,
	}
	if len(got) != len(want) {
		t.Fatalf("faults = %q, want %q", got, want)
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("fault %q, want %q", got[i], want[i])
		}
	}
	if r := rules.Match([]byte("a")); r == nil || r.Command != "ok" || r.Line != 7 {
		t.Errorf("Match = %+v, want the last line's", r)
	}
}

func TestExpand(t *testing.T) {
	rules, _, err := typerules.Parse(strings.NewReader("0 byte x ps %F/x %i %o %r %R %v %V %f %w %W %l %L %s %% %q %\n"))
	if err != nil {
		t.Fatal(err)
	}
	page := typerules.Page{HRes: 204, VRes: 98, Width: 210, Length: 297, Size: "iso a4", Filters: "/usr/sbin"}
	got := rules.Match([]byte("a")).Expand("it's", "/tmp/o", page)
	const want = `/usr/sbin/x 'it'\''s' '/tmp/o' 8 204 3.9 98 1 1687 210 1146 297 'iso a4' % q %`
	if got != want {
		t.Errorf("Expand = %s\nwant     %s", got, want)
	}
}

// Rules of any kind meet documents of any kind.
func FuzzParse(f *testing.F) {
	f.Add("0\tstring\t%!\tps\n>2 byte x tiff a \\\n b\n", "%!PS")
	f.Add("0 short &0x10 error # no", "\x00\x10")
	f.Add("4294967295 addr !=-1 pcl %i %", "")
	f.Fuzz(func(t *testing.T, file, head string) {
		rules, _, err := typerules.Parse(strings.NewReader(file))
		if err != nil {
			return
		}
		if r := rules.Match([]byte(head)); r != nil {
			r.Expand("in", "out", typerules.Page{HRes: 204, VRes: 98, Width: 210, Length: 297, Size: "a4"})
		}
	})
}
