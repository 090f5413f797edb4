package config

import (
	"strings"
	"testing"
)

// TestNewLine: what is taken stands in the file as it was given; what is not
// says why.
func TestNewLine(t *testing.T) {
	long := strings.Repeat("x", MaxLine)
	for _, tc := range []struct {
		give []string
		want string // the text, or the error
	}{
		{[]string{"IAXServer: pbx:4570", "iaxpeer:fax1"}, "IAXServer: \"pbx:4570\"\nIAXPeer: \"fax1\"\n"},
		{[]string{"IAXPeer: a", `LocalIdentifier: My "fax" \ 1`}, "IAXPeer: \"a\"\nLocalIdentifier: \"My \\\"fax\\\" \\\\ 1\"\n"},
		{[]string{"IAXPeer: a", "IAXBackupServer: b", "IAXBackupServer: c"}, "IAXPeer: \"a\"\nIAXBackupServer: \"b\"\nIAXBackupServer: \"c\"\n"},
		{[]string{"IAXPeer: a", "IAXSecret: \n#"}, "IAXPeer: \"a\"\nIAXSecret: \"#\"\n"},
		{[]string{"IAXPeer: a", "IAXSecret: b\nFaxRcvdCmd: x"}, "IAXPeer: \"a\"\nIAXSecret: \"b\\012FaxRcvdCmd: x\"\n"},
		{nil, "IAXServer or IAXPeer is missing: a line over IAX2 has one of them at least"},
		{[]string{"FAXNumber: 1"}, "IAXServer or IAXPeer is missing: a line over IAX2 has one of them at least"},
		{[]string{"IAXPeer"}, `"IAXPeer" is not "Tag: value"`},
		{[]string{": x"}, `": x" is not "Tag: value"`},
		{[]string{"IAXPeer: a", "IAXPeer: b"}, "IAXPeer: given twice"},
		{[]string{"IAXPeer: a", "IAXSecret: " + long}, "IAXSecret: its value is too long"},
		{[]string{"IAXPeer: a", "IAXChannels: two"}, `IAXChannels: "two" is not a number`},
		{[]string{"IAXPeer: a", "DynamicConfig: /tmp/x"}, "DynamicConfig: runs a program; write it into the file"},
		{[]string{"IAXPeer: a", "PollRcvdCmd: /tmp/x"}, "PollRcvdCmd: runs a program; write it into the file"},
	} {
		text, err := NewLine("ttyIAX0", tc.give)
		got := string(text)
		if err != nil {
			got = err.Error()
		}
		if got != tc.want {
			t.Errorf("NewLine(%q) = %q, want %q", tc.give, got, tc.want)
		}
	}
	for _, devid := range []string{"", ".", "..", "a/b", "a b", "ttyIAX0~", "a.b", "a\n", "*"} {
		if _, err := NewLine(devid, []string{"IAXPeer: a"}); err == nil {
			t.Errorf("%q passes for a name of a line", devid)
		}
	}
}

// FuzzNewLine: nothing panics, and what is taken is read back as it was given,
// one parameter for each.
func FuzzNewLine(f *testing.F) {
	f.Add("IAXPeer: a", "IAXSecret: b \"c\\ \n d")
	f.Add("IAXPeer", "Include: x")
	f.Fuzz(func(t *testing.T, a, b string) {
		given := []string{a, b}
		text, err := NewLine("ttyIAX0", given)
		if err != nil {
			return
		}
		c := Parse(strings.NewReader(string(text)), "fuzz")
		if len(c.Problems) > 0 || len(c.Items) != len(given) {
			t.Fatalf("%q is read as %v with %v", text, c.Items, c.Problems)
		}
		for i, item := range c.Items {
			_, value, _ := strings.Cut(given[i], ":")
			if item.Value != strings.TrimSpace(value) {
				t.Errorf("%q is read as %q", given[i], item.Value)
			}
		}
	})
}
