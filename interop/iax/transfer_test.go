//go:build interop

package iax_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/interop/lab"
	"github.com/litoria-fax/litoria/interop/ports"
)

// transferModes are the ways in which our exchange treats a connected call.
var transferModes = []string{"yes", "mediaonly", "no"}

// transferLab is an exchange of ours between lines of ours and Asterisk: for each
// mode a line that speaks with Asterisk, and two that speak with each other.
type transferLab struct {
	faxLab
	exchange *lab.Process
}

// Places of the lines of a mode.
const (
	withAsterisk = iota
	lineFrom
	lineTo
	linesOfMode
)

// newTransferLab starts everything. The exchange has an address of its own: Asterisk
// mixes up calls of one number and address.
func newTransferLab(t *testing.T) *transferLab {
	t.Helper()
	const host = "127.0.0.2"
	f := &transferLab{}
	f.doc = shortPage(t)
	port := ports.UDP(t)
	var theirs, theirPlan, plan, lines strings.Builder
	for i, mode := range transferModes {
		fmt.Fprintf(&theirs, "[x%d]\ntype=friend\nhost=%s\nport=%d\nsecret=x-s\nauth=md5\ncontext=fax\ndisallow=all\nallow=ulaw\ntransfer=yes\n\n", i, host, port)
		for j := range linesOfMode {
			l := lab.Line{Device: fmt.Sprintf("ttyIAX%d", linesOfMode*i+j), Peer: fmt.Sprintf("l%d%d", i, j), Number: fmt.Sprintf("13%d%d", i, j), Secret: "l-s",
				Config: soon + "IAXTransfer: yes\n"}
			f.lines = append(f.lines, l)
			fmt.Fprintf(&lines, "[%s]\ntype=friend\nhost=dynamic\nsecret=l-s\ncontext=fax\nqualify=yes\nallow=ulaw\ntransfer=%s\n\n", l.Peer, mode)
			fmt.Fprintf(&plan, "exten => %s,1,Dial(IAX2/%s/${EXTEN},60)\n", l.Number, l.Peer)
		}
		fmt.Fprintf(&plan, "exten => 210%d,1,Dial(IAX2/p%d/${EXTEN},60)\n", i, i)
		fmt.Fprintf(&theirPlan, "exten => 13%d0,1,Dial(IAX2/p%d:x-s@%s:%d/${EXTEN},60)\n", i, i, host, port)
	}
	f.a = &pbx{Asterisk: lab.StartAsterisk(t, theirs.String(), theirPlan.String(), lab.InOrder)}
	for i, mode := range transferModes {
		fmt.Fprintf(&lines, "[p%d]\ntype=friend\nhost=127.0.0.1\nport=%d\nusername=x%d\nsecret=x-s\nauth=md5\ncontext=fax\nallow=ulaw\ntransfer=%s\n\n", i, f.a.Port, i, mode)
	}
	dir := lab.TempDir(t)
	writeFor(t, filepath.Join(dir, "iax.conf"), fmt.Sprintf("[general]\nbindaddr=%s\nbindport=%d\n\n%s", host, port, lines.String()))
	writeFor(t, filepath.Join(dir, "extensions.conf"), "[fax]\n"+plan.String())
	f.exchange = lab.Start(t, dir, "iaxexchange", lab.Bin(t, "iaxexchange"), "-c", dir)
	lab.Wait(t, 10*time.Second, "the exchange to be ready", func() bool { return lab.Contains(f.exchange.Log, "ready") })
	for i := range f.lines {
		f.lines[i].Config += fmt.Sprintf("IAXServer: %s:%d\n", host, port)
	}
	f.spool = lab.NewLitoriaSpool(t, port, f.lines...)
	f.l = lab.StartLitoria(t, f.spool, f.lines...)
	return f
}

// endOfCall is what the exchange logs of a call: the number, how many frames it
// sent, and why it ended.
var endOfCall = regexp.MustCompile(`call ended.* number=(\d+) .*, sent (\d+), .*why="?([^"\n]+)`)

// took looks whether the last call to a number took the way that the mode says.
func (f *transferLab) took(t *testing.T, mode, called string) {
	t.Helper()
	sent, why := -1, ""
	lab.Wait(t, 20*time.Second, "the exchange's end of a call to "+called, func() bool {
		for _, m := range endOfCall.FindAllStringSubmatch(lab.Tail(f.exchange.Log, 1000), -1) {
			if m[1] == called {
				sent, why = number(m[2]), m[3]
			}
		}
		return sent >= 0
	})
	left := strings.Contains(why, "speak to each other")
	if left != (mode == "yes") || (sent > 500) != (mode == "no") {
		t.Errorf("transfer=%s: the exchange sent %d frames of the call to %s and says %q", mode, sent, called, why)
	}
}

// TestFaxTransferred sends faxes over calls that really leave the exchange, ours:
// between a line and Asterisk's ReceiveFAX and SendFAX, and between two lines.
func TestFaxTransferred(t *testing.T) {
	t.Parallel()
	f := newTransferLab(t)
	f.options = make([]option, len(f.lines))
	for i := range f.options {
		f.options[i] = option{out: "codec ulaw, authenticated by MD5", in: "codec ulaw"}
	}
	for back, directions := range [][2]string{{sends, "line to line"}, {receives, "and back"}} {
		rows := [2][]*result{}
		for _, mode := range transferModes {
			for k, d := range directions {
				rows[k] = append(rows[k], recordAs("our exchange between, transfer="+mode, "IAXTransfer: yes", d))
			}
		}
		t.Run(directions[0], func(t *testing.T) {
			for i, mode := range transferModes {
				own := f.lines[linesOfMode*i : linesOfMode*(i+1)]
				withPBX := func(t *testing.T) {
					t.Parallel()
					if back == 0 {
						f.sendsTo(t, linesOfMode*i+withAsterisk, fmt.Sprintf("210%d", i), rows[0][i])
						f.took(t, mode, fmt.Sprintf("210%d", i))
						return
					}
					f.receives(t, linesOfMode*i+withAsterisk, rows[0][i])
					f.took(t, mode, own[withAsterisk].Number)
				}
				t.Run("Asterisk, transfer="+mode, withPBX)
				t.Run("two lines, transfer="+mode, func(t *testing.T) {
					t.Parallel()
					from, to := own[lineFrom+back], own[lineTo-back]
					f.between(t, from, to, rows[1][i])
					f.took(t, mode, to.Number)
				})
			}
		})
		f.l.WaitIdle(t)
	}
}
