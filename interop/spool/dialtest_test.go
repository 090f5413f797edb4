//go:build interop

// Package spool_test lets HylaFAX's own programs judge what we read and write
// in a spool.
package spool_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/litoria-fax/litoria/etc"
	"github.com/litoria-fax/litoria/spool/dialrules"
)

// language uses every part of dialrules(5).
const language = `! a comment
A=12
B = "${A} 3"	! spaces in quotes
CanonicalNumber := [
"a b" = "c d"
x\ y = z
^([0-9])([0-9]+)x = \2\1
q+ = <&>
[=] = -
e\.f = "\"quoted\""
g = ${A}${B}
(ab|a)c = [\1]
"h* i" = \&
[]k] = K
[[:upper:]]+ = U
j =
a=b = eq
t* = y
^ = hat
u\! = \$
v${nix}w = \${A}
) = >
\w\w- = W
]
DialString := [
[^0-9#*] =
^9+ = 0
$ = w
]
`

var subjects = []string{"5551234", "555 1234", "+49 89 1234", "01149891234", "18005551234", "01123965-Tube%2345", "1-800-FAXNOW2", "9,1001",
	"1001#22", "*70,555-1212", "+1.415.555.1212", "a b", "x y", "12345x", "qqqrq", "a=b", "e.f", "exf", "g", "abcac", "hhh i", "m]k", "ABcD", "j", "99123", "w&x\\y", "ttxtt", "xtt", "u!", "vw", "a)b", "abc-d"}

// TestDialtest: HylaFAX's dialtest makes the same of the same rules.
func TestDialtest(t *testing.T) {
	dialtest, err := exec.LookPath("/usr/lib/hylafax/bin/dialtest")
	if err != nil {
		t.Fatalf("%v: run interop/setup first", err)
	}
	standard, err := etc.Read("dialrules")
	if err != nil {
		t.Fatal(err)
	}
	rules := map[string]string{"standard": string(standard), "language": language}
	installed, _ := filepath.Glob("/etc/hylafax/dialrules*")
	for _, f := range installed {
		if b, err := os.ReadFile(f); err == nil {
			rules[f] = string(b)
		}
	}
	for name, text := range rules {
		file := filepath.Join(t.TempDir(), "rules")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		ours, err := dialrules.Parse(strings.NewReader(text), name, map[string]string{"AreaCode": "415", "CountryCode": "1", "LongDistancePrefix": "1", "InternationalPrefix": "011"})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range subjects {
			cmd := exec.Command(dialtest, "-a", "415", "-c", "1", "-l", "1", "-i", "011", file)
			cmd.Stdin = strings.NewReader(s + "\n")
			out, _ := cmd.CombinedOutput() // it ends with its input, not well
			for set, label := range map[string]string{dialrules.CanonicalNumber: "canonical", dialrules.DialString: "dial-string", dialrules.DisplayNumber: "display"} {
				m := regexp.MustCompile(`(?m)^` + label + ` = "(.*)"$`).FindSubmatch(bytes.TrimSpace(out))
				if m == nil {
					t.Fatalf("%s: %q: dialtest says\n%s", name, s, out)
				}
				got, err := ours.Apply(set, s)
				if err != nil || got != string(m[1]) {
					t.Errorf("%s: %s(%q) = %q, %v; dialtest: %q", name, set, s, got, err, m[1])
				}
			}
		}
	}
}
