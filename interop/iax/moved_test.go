//go:build interop

package iax_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/interop/lab"
	"github.com/litoria-fax/litoria/interop/ports"
)

// debianExamples is where Debian's iaxmodem has its examples.
const debianExamples = "/usr/share/doc/iaxmodem/examples"

// howTo is the file of the IAXmodem-HylaFAX how-to.
const howTo = `device          /dev/ttyIAX0
owner           uucp:uucp
mode            660
port            4570
refresh         50
server          127.0.0.1
peername        iaxmodem
secret          password
codec           alaw
`

// TestFaxFromIAXModem takes the files of a site that had iaxmodem as they are,
// Debian's examples and those of the how-to: faxgetty --iaxmodem drives their
// lines, and faxes go both ways. All that is changed are addresses (here is no
// port 4569) and the tag line, which would be on the page.
func TestFaxFromIAXModem(t *testing.T) {
	lab.Need(t, "iaxmodem")
	t.Parallel()
	account := readFile(t, filepath.Join(debianExamples, "iaxmodem-cfg.ttyIAX"))
	options := []option{
		{peer: "auth=md5\nsecret=password\ndisallow=all\nallow=slin", in: "codec slin", out: "codec slin, authenticated by MD5"},
		{peer: "auth=md5\nsecret=password\ndisallow=all\nallow=alaw", in: "codec alaw", out: "codec alaw, authenticated by MD5"},
		{peer: "auth=md5\nsecret=password\ndisallow=all\nallow=alaw", in: "codec alaw", out: "codec alaw, authenticated by MD5"},
	}
	f := &faxLab{options: options, doc: shortPage(t), lines: []lab.Line{
		{Device: "ttyIAX", Peer: "iaxmodem", Number: "8005551212"}, {Device: "ttyIAX0", Peer: "iaxmodem0", Number: "1501"}, {Device: "ttyIAX1", Peer: "iaxmodem1", Number: "1502"},
	}}
	var peers, extensions strings.Builder
	for i, l := range f.lines {
		fmt.Fprintf(&peers, "[%s]\ntype=friend\nhost=dynamic\ncontext=fax\nqualify=yes\n%s\n\n", l.Peer, options[i].peer)
		fmt.Fprintf(&extensions, "exten => %s,1,Dial(IAX2/%s/${EXTEN},60)\n", l.Number, l.Peer)
	}
	f.a = &pbx{Asterisk: lab.StartAsterisk(t, peers.String(), extensions.String(), lab.InOrder)}
	f.spool = lab.NewLitoriaSpool(t, f.a.Port)
	dir := filepath.Join(filepath.Dir(f.spool), "iaxmodem")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for i, text := range []string{account, howTo, strings.Replace(howTo, "ttyIAX0", "ttyIAX1", 1)} {
		words := strings.NewReplacer("127.0.0.1", fmt.Sprintf("127.0.0.1:%d", f.a.Port), "4570", fmt.Sprint(ports.UDP(t)))
		text = words.Replace(text)
		text = strings.Replace(text, "iaxmodem\n", f.lines[i].Peer+"\n", 1) // peername
		writeFor(t, filepath.Join(dir, f.lines[i].Device), text)
	}
	// The first two have HylaFAX's configuration too, the third has none.
	hylafax := readFile(t, filepath.Join(debianExamples, "config.ttyIAX"))
	for i := range 2 {
		text := strings.Replace(hylafax, "+1.800.555.1212", f.lines[i].Number, 1)
		writeFor(t, filepath.Join(f.spool, "etc", "config."+f.lines[i].Device), text+soon+"TagLineFormat: \"\"\n")
	}
	f.l = lab.StartLitoriaWith(t, f.spool, []string{"--iaxmodem", dir}, f.lines...)
	for _, l := range f.lines {
		lab.Wait(t, 30*time.Second, "qualify of "+l.Peer+" to be OK", func() bool { return f.a.Registered(l.Peer) })
	}
	names := []string{"Debian's example of iaxmodem", "the how-to's file of iaxmodem", "the how-to's file, no config.DEVID"}
	for _, direction := range []string{sends, receives} {
		t.Run(direction, func(t *testing.T) {
			for i, name := range names {
				row := recordAs("files: "+name, "faxgetty --iaxmodem", direction)
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					switch {
					case direction == receives:
						f.receives(t, i, row)
					case i == 2:
						f.sendsTagged(t, i, row)
					default:
						f.sends(t, i, row)
					}
				})
			}
		})
		f.l.WaitIdle(t)
	}
}

// sendsTagged is sends for a line whose pages carry the tag line of the default.
func (f *faxLab) sendsTagged(t *testing.T, i int, row *result) {
	t.Helper()
	begun := time.Now()
	id := f.l.Submit(t, f.lines[i].Device, "2100", f.doc, "-m", "-T", "3", "-t", "3")
	job := lab.WaitDone(t, f.spool, id, faxLimit)
	if job["state"] != "7" || job["npages"] != "1" {
		t.Fatalf("job %s: state %s, %s pages, status %q", id, job["state"], job["npages"], job["status"])
	}
	row.say("1 page, with a tag line; %s; %s", f.options[i].out, tookWords(job["totdials"], time.Since(begun)))
}

func readFile(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// writeFor writes a file that the owner of the spool may read.
func writeFor(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	lab.Run(t, "chown", lab.Owner, file)
}
