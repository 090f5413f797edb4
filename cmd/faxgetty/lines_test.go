package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/iax"
	"github.com/litoria-fax/litoria/iax/exchange"
	"github.com/litoria-fax/litoria/protocol/protocoltest"
	"github.com/litoria-fax/litoria/protocol/server"
	"github.com/litoria-fax/litoria/spool"
)

// site is an exchange, a spool, hfaxd and a faxgetty for all lines.
type site struct {
	t      *testing.T
	s      *spool.Spool
	x      *exchange.Exchange
	caller *iax.Endpoint
	getty  *exec.Cmd
	admin  net.Conn
	in     *bufio.Reader
}

const sitePeers = `[general]
[line](!)
type=friend
host=dynamic
context=fax
secret=pond
[one](line)
[two](line)
[three](line)
[phone](line)
`

const sitePlan = `[fax]
exten => 1001,1,Dial(IAX2/one/${EXTEN},20)
exten => 1002,1,Dial(IAX2/two/${EXTEN},20)
exten => 1003,1,Dial(IAX2/three/${EXTEN},20)
`

func newSite(t *testing.T) *site {
	t.Helper()
	w := &site{t: t}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "iax.conf"), sitePeers)
	write(t, filepath.Join(dir, "extensions.conf"), sitePlan)
	var err error
	if w.x, err = exchange.Start(exchange.Config{IAXConf: filepath.Join(dir, "iax.conf"), Extensions: filepath.Join(dir, "extensions.conf"), Listen: "127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.x.Close() })
	if w.caller, err = iax.Listen(iax.Config{Listen: "127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.caller.Close() })
	if w.s, err = spool.Create(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	write(t, w.s.Path("etc", "hosts.hfaxd"), protocoltest.Hosts)
	w.config("ttyIAX1", "one", "1001")
	w.startHfaxd()
	w.getty = exec.Command(os.Args[0], "-p", "-q", w.s.Dir())
	w.getty.Env = append(os.Environ(), asFaxgetty+"=1")
	log, err := os.Create(filepath.Join(dir, "faxgetty.log"))
	if err != nil {
		t.Fatal(err)
	}
	w.getty.Stdout, w.getty.Stderr = log, log
	if err := w.getty.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = w.getty.Process.Signal(syscall.SIGTERM)
		_ = w.getty.Wait()
		log.Close()
		if b, err := os.ReadFile(log.Name()); t.Failed() && err == nil {
			t.Logf("faxgetty:\n%s", b)
		}
	})
	return w
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// config makes the file of a line by hand.
func (w *site) config(devid, peer, number string) {
	w.t.Helper()
	write(w.t, w.s.Path("etc", "config."+devid), fmt.Sprintf("IAXServer: %s\nIAXPeer: %s\nIAXSecret: pond\nFAXNumber: %s\nIAXBindAddress: 127.0.0.1\nIAXPort: 0\n", w.x.Addr(), peer, number))
}

func (w *site) startHfaxd() {
	w.t.Helper()
	srv, err := server.New(server.Config{Spool: w.s.Dir(), NoPasswordDelay: true, LookupHost: func(context.Context, string) string { return "localhost" }})
	if err != nil {
		w.t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l, false) }()
	if w.admin, err = net.Dial("tcp", l.Addr().String()); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		w.admin.Close()
		_ = srv.Close()
		<-ended
	})
	w.in = bufio.NewReader(w.admin)
	w.want("220")
	w.site("USER boss", "230")
	w.site("ADMIN "+protocoltest.Password, "230")
}

// site gives hfaxd a command and looks at the reply.
func (w *site) site(command, reply string) {
	w.t.Helper()
	if _, err := fmt.Fprintf(w.admin, "%s\r\n", command); err != nil {
		w.t.Fatal(err)
	}
	w.want(reply)
}

func (w *site) want(reply string) {
	w.t.Helper()
	if err := w.admin.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		w.t.Fatal(err)
	}
	line, err := w.in.ReadString('\n')
	if err != nil || !strings.HasPrefix(line, reply) {
		w.t.Fatalf("hfaxd says %q, %v; want %q", line, err, reply)
	}
}

// until waits for a status of a line; "" is no file.
func (w *site) until(devid, status string) {
	w.t.Helper()
	got := ""
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		b, _ := os.ReadFile(w.s.Path("status", devid))
		if got = strings.TrimSpace(string(b)); got == status {
			return
		}
	}
	w.t.Fatalf("line %s: status %q, want %q", devid, got, status)
}

// call calls a number and returns when it is answered.
func (w *site) call(number string) *iax.Call {
	w.t.Helper()
	c, err := w.caller.Dial(context.Background(), iax.DialParams{Account: iax.Account{Username: "phone", Secret: "pond"}, Server: w.x.Addr().String(), Number: number})
	if err != nil {
		w.t.Fatal(err)
	}
	c.Attach(silence{})
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	if err := c.WaitAnswer(ctx); err != nil {
		w.t.Fatalf("call of %s: %v", number, err)
	}
	return c
}

// silence is a caller that says nothing.
type silence struct{}

func (silence) Receive([]int16)      {}
func (silence) Conceal(int)          {}
func (silence) Transmit(pcm []int16) { clear(pcm) }
func (silence) Done() bool           { return false }

// TestLinesOfARunningProcess: while one line is in a call, others are added by
// hfaxd, by SIGHUP and by a message on a FIFO, changed, called, and removed; the
// line in the call is removed too, and goes when it is over.
func TestLinesOfARunningProcess(t *testing.T) {
	w := newSite(t)
	w.until("ttyIAX1", spool.StatusIdle)
	held := w.call("1001")
	w.until("ttyIAX1", spool.StatusReceiving)

	w.site(fmt.Sprintf(`SITE ADDMODEM ttyIAX2 "IAXServer: %s" "IAXPeer: two" "IAXSecret: pond" "FAXNumber: 1002" "IAXBindAddress: 127.0.0.1" "IAXPort: 0"`, w.x.Addr()), "200 Modem ttyIAX2 added.\r\n")
	w.until("ttyIAX2", spool.StatusIdle)
	w.site(`SITE ADDMODEM ttyIAX4 "IAXPeer: four" "IAXCodec: g729"`, "503 Modem not added: ")
	w.until("ttyIAX4", "")

	w.config("ttyIAX3", "nobody", "1003")
	if err := w.getty.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	w.untilStarts("ttyIAX3", spool.StatusModemWait+": ")
	w.config("ttyIAX3", "three", "1003") // its peer is changed
	later := time.Now().Add(2 * time.Second)
	if err := os.Chtimes(w.s.Path("etc", "config.ttyIAX3"), later, later); err != nil {
		t.Fatal(err)
	}
	if err := w.s.Send("FIFO.ttyIAX1", string(spool.LineRescan)); err != nil {
		t.Fatal(err)
	}
	w.until("ttyIAX3", spool.StatusIdle)

	for number, devid := range map[string]string{"1002": "ttyIAX2", "1003": "ttyIAX3"} {
		c := w.call(number)
		w.until(devid, spool.StatusReceiving)
		c.Hangup(iax.CauseNormalClearing, "")
		<-c.Done()
		w.until(devid, spool.StatusIdle)
	}
	w.site("SITE DELMODEM ttyIAX2", "200 Modem ttyIAX2 removed.\r\n")
	w.until("ttyIAX2", "")
	w.site("SITE DELMODEM ttyIAX1", "200 Modem ttyIAX1 ends when its call is over.\r\n")
	select {
	case <-held.Done():
		t.Fatalf("the call that was held all the time is over: %v", held.Err())
	default:
	}
	w.until("ttyIAX1", spool.StatusReceiving)
	held.Hangup(iax.CauseNormalClearing, "")
	<-held.Done()
	w.until("ttyIAX1", "Not running")
	w.until("ttyIAX3", spool.StatusIdle)
}

func (w *site) untilStarts(devid, status string) {
	w.t.Helper()
	got := ""
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		b, _ := os.ReadFile(w.s.Path("status", devid))
		if got = strings.TrimSpace(string(b)); strings.HasPrefix(got, status) {
			return
		}
	}
	w.t.Fatalf("line %s: status %q, want %q and more", devid, got, status)
}
