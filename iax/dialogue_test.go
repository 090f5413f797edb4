package iax

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/litoria-fax/litoria/iax/internal/memnet"
)

var update = flag.Bool("update", false, "write the golden dialogues anew")

// seeded is a repeatable source of call numbers, challenges and paddings.
func seeded(n uint64) *rand.ChaCha8 {
	var seed [32]byte
	seed[0] = byte(n)
	return rand.NewChaCha8(seed)
}

// TestDialogues runs whole dialogues and compares the frames that one side sees,
// with their times, with testdata. Audio is left out.
func TestDialogues(t *testing.T) {
	for _, tc := range []struct {
		name   string
		policy Policy
		params DialParams
		drop   map[int]bool // packets of the network that are lost, from 0
		reg    bool
	}{
		{name: "md5-with-token", policy: Policy{Methods: AuthMD5, Secret: "frog"}},
		{name: "plain-text", policy: Policy{Methods: AuthPlaintext, Secret: "frog"}, params: DialParams{Account: Account{Allow: AuthPlaintext}}},
		{name: "encrypted", policy: Policy{Methods: AuthMD5, Secret: "frog", Encryption: EncryptAllow}, params: DialParams{Encryption: EncryptAllow}},
		{name: "wrong-secret", policy: Policy{Methods: AuthMD5, Secret: "toad"}},
		{name: "no-common-codec", policy: Policy{Codecs: []Codec{ALaw}}, params: DialParams{Codecs: []Codec{ULaw}}},
		{name: "accept-lost", drop: map[int]bool{3: true}},
		{name: "new-lost", drop: map[int]bool{0: true}},
		{name: "hangup-lost", drop: map[int]bool{9: true, 10: true}},
		{name: "not-answered", params: DialParams{Timeout: time.Second}},
		{name: "register", policy: Policy{Methods: AuthMD5, Secret: "frog"}, reg: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var b strings.Builder
				dialogue(t, &b, tc.policy, tc.params, tc.drop, tc.reg)
				compareGolden(t, tc.name, b.String())
			})
		})
	}
}

// dialogue runs one and writes what the calling side sees.
func dialogue(t *testing.T, b *strings.Builder, policy Policy, params DialParams, drop map[int]bool, reg bool) {
	t.Helper()
	net := memnet.New()
	n := -1
	net.SetFate(func(_ *rand.Rand, _ []byte, _, _ netip.AddrPort) []time.Duration {
		if n++; drop[n] {
			return nil
		}
		return []time.Duration{10 * time.Millisecond}
	})
	start := time.Now()
	var mu sync.Mutex
	trace := func(e TraceEntry) {
		mu.Lock()
		defer mu.Unlock()
		arrow := "<-"
		if e.Sent {
			arrow = "->"
		}
		fmt.Fprintf(b, "%6d ms %s %s\n", e.At.Sub(start).Milliseconds(), arrow, e.Frame)
	}
	other, err := Listen(Config{Conn: net.Listen("10.0.0.2:4569"), Rand: seeded(2), Authority: &secretAuthority{policy: policy}, Incoming: func(c *Call) {
		c.Ring()
		select {
		case <-time.After(5 * time.Second):
			c.Answer(nil)
		case <-c.Done():
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	e, err := Listen(Config{Conn: net.Listen("10.0.0.1:4569"), Rand: seeded(1), Trace: trace})
	if err != nil {
		t.Fatal(err)
	}
	params.Username, params.Secret = "line", "frog"
	if reg {
		r, err := e.Register(Registration{Account: params.Account, Server: "10.0.0.2"})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(55 * time.Second)
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	} else {
		params.Server, params.Number, params.Caller.Number = "10.0.0.2", "1001", "1000"
		c, err := e.Dial(context.Background(), params)
		if err != nil {
			t.Fatal(err)
		}
		if c.WaitAnswer(context.Background()) == nil {
			time.Sleep(time.Second)
			c.Hangup(CauseNormalClearing, "")
		}
		<-c.Done()
		fmt.Fprintf(b, "       the call ended: %v; %v\n", c.Err(), c.Err().Result)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	if err := other.Close(); err != nil {
		t.Error(err)
	}
}

func compareGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("dialogue %s:\n%s\nwant:\n%s", name, got, want)
	}
}
