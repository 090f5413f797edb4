package client

import (
	"net"

	"testing"
	"time"
)

func TestSplitReply(t *testing.T) {
	tests := []struct {
		line string
		code int
		more bool
		text string
	}{
		{"200 ok", 200, false, "ok"}, {"200-more", 200, true, "more"}, {"200", 200, false, ""}, {"    text", 0, false, "    text"},
		{"20x no", 0, false, "20x no"}, {"", 0, false, ""}, {"2000 no", 0, false, "2000 no"},
	}
	for _, tt := range tests {
		if code, more, text := splitReply(tt.line); int(code) != tt.code || more != tt.more || text != tt.text {
			t.Errorf("splitReply(%q) = %d, %v, %q", tt.line, code, more, text)
		}
	}
}

func TestParsePassive(t *testing.T) {
	for text, want := range map[string]int{
		"Entering passive mode (127,0,0,1,4,5)": 4*256 + 5, "Entering Passive Mode. 1,2,3,4,255,255.": 65535, "(1,2,3,4,0,0)": 0,
		"(1,2,3)": 0, "": 0, "(1,2,3,4,256,1)": 0,
	} {
		if got, err := parsePassive(text); got != want || (err != nil) != (want == 0) {
			t.Errorf("parsePassive(%q) = %d, %v, want %d", text, got, err, want)
		}
	}
	for text, want := range map[string]int{"Entering (|||4559|)": 4559, "(!!!1!)": 1, "(|||x|)": 0, "()": 0, "(": 0, ")(": 0, "(|||99999|)": 0} {
		if got, err := parseExtendedPassive(text); got != want || (err != nil) != (want == 0) {
			t.Errorf("parseExtendedPassive(%q) = %d, %v, want %d", text, got, err, want)
		}
	}
}

func TestFileName(t *testing.T) {
	for text, want := range map[string]string{
		"FILE: /tmp/doc1.ps (Opening new data connection).": "/tmp/doc1.ps", "file: a": "a", "FILE:": "", "none": "",
		"Transfer complete (FILE: /docq/doc2.tif).": "/docq/doc2.tif",
	} {
		if got := fileName(text); got != want {
			t.Errorf("fileName(%q) = %q, want %q", text, got, want)
		}
	}
}

// Whatever a server says, the client comes to an end.
func FuzzReply(f *testing.F) {
	for _, s := range []string{"220 hello\r\n200 ok\r\n", "220-a\r\n  b\r\n220 c\r\n421 bye\r\n", "\xff\xfd\x01220 x\r\n", "130 w\r\n220 x\r\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		ours, theirs := net.Pipe()
		defer ours.Close()
		go func() {
			theirs.SetDeadline(time.Now().Add(time.Second))
			theirs.Write(stream)
			theirs.Close()
		}()
		c, err := NewClient(t.Context(), ours, Config{Timeout: time.Second})
		if err != nil {
			return
		}
		c.readReply()
		c.readReply()
	})
}
