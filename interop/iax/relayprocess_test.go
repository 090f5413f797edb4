//go:build interop

package iax_test

import (
	"encoding/json"
	"flag"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/interop/lab"
	"github.com/litoria-fax/litoria/interop/udpimpair"
)

// relayFile makes the test's program a process of relays: with the priority of
// the other daemons, which a test does not have. A relay that waits for the
// processor would be a worse network than it is to be.
var relayFile = flag.String("relays", "", "be the relays that this file describes")

// relayConf is one of them.
type relayConf struct {
	Target netip.AddrPort
	Seed   uint64
	Params udpimpair.Params
}

// relayState is what the process tells once a second.
type relayState struct {
	Addrs    []netip.AddrPort
	Up, Down []udpimpair.Stats
}

// relays are a process of relays.
type relays struct{ file string }

// startRelays starts a relay for each call, between its sender and the exchange.
func startRelays(t *testing.T, exchange netip.AddrPort, calls []*relayed) *relays {
	t.Helper()
	dir := lab.TempDir(t)
	r := &relays{filepath.Join(dir, "relays")}
	var confs []relayConf
	for _, c := range calls {
		confs = append(confs, relayConf{exchange, c.seed, c.p})
	}
	b, err := json.Marshal(confs)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(r.file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	lab.Start(t, dir, "relay", self, "-relays", r.file)
	lab.Wait(t, 10*time.Second, "the relays", func() bool { _, err := os.Stat(r.file + ".state"); return err == nil })
	return r
}

// state is what the relays told last.
func (r *relays) state(t *testing.T) (s relayState) {
	t.Helper()
	if err := json.Unmarshal([]byte(readFile(t, r.file+".state")), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// beRelays is the process.
func beRelays(file string) error {
	var confs []relayConf
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, &confs); err != nil {
		return err
	}
	var all []*udpimpair.Proxy
	free := netip.MustParseAddrPort("127.0.0.1:0")
	for _, c := range confs {
		p, err := udpimpair.NewProxy(udpimpair.Config{Listen: free, Target: c.Target, Upstream: free, Seed: c.Seed, InOrder: true, Up: c.Params, Down: c.Params})
		if err != nil {
			return err
		}
		go func() { _ = p.Serve() }()
		all = append(all, p)
	}
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM)
	for {
		if err := writeState(file+".state", all); err != nil {
			return err
		}
		select {
		case <-end:
			return nil
		case <-time.After(time.Second):
		}
	}
}

func writeState(file string, all []*udpimpair.Proxy) error {
	var s relayState
	for _, p := range all {
		_, up, down := p.Stats()
		s.Addrs, s.Up, s.Down = append(s.Addrs, p.Addr()), append(s.Up, up), append(s.Down, down)
	}
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := os.WriteFile(file+".new", b, 0o600); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}
