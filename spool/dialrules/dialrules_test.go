package dialrules

import (
	"errors"
	"os"
	"strings"
	"testing"
)

var america = map[string]string{"AreaCode": "415", "CountryCode": "1", "LongDistancePrefix": "1", "InternationalPrefix": "011"}

func mustParse(t testing.TB, text string) *Rules {
	t.Helper()
	r, err := Parse(strings.NewReader(text), "rules", america)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestDefaultRules applies the rules that a fresh spool gets; the first row is
// the example of dialrules(5).
func TestDefaultRules(t *testing.T) {
	f, err := os.Open("../../etc/dialrules")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := Parse(f, "etc/dialrules", america)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ set, in, want string }{
		{CanonicalNumber, "01123965-Tube%2345", "+239658823"},
		{CanonicalNumber, "555 1234", "+14155551234"},
		{CanonicalNumber, "1 (800) 555-1234", "+18005551234"},
		{CanonicalNumber, "+49 89 1234", "+49891234"},
		{CanonicalNumber, "1-800-FAXNOW2", "+18003296692"},
		{DialString, "+1 800 555-1234", "18005551234"},
		{DialString, "+49 89 1234", "01149891234"},
		{DialString, "1001", "1001"},
		{DisplayNumber, "1001%secret", "1001%secret"},
	} {
		if got, err := r.Apply(row.set, row.in); err != nil || got != row.want {
			t.Errorf("%s(%q) = %q, %v, want %q", row.set, row.in, got, err, row.want)
		}
	}
}

func TestLanguage(t *testing.T) {
	for _, row := range []struct{ name, rules, in, want string }{
		{"groups", `S := [` + "\n" + `^([0-9])([0-9]) = \2\1` + "\n]", "1234", "2134"},
		{"whole match", "S := [\n[0-9]+ = <&>\n]", "a12b3", "a<12>b<3>"},
		{"escaped ampersand", "S := [\n1 = \\&\n]", "212", "2&2"},
		{"quoted blanks", "S := [\n\"a b\" = \"c d\"\n]", "xa bx", "xc dx"},
		{"escaped blank", "S := [\na\\ b = c\n]", "a b", "c"},
		{"comment behind a rule", "S := [\nx = y ! not z\n]", "x", "y"},
		{"empty replacement", "S := [\nx =\n]", "axb", "ab"},
		{"= inside the expression", "S := [\nx=y = z\n]", "x=y", "z"},
		{"empty matches are none", "S := [\n^ = 9\nx* = y\n]", "axx", "axx"},
		{"up to an empty match", "S := [\nx* = y\n]", "xxaxx", "yaxx"},
		{"unknown variable", "S := [\na${B} = b\n]", "a", "b"},
		{"escaped exclamation mark", "S := [\na\\! = b\n]", "a!", "b"},
		{"! in quotes", "S := [\na = b ! \"\n]", "a", "b"},
		{"escaped variable", "S := [\na = \\${B}\n]", "a", "${B}"},
		{") alone", "S := [\n) = (\n]", "a)", "a("},
		{"class of the C library", "S := [\n\\w+ = x\n]", "-ab1-", "-x-"},
		{"= inside brackets", "S := [\n[=] = -\n]", "a=b", "a-b"},
		{"backslash in brackets is itself", "S := [\n[\\]+ = /\n]", `a\b`, "a/b"},
		{"bracket first in brackets", "S := [\n[]x] = .\n]", "a]bx", "a.b."},
		{"class", "S := [\n[[:alpha:]] = .\n]", "a1b", ".1."},
		{"variable in variable", "A=1\nB=${A}2\nS := [\n^x = ${B}&\n]", "x", "12x"},
		{"variable of the server", "S := [\n^1 = ${AreaCode}&\n]", "1", "4151"},
		{"anchor matches once", "S := [\n^a =\n]", "aaa", "aa"},
		{"alternatives, longest", "S := [\na|ab = x\n]", "abc", "xc"},
		{"an unknown set", "T := [\na = b\n]", "a", "a"},
	} {
		if got, err := mustParse(t, row.rules).Apply("S", row.in); err != nil || got != row.want {
			t.Errorf("%s: Apply(%q) = %q, %v, want %q", row.name, row.in, got, err, row.want)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, row := range []struct{ rules, want string }{
		{"S := [\na = b\n", "rules:2: rule set S is not closed"},
		{"S := {\n", "rules:1: rule set S: [ is missing"},
		{"S [\n", "rules:1: S is followed by neither"},
		{"\n\n= x", "rules:3: expected the name"},
		{"S := [\nabc\n]", "rules:2: rule \"abc\": no = with a blank"},
		{"S := [\n(a = b\n]", "rules:2: regular expression"},
		{"S := [\na=b\n]", "rules:2: rule \"a=b\": no ="},
		{"A=x\\", "rules:1: nothing follows the backslash"},
		{"A=\"x", "rules:1: a quote mark is not closed"},
		{"A=${x", "rules:1: ${x: } is missing"},
	} {
		_, err := Parse(strings.NewReader(row.rules), "rules", nil)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || !strings.HasPrefix(err.Error(), row.want) {
			t.Errorf("Parse(%q) = %v, want %q...", row.rules, err, row.want)
		}
	}
}

func TestGrowthIsBounded(t *testing.T) {
	r := mustParse(t, "S := [\n"+strings.Repeat("a = aaaaaaaaaaaaaaaa\n", 30)+"]")
	if _, err := r.Apply("S", "a"); !errors.Is(err, ErrTooLong) {
		t.Errorf("16^30 letters: %v, want ErrTooLong", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("S := [\n^([0-9])[^]x] = \\1&\n]\nA=\"x y\" ! c", "0123")
	f.Fuzz(func(_ *testing.T, rules, in string) {
		r, err := Parse(strings.NewReader(rules), "rules", america)
		if err != nil {
			return
		}
		for set := range r.sets {
			_, _ = r.Apply(set, in)
		}
	})
}
