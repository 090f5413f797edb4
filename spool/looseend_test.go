package spool

import (
	"os"
	"strings"
	"testing"
)

// HylaFAX's hfaxd writes a newline in a client's value as it is. The job is good for all that; a file that
// is cut off, or noise, is not.
func TestNewlineInValue(t *testing.T) {
	j := NewJob()
	j.JobID, j.Number, j.MailAddr, j.Sender, j.Owner, j.Client, j.Modem, j.Comments = "7", "5551234", "joe@here", "Joe", "joe", "pc", "any", "one"
	j.Documents = []Document{{Op: OpTIFF, File: "docq/doc1.tif"}}
	whole := string(j.Format())
	for _, c := range []struct{ name, text, want string }{
		{"a second line", strings.Replace(whole, "comments:one\n", "comments:one\ntwo\n", 1), ""},
		{"as Windows has it", strings.Replace(whole, "comments:one\n", "comments:one\r\ntwo\r\n\r\nthree\n", 1), ""},
		{"cut off", whole + "tif", "no ':'"},
		{"a control character", strings.Replace(whole, "comments:one\n", "comments:one\ntw\x01\n", 1), "no ':'"},
		{"a wrong number besides", strings.Replace(whole, "npages:0\n", "npages:none\ntwo\n", 1), "npages"},
		{"no job", "one\ntwo\n", "no ':'"},
		{"noise", strings.Repeat("noise\n", 1000), "sendq/q7:10: no ':' in \"noise\"\nsendq/q7: 990 more lines are wrong"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParseJob("sendq/q7", []byte(c.text))
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("error %v, want %q", err, c.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if text := string(got.Format()); text != c.text {
				t.Errorf("written as %q", text)
			}
			if len(got.Documents) != 1 {
				t.Errorf("documents: %v", got.Documents)
			}
		})
	}
}

// What an earlier copy left, half or of another job, does not stand for this job's original.
func TestKeepOriginal(t *testing.T) {
	s := newSpool(t)
	const text = "owner:joe\nnoise\n"
	for path, text := range map[string]string{"sendq/q7": text, "tmp/q7.damaged": "owner:j"} {
		if err := os.WriteFile(s.Path(path), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l, err := s.LockJob("sendq/q7")
	if l == nil || err == nil {
		t.Fatalf("a damaged job: %v", err)
	}
	defer l.Unlock()
	name, err := l.KeepOriginal()
	if err != nil {
		t.Fatal(err)
	}
	if kept, err := os.ReadFile(s.Path(name)); err != nil || string(kept) != text {
		t.Errorf("%s: %q, %v", name, kept, err)
	}
	if left, err := os.ReadDir(s.Path(Tmp)); err != nil || len(left) != 1 {
		t.Errorf("in tmp: %v, %v", left, err)
	}
}
