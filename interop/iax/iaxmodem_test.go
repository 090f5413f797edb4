//go:build interop

package iax_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/iax"
	"github.com/litoria-fax/litoria/iax/exchange"
	"github.com/litoria-fax/litoria/interop/lab"
)

// modem is the pty of an iaxmodem, spoken to with AT commands.
type modem struct {
	f *os.File

	mu   sync.Mutex
	text string
}

func openModem(t *testing.T, devid string) *modem {
	t.Helper()
	f, err := os.OpenFile("/dev/"+devid, os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	m := &modem{f: f}
	lab.Run(t, "stty", "-F", "/dev/"+devid, "raw", "-echo")
	go func() {
		b := make([]byte, 256)
		for {
			n, err := f.Read(b)
			if err != nil {
				return
			}
			m.mu.Lock()
			m.text += string(b[:n])
			m.mu.Unlock()
		}
	}()
	return m
}

func (m *modem) said() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.text
}

// ask gives a command and waits for an answer.
func (m *modem) ask(t *testing.T, command, want string) {
	t.Helper()
	if err := m.try(command, want); err != nil {
		t.Fatal(err)
	}
}

// hears waits for words of the modem.
func (m *modem) hears(t *testing.T, want string) {
	t.Helper()
	if err := m.try("", want); err != nil {
		t.Fatal(err)
	}
}

// try is ask for goroutines; without a command it only waits.
func (m *modem) try(command, want string) error {
	if command != "" {
		m.mu.Lock()
		m.text = ""
		m.mu.Unlock()
		if _, err := m.f.WriteString(command + "\r"); err != nil {
			return err
		}
	}
	for range 200 {
		if strings.Contains(m.said(), want) {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("%q: the modem says %q, want %s", command, m.said(), want)
}

func startExchange(t *testing.T, peers, plan string) *exchange.Exchange {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"iax.conf": peers, "extensions.conf": plan} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	x, err := exchange.Start(exchange.Config{
		IAXConf: filepath.Join(dir, "iax.conf"), Extensions: filepath.Join(dir, "extensions.conf"), Listen: "127.0.0.1:0",
		Problems: func(l []exchange.Problem) { t.Errorf("problems: %v", l) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	})
	return x
}

// TestIAXModem lets an iaxmodem register at our exchange, be called and call.
func TestIAXModem(t *testing.T) {
	const devid = "ttyLitoriaT0"
	x := startExchange(t, lab.IAXModemPeer("modem", "toad")+"[line]\ntype=friend\nhost=dynamic\ncontext=fax\nsecret=frog\n",
		"[fax]\nexten => 1500,1,Dial(IAX2/modem/${EXTEN},30)\nexten => 1000,1,Dial(IAX2/line/${EXTEN},30)\nexten => 486,1,Busy(5)\n")
	port := int(x.Addr().Port())
	lab.StartIAXModem(t, devid, port, "modem", "toad", "1500")
	in := make(chan *iax.Call, 1)
	callee := &ear{}
	e := listen(t, nil, func(c *iax.Call) { c.Answer(callee); in <- c })
	account := iax.Account{Username: "line", Secret: "frog"}
	server := fmt.Sprintf("127.0.0.1:%d", port)
	register(t, e, server, account)
	lab.Wait(t, 20*time.Second, "iaxmodem to register", func() bool {
		for _, p := range x.Peers() {
			if p.Name == "modem" && p.State == "OK" {
				return true
			}
		}
		return false
	})
	m := openModem(t, devid)
	m.ask(t, "ATZ", "OK")
	m.ask(t, "AT+FCLASS=1", "OK")
	m.ask(t, "AT+VCID=1", "OK")

	t.Run("called", func(t *testing.T) {
		time.Sleep(6 * time.Second) // iaxmodem is busied out for five seconds after a reset
		caller := &ear{}
		answered := make(chan error, 1)
		go func() { // it rings, then sends CED, then flags
			answered <- errors.Join(m.try("", "RING"), m.try("ATA", "CONNECT"))
		}()
		c := call(t, e, iax.DialParams{Account: account, Server: server, Number: "1500", Caller: iax.CallerID{Number: "1000", Name: "Line"}}, caller)
		lab.Wait(t, 10*time.Second, "CED", func() bool { return caller.level(2100) > 3000 })
		if l := caller.level(1650); l > 1000 {
			t.Errorf("1650 Hz at %.0f besides CED", l)
		}
		if err := <-answered; err != nil {
			t.Error(err)
		}
		c.Hangup(iax.CauseNormalClearing, "")
		<-c.Done()
		m.hears(t, "NO CARRIER")
		time.Sleep(time.Second) // what is typed before is not heard
		t.Log(c.Stats())
	})
	t.Run("calls", func(t *testing.T) {
		m.ask(t, "ATH0", "OK")
		time.Sleep(time.Second)
		m.ask(t, "AT+FCLASS=1", "OK")
		dialled := make(chan error, 1)
		go func() { dialled <- m.try("ATDT1000", "NO CARRIER") }()
		c := <-in
		if got := c.Info(); got.Caller.Number != "1500" || got.Called != "1000" {
			t.Errorf("call from iaxmodem: %+v", got)
		}
		lab.Wait(t, 10*time.Second, "CNG", func() bool { return callee.level(1100) > 1000 })
		c.Hangup(iax.CauseNormalClearing, "")
		<-c.Done()
		if err := <-dialled; err != nil {
			t.Error(err)
		}
		t.Log(c.Stats())
	})
	t.Run("busy", func(t *testing.T) {
		m.ask(t, "ATH0", "OK")
		time.Sleep(time.Second)
		m.ask(t, "ATDT486", "BUSY")
	})
	t.Run("unknown number", func(t *testing.T) {
		m.ask(t, "ATH0", "OK")
		time.Sleep(time.Second)
		m.ask(t, "ATDT999", "NO ")
		t.Logf("%q", m.said())
	})
}
