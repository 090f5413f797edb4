package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/litoria-fax/litoria/modemdrv/linesim"
	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/modemdrv/tiff"
)

// asProgram tells the test binary to be faxend.
const asProgram = "FAXEND_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// end is one faxend.
type end struct {
	*exec.Cmd
	in  io.WriteCloser
	out io.ReadCloser
	log bytes.Buffer
}

func start(t *testing.T, args ...string) *end {
	t.Helper()
	e := &end{Cmd: exec.Command(os.Args[0], args...)}
	e.Env = append(os.Environ(), asProgram+"=1")
	e.Stderr = &e.log
	var err error
	if e.in, err = e.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if e.out, err = e.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	if err := e.Start(); err != nil {
		t.Fatal(err)
	}
	return e
}

// join is the line between two of them: packets in lock step, until one hangs up, or
// after so many packets if that is not 0. It gives how both ended.
func join(a, b *end, packets int) (errA, errB error) {
	there, back := make([]byte, 2*packet), make([]byte, 2*packet)
	for n := 1; n != packets; n++ {
		_, aOver := io.ReadFull(a.out, there)
		_, bOver := io.ReadFull(b.out, back)
		if aOver != nil || bOver != nil {
			break
		}
		a.in.Write(back) // who has hung up does not listen
		b.in.Write(there)
	}
	a.in.Close()
	b.in.Close()
	io.Copy(io.Discard, a.out)
	io.Copy(io.Discard, b.out)
	return a.Wait(), b.Wait()
}

// paper makes a TIFF of two pages.
func paper(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "paper.tif")
	w, err := tiff.Create(name, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	for n := range uint64(2) {
		b := t4.NewBitmap(1728, 300)
		random := linesim.NewRandom(n + 1)
		for range 2000 {
			b.SetBlack(int(1728*random.Uniform()), int(300*random.Uniform()))
		}
		page := tiff.Page{XRes: 204, YRes: 196, Number: int(n)}
		page.SetCoding(t4.MMR)
		if err := w.WriteBitmap(page, b); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return name
}

func pagesOf(t *testing.T, name string) (pages []*t4.Bitmap) {
	t.Helper()
	r, err := tiff.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for i := range r.Pages() {
		b, _, err := r.Decode(i)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, b)
	}
	return pages
}

func same(t *testing.T, sent, received string) {
	t.Helper()
	a, b := pagesOf(t, sent), pagesOf(t, received)
	if len(a) != len(b) {
		t.Fatalf("%d pages of %d came", len(b), len(a))
	}
	for i := range a {
		if !bytes.Equal(a[i].Pix, b[i].Pix) {
			t.Errorf("page %d came otherwise than it was sent", i+1)
		}
	}
}

// TestCalls: a document is sent, or polled, from one program to the other.
func TestCalls(t *testing.T) {
	doc := paper(t)
	for _, row := range []struct {
		name              string
		calling, answered []string // received is where the pages are to go
		polled            bool
	}{
		{"send", []string{"-send", doc}, []string{"-receive", "received"}, false},
		{"send without ECM at 9600", []string{"-noecm", "-maxrate", "9600", "-send", doc}, []string{"-receive", "received"}, false},
		{"poll with a password", []string{"-poll", "-password", "frog", "-receive", "received"}, []string{"-password", "frog", "-send", doc}, true},
		{"poll by address", []string{"-poll", "-selective", "7", "-receive", "received"}, []string{"-selective", "7", "-send", doc}, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			received := filepath.Join(t.TempDir(), "received.tif")
			fill := func(args []string) []string {
				return strings.Split(strings.ReplaceAll(strings.Join(args, "\x00"), "received", received), "\x00")
			}
			a := start(t, append(fill(append([]string{"-id", "1000"}, row.calling...)), "calling")...)
			b := start(t, append(fill(append([]string{"-id", "1001"}, row.answered...)), "answering")...)
			if errA, errB := join(a, b, 0); errA != nil || errB != nil {
				t.Fatalf("calling: %v\n%s\nanswering: %v\n%s", errA, a.log.String(), errB, b.log.String())
			}
			same(t, doc, received)
			if !strings.Contains(a.log.String(), `remote "1001"`) || !strings.Contains(b.log.String(), `remote "1000"`) {
				t.Errorf("they do not know each other:\n%s\n%s", a.log.String(), b.log.String())
			}
		})
	}
}

// TestRefused: a poll with a wrong password or address ends both with status 1.
func TestRefused(t *testing.T) {
	for _, row := range []struct{ option, asked, wanted, says string }{
		{"-password", "toad", "frog", "wrong password"},
		{"-selective", "5", "6", "polls what is not here"},
	} {
		received := filepath.Join(t.TempDir(), "received.tif")
		a := start(t, "-q", "-poll", row.option, row.asked, "-receive", received, "calling")
		b := start(t, "-q", row.option, row.wanted, "-send", paper(t), "answering")
		if errA, errB := join(a, b, 0); errA == nil || errB == nil || !strings.Contains(b.log.String(), row.says) {
			t.Errorf("%s: calling: %v\n%s\nanswering: %v\n%s", row.option, errA, a.log.String(), errB, b.log.String())
		}
		if _, err := os.Stat(received); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: a file without pages stays: %v", row.option, err)
		}
	}
}

// TestTray: pages are added to what is there; an empty file, or one that has
// a header only, is as good as none, and anything else is left alone.
func TestTray(t *testing.T) {
	for _, row := range []struct {
		name, before string
		ok           bool
	}{{"empty", "", true}, {"header", "II*\x00\x00\x00\x00\x00", true}, {"letter", "Dear Sir or Madam", false}} {
		name := filepath.Join(t.TempDir(), row.name)
		if err := os.WriteFile(name, []byte(row.before), 0o600); err != nil {
			t.Fatal(err)
		}
		in, err := openTray(name)
		if (err == nil) != row.ok {
			t.Errorf("%s: %v", row.name, err)
		}
		if err == nil {
			in.Close()
		} else if b, _ := os.ReadFile(name); string(b) != row.before {
			t.Errorf("%s: now %q", row.name, b)
		}
	}
}

// TestLineGone: a line that neither listens nor speaks any more is a hang-up, not
// the end of the program.
func TestLineGone(t *testing.T) {
	e := start(t, "-q", "-receive", filepath.Join(t.TempDir(), "received.tif"), "answering")
	if _, err := io.ReadFull(e.out, make([]byte, 2*packet)); err != nil {
		t.Fatal(err)
	}
	e.out.Close()
	e.in.Write(make([]byte, 2*packet)) // it may be gone at once
	e.in.Close()
	if err := e.Wait(); e.ProcessState.ExitCode() != 1 || !strings.Contains(e.log.String(), "received 0") {
		t.Errorf("%v\n%s", err, e.log.String())
	}
}

// TestHangup: the end of the input is the other side's hang-up, at any moment.
func TestHangup(t *testing.T) {
	doc := paper(t)
	for _, packets := range []int{1, 100, 700} {
		a := start(t, "-q", "-send", doc, "calling")
		b := start(t, "-q", "-receive", filepath.Join(t.TempDir(), "received.tif"), "answering")
		if errA, errB := join(a, b, packets); errA == nil || errB == nil {
			t.Errorf("after %d packets: calling: %v\n%s\nanswering: %v\n%s", packets, errA, a.log.String(), errB, b.log.String())
		}
	}
}

func TestWrongUse(t *testing.T) {
	for _, row := range []struct{ args, says string }{
		{"", "say calling or answering"},
		{"waiting", "say calling or answering"},
		{"-send /nowhere.tif calling", "no such file"},
		{"-poll -receive /nowhere.tif answering", "-poll needs calling"},
		{"-poll calling", "-poll needs -receive"},
		{"-subaddress 1 -receive /nowhere.tif answering", "-subaddress needs calling"},
		{"-subaddress 1 -poll -receive /nowhere.tif calling", "-subaddress needs -send"},
		{"-selective 1 -send /nowhere.tif calling", "-selective needs -poll"},
		{"-selective 1 -receive /nowhere.tif answering", "-selective needs -send"},
		{"-password 1 -receive /nowhere.tif answering", "-password needs -send"},
	} {
		e := start(t, strings.Fields(row.args)...)
		e.in.Close()
		io.Copy(io.Discard, e.out)
		if err := e.Wait(); err == nil || !strings.Contains(e.log.String(), row.says) {
			t.Errorf("faxend %s: %v\n%s", row.args, err, e.log.String())
		}
	}
}
