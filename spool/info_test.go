package spool

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestInfoRoundTrip(t *testing.T) {
	in := "supportsVRes:3\n&supports2DEncoding:no\nsupportsMMR:yes\nhasV34Trouble:no\nhasV17Trouble:no\nsupportsPostScript:no\n" +
		"supportsBatching:yes\ncalledBefore:yes\nmaxPageWidth:2432\nmaxPageLength:-1\nmaxSignallingRate:\"14400\"\nminScanlineTime:\"0ms\"\n" +
		"remoteCSI:\"+1 800\"\nremoteNSF:\"\"\nremoteDIS:\"00 CE\"\nsendFailures:1\nlastSendFailure:\"No carrier\"\ndialFailures:0\npagingProtocol:\"ixo\"\n"
	d, err := ParseInfo("info/1", []byte(in))
	if err != nil || !d.Locked("supports2dencoding") || d.RemoteCSI != "+1 800" {
		t.Errorf("%+v, %v", d, err)
	}
	if got := string(d.Format()); got != in {
		t.Errorf("written as\n%s\nwant\n%s", got, in)
	}
}

// TestInfoLocked: what an administrator locked is not changed by a call, and
// what is not understood stays.
func TestInfoLocked(t *testing.T) {
	s := newSpool(t)
	if err := os.WriteFile(s.Path("info/18005551234"), []byte("&maxPageWidth: 1728\nmystery: 7\nsupportsMMR: perhaps\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	err := s.UpdateInfo("+1 800 555-1234", func(d *DestinationInfo) { d.MaxPageWidth, d.CalledBefore = 2432, true })
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(s.Path("info/18005551234"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"&maxPageWidth:1728\n", "calledBefore:yes\n", "mystery: 7\n", "supportsMMR: perhaps\n"} {
		if !strings.Contains(string(b), want) {
			t.Errorf("no %q in\n%s", want, b)
		}
	}
	d, err := s.ReadInfo("+18005551234")
	if err == nil || !strings.Contains(err.Error(), "unknown capability") || !d.CalledBefore {
		t.Errorf("%+v, %v", d, err)
	}
	if err := s.UpdateInfo("any", func(d *DestinationInfo) { d.CalledBefore = true }); err != nil {
		t.Errorf("a number without digits: %v", err)
	}
}

func FuzzParseInfo(f *testing.F) {
	f.Add([]byte("&supportsMMR:yes\nremoteCSI:\"x\"\nfoo\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := ParseInfo("info/1", b)
		if err != nil {
			return
		}
		text := d.Format()
		again, err := ParseInfo("info/1", text)
		if err != nil {
			t.Fatalf("own text: %v\n%q", err, text)
		}
		if got := again.Format(); string(got) != string(text) {
			t.Fatalf("%q becomes %q", text, got)
		}
	})
}

func TestReceived(t *testing.T) {
	s := newSpool(t)
	if err := os.WriteFile(s.Path("recvq/fax000000001.tif"), nil, 0o600); err != nil { // in the way
		t.Fatal(err)
	}
	r, err := s.NewReceived(0o600)
	if err != nil || r.Name != "recvq/fax000000002.tif" || !s.BeingReceived(r.Name) {
		t.Fatalf("%+v, %v", r, err)
	}
	if err := r.Finish(0o644); err != nil || s.BeingReceived(r.Name) {
		t.Errorf("after its end: %v", err)
	}
	r, err = s.NewReceived(0o600)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Remove(s); err != nil || s.BeingReceived(r.Name) {
		t.Errorf("removed: %v", err)
	}
}

// TestDocumentReferences is the life of one document that two jobs send.
func TestDocumentReferences(t *testing.T) {
	s := newSpool(t)
	if err := os.WriteFile(s.Path("docq/doc3.pdf"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	one, err1 := s.LinkDocument("docq/doc3.pdf", "41")
	two, err2 := s.LinkDocument("docq/doc3.pdf", "42")
	if err1 != nil || err2 != nil || one != "docq/doc3.pdf.41" || s.References("docq/doc3.pdf") != 3 {
		t.Fatalf("%s %v, %s %v", one, err1, two, err2)
	}
	pages := Prepared(one, "e1")
	if pages != "docq/doc3.pdf;e1" || s.Unreferenced(pages) {
		t.Errorf("pages %s", pages)
	}
	for _, link := range []string{one, two} {
		if base, err := s.ReleaseSource(link); err != nil || base != "docq/doc3.pdf" {
			t.Errorf("ReleaseSource(%s) = %s, %v", link, base, err)
		}
	}
	if n := s.References("docq/doc3.pdf"); n != 1 || !s.Unreferenced(pages) {
		t.Errorf("%d links at the end", n)
	}
	if _, err := s.LinkDocument("../x", "1"); err == nil {
		t.Error("a link out of the spool is made")
	}
}

func TestUUCPLock(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	for _, kind := range []string{"ascii", "-binary"} {
		l, err := NewUUCPLock(kind, dir, "/dev/ttyIAX0", 0o444, 30*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if ok, err := l.Lock(now); !ok || err != nil {
			t.Fatalf("%s: %v, %v", kind, ok, err)
		}
		if ok, err := l.Lock(now.Add(time.Hour)); ok || err != nil {
			t.Errorf("%s: an owner that lives loses the lock: %v", kind, err)
		}
		if err := l.Unlock(); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if err := os.WriteFile(l.Path, l.content(1<<22+1), 0o600); err != nil { // above every process id
			t.Fatal(err)
		}
		if held, _ := l.Held(now); !held {
			t.Errorf("%s: a young lock is not respected", kind)
		}
		if ok, err := l.Lock(now.Add(time.Hour)); !ok || err != nil {
			t.Errorf("%s: a stale lock stays: %v", kind, err)
		}
		if err := l.Unlock(); err != nil {
			t.Error(err)
		}
	}
	if l, err := NewUUCPLock("+ascii", dir, "/dev/null", 0o444, 0); err != nil || !strings.HasSuffix(l.Path, ".001.003") {
		t.Errorf("%+v, %v", l, err)
	}
	if _, err := NewUUCPLock("what", dir, filepath.Join("x"), 0, 0); err == nil {
		t.Error("an unknown kind is taken")
	}
}
