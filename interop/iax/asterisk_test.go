//go:build interop

// Package iax_test runs our IAX2 endpoint and exchange against the real peers:
// Asterisk 22 and iaxmodem 1.2.0.
package iax_test

import (
	"context"
	"crypto/rsa"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/iax"
	"github.com/litoria-fax/litoria/interop/lab"
)

// kinds are the peers of iax.conf, one for each way an administrator may set
// Asterisk up.
var kinds = []struct {
	name     string // peer; its number is 1100 plus its place
	lines    string
	account  iax.Account
	encrypt  iax.Encryption
	codecs   []iax.Codec
	wantAuth iax.AuthMethods
	wantEnc  bool
	want     iax.Codec
	noReg    bool
}{
	{name: "md5", lines: "auth=md5\nsecret=md5secret", account: iax.Account{Secret: "md5secret"}, wantAuth: iax.AuthMD5},
	{name: "plain", lines: "auth=plaintext\nsecret=plainsecret", account: iax.Account{Secret: "plainsecret", Allow: iax.AuthPlaintext}, wantAuth: iax.AuthPlaintext},
	{name: "rsa", lines: "auth=rsa\ninkeys=line\noutkey=server", wantAuth: iax.AuthRSA},
	{name: "multi", lines: "auth=plaintext,md5\nsecret=multisecret", account: iax.Account{Secret: "multisecret", Allow: iax.AuthMD5 | iax.AuthPlaintext}, wantAuth: iax.AuthMD5},
	{name: "token", lines: "auth=md5\nsecret=tokensecret\nrequirecalltoken=yes", account: iax.Account{Secret: "tokensecret"}, wantAuth: iax.AuthMD5},
	{name: "notoken", lines: "auth=md5\nsecret=notokensecret\nrequirecalltoken=no", account: iax.Account{Secret: "notokensecret"}, wantAuth: iax.AuthMD5},
	{name: "enc", lines: "auth=md5\nsecret=encsecret\nencryption=yes", account: iax.Account{Secret: "encsecret"}, encrypt: iax.EncryptAllow, wantAuth: iax.AuthMD5, wantEnc: true},
	{name: "encforce", lines: "auth=md5\nsecret=encforcesecret\nencryption=yes\nforceencryption=yes", account: iax.Account{Secret: "encforcesecret"}, encrypt: iax.EncryptDemand, wantAuth: iax.AuthMD5, wantEnc: true},
	{name: "alaw", lines: "auth=md5\nsecret=alawsecret\ndisallow=all\nallow=alaw", account: iax.Account{Secret: "alawsecret"}, wantAuth: iax.AuthMD5, want: iax.ALaw},
	{name: "slin", lines: "auth=md5\nsecret=slinsecret\ndisallow=all\nallow=slin", account: iax.Account{Secret: "slinsecret"}, wantAuth: iax.AuthMD5, want: iax.SLinear},
	{name: "jb", lines: "auth=md5\nsecret=jbsecret\njitterbuffer=yes\nforcejitterbuffer=yes", account: iax.Account{Secret: "jbsecret"}, wantAuth: iax.AuthMD5},
	{name: "trunk", lines: "auth=md5\nsecret=trunksecret\ntrunk=yes", account: iax.Account{Secret: "trunksecret"}, wantAuth: iax.AuthMD5},
	{name: "caller", lines: "auth=md5\nsecret=callersecret\ncodecpriority=caller", account: iax.Account{Secret: "callersecret"}, codecs: []iax.Codec{iax.ALaw, iax.ULaw}, wantAuth: iax.AuthMD5, want: iax.ALaw},
}

// pbx is the Asterisk of these tests with the private key of our lines.
type pbx struct {
	*lab.Asterisk
	key *rsa.PrivateKey
}

func startPBX(t *testing.T) *pbx {
	t.Helper()
	var peers, extensions strings.Builder
	for i, k := range kinds {
		fmt.Fprintf(&peers, "[%s]\ntype=friend\nhost=dynamic\ncontext=fax\nqualify=yes\n%s\n\n", k.name, k.lines)
		fmt.Fprintf(&extensions, "exten => %d,1,Dial(IAX2/%s/${EXTEN},30)\n", 1100+i, k.name)
	}
	fmt.Fprintf(&extensions, "exten => 603,1,Answer()\n same => n,Wait(2)\n same => n,Playtones(1400)\n same => n,Wait(3)\n same => n,Hangup()\n")
	return startPBXWith(t, peers.String(), extensions.String())
}

// startPBXWith is startPBX for other peers: an Asterisk with keys.
func startPBXWith(t *testing.T, peers, extensions string, general ...string) *pbx {
	t.Helper()
	a := &pbx{Asterisk: lab.StartAsterisk(t, peers, extensions, general...)}
	keys := filepath.Join(a.Dir, "lib/keys")
	for _, k := range []string{"line", "server"} {
		lab.Run(t, "openssl", "genrsa", "-traditional", "-out", filepath.Join(keys, k+".key"), "1024")
		lab.Run(t, "openssl", "rsa", "-in", filepath.Join(keys, k+".key"), "-pubout", "-out", filepath.Join(keys, k+".pub"))
		if err := os.Chmod(filepath.Join(keys, k+".key"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// Each reload stops behind the first key that it did not know before.
	lab.Wait(t, 10*time.Second, "Asterisk to load the keys", func() bool {
		a.CLI(t, "module reload res_crypto.so")
		return strings.Count(a.CLI(t, "keys show"), "[Loaded]") >= 4
	})
	a.CLI(t, "module reload chan_iax2.so")
	var err error
	if a.key, err = iax.ReadPrivateKey(filepath.Join(keys, "line.key")); err != nil {
		t.Fatal(err)
	}
	return a
}

func (a *pbx) server() string { return fmt.Sprintf("127.0.0.1:%d", a.Port) }

// ear sends a tone and measures what it hears.
type ear struct {
	mu        sync.Mutex
	sent      int
	heard     []int16
	concealed int
	limit     int // samples to send until Done
}

func (m *ear) Receive(pcm []int16) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.heard = append(m.heard, pcm...)
}

func (m *ear) Conceal(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.concealed += n
}

func (m *ear) Transmit(out []int16) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range out {
		out[i] = int16(8000 * math.Sin(2*math.Pi*1850*float64(m.sent)/8000))
		m.sent++
	}
}

func (m *ear) Done() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.limit > 0 && m.sent >= m.limit
}

// level is the amplitude of a frequency in the last two seconds heard: the median of pieces of 50 ms, of which
// those hold a gap in which the machine stalled.
func (m *ear) level(hz float64) float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	const piece = 400
	h := m.heard[max(0, len(m.heard)-2*8000):]
	levels := []float64{0}
	for ; len(h) >= piece; h = h[piece:] {
		var re, im float64
		for i, s := range h[:piece] {
			w := 2 * math.Pi * hz * float64(i) / 8000
			re += float64(s) * math.Cos(w)
			im += float64(s) * math.Sin(w)
		}
		levels = append(levels, 2*math.Hypot(re, im)/piece)
	}
	slices.Sort(levels)
	return levels[len(levels)/2]
}

func listen(t *testing.T, numbers *iax.NumberPool, incoming func(*iax.Call)) *iax.Endpoint {
	t.Helper()
	cfg := iax.Config{Listen: "127.0.0.1:0", Numbers: numbers, Incoming: incoming}
	if path := os.Getenv("LITORIA_IAX_TRACE"); path != "" {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		cfg.Trace = func(e iax.TraceEntry) { fmt.Fprintln(f, t.Name(), e) }
	}
	e, err := iax.Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func register(t *testing.T, e *iax.Endpoint, server string, account iax.Account) {
	t.Helper()
	states := make(chan iax.RegStatus, 64)
	if _, err := e.Register(iax.Registration{Account: account, Server: server, Refresh: 50 * time.Second, OnStatus: func(s iax.RegStatus) { states <- s }}); err != nil {
		t.Fatal(err)
	}
	limit := time.After(15 * time.Second)
	for {
		select {
		case s := <-states:
			if s.State == iax.Registered {
				return
			}
			if s.State != iax.RegTrying {
				t.Fatalf("registration of %s: %v: %s", account.Username, s.State, s.Text)
			}
		case <-limit:
			t.Fatalf("registration of %s: no answer", account.Username)
		}
	}
}

// TestAsterisk registers as each kind of peer, calls the echo and the tone, and
// is called.
func TestAsterisk(t *testing.T) {
	t.Parallel()
	a := startPBX(t)
	numbers := iax.NewNumberPool(nil)
	for i, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			account := k.account
			account.Username = k.name
			if k.wantAuth == iax.AuthRSA {
				account.Key = a.key
			}
			incoming := make(chan *iax.Call, 1)
			callee := &ear{}
			e := listen(t, numbers, func(c *iax.Call) {
				c.Ring()
				time.Sleep(500 * time.Millisecond)
				c.Answer(callee)
				incoming <- c
			})
			register(t, e, a.server(), account)
			lab.Wait(t, 15*time.Second, "qualify to show OK", func() bool { return a.Registered(k.name) })

			params := iax.DialParams{Account: account, Server: a.server(), Number: "600", Codecs: k.codecs, Encryption: k.encrypt, Caller: iax.CallerID{Number: "5551234", Name: "Test Line"}}
			caller := &ear{limit: 8000 * 4}
			c := call(t, e, params, caller)
			<-c.Done()
			info := c.Info()
			want := k.want
			if want == 0 {
				want = iax.ULaw
			}
			if info.Auth != k.wantAuth || info.Encrypt != k.wantEnc || info.Codec != want {
				t.Errorf("call: auth %v, encrypted %v, codec %v; want %v, %v, %v", info.Auth, info.Encrypt, info.Codec, k.wantAuth, k.wantEnc, want)
			}
			if l := caller.level(1850); l < 7000 || l > 9000 {
				t.Errorf("echo of 8000 comes back at %.0f", l)
			}
			t.Logf("echo: %v", c.Stats())

			// Be called: our call to our own number goes out and comes in again.
			params.Number = fmt.Sprint(1100 + i)
			caller = &ear{limit: 8000 * 4}
			c = call(t, e, params, caller)
			in := <-incoming
			<-c.Done()
			<-in.Done()
			if got := in.Info(); got.Called != params.Number || got.Caller.Number != "5551234" || got.Caller.Name != "Test Line" || got.Codec != want && k.codecs == nil {
				t.Errorf("incoming call: %+v", got)
			}
			t.Logf("called: name %q, encrypted %v, context %q: %v", in.Info().Username, in.Info().Encrypt, in.Info().Context, in.Stats())
			if l := callee.level(1850); l < 6500 || l > 9000 {
				t.Errorf("the called line hears 1850 Hz at %.0f, want 8000", l)
			}
			if l := caller.level(1850); l < 6500 || l > 9000 {
				t.Errorf("the calling line hears 1850 Hz at %.0f, want 8000", l)
			}
		})
	}
}

// TestAsteriskCallsEncrypted is called by an Asterisk that encrypts, and by one
// that does not where that is demanded here.
func TestAsteriskCallsEncrypted(t *testing.T) {
	t.Parallel()
	a := startPBX(t)
	numbers := iax.NewNumberPool(nil)
	for _, tc := range []struct {
		peer    string
		policy  iax.Encryption
		refused bool
	}{
		{"enc", iax.EncryptAllow, false},
		{"encforce", iax.EncryptDemand, false},
		{"md5", iax.EncryptAllow, false},
		{"md5", iax.EncryptDemand, true},
	} {
		t.Run(fmt.Sprint(tc.peer, tc.policy), func(t *testing.T) {
			secret := tc.peer + "secret"
			cfg := iax.Config{Listen: "127.0.0.1:0", Numbers: numbers, Authority: iax.SamePolicy{Methods: iax.AuthMD5, Secret: secret, Encryption: tc.policy}}
			in := make(chan *iax.Call, 1)
			callee := &ear{}
			cfg.Incoming = func(c *iax.Call) { c.Answer(callee); in <- c }
			line, err := iax.Listen(cfg)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = line.Close() })
			register(t, line, a.server(), iax.Account{Username: tc.peer, Secret: secret})
			number := ""
			for i, k := range kinds {
				if k.name == tc.peer {
					number = fmt.Sprint(1100 + i)
				}
			}
			caller := &ear{limit: 8000 * 3}
			c, err := listen(t, numbers, nil).Dial(context.Background(), iax.DialParams{Account: iax.Account{Username: "plain", Secret: "plainsecret", Allow: iax.AuthPlaintext}, Server: a.server(), Number: number})
			if err != nil {
				t.Fatal(err)
			}
			c.Attach(caller)
			<-c.Done()
			if tc.refused {
				if len(in) != 0 || c.Err().Local {
					t.Errorf("the call came through: %v", c.Err())
				}
				return
			}
			select {
			case got := <-in:
				if i := got.Info(); i.Auth != iax.AuthMD5 || i.Encrypt != (tc.peer != "md5") {
					t.Errorf("incoming: %+v", i)
				}
			default:
				t.Fatalf("no call came: %v", c.Err())
			}
			if l := callee.level(1850); l < 7000 {
				t.Errorf("the line hears 1850 Hz at %.0f", l)
			}
		})
	}
}

func call(t *testing.T, e *iax.Endpoint, p iax.DialParams, m iax.Media) *iax.Call {
	t.Helper()
	c, err := e.Dial(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	c.Attach(m)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := c.WaitAnswer(ctx); err != nil {
		t.Fatalf("call of %s: %v", p.Number, err)
	}
	return c
}

// TestAsteriskOutcomes calls numbers that do not answer.
func TestAsteriskOutcomes(t *testing.T) {
	t.Parallel()
	a := startPBX(t)
	e := listen(t, nil, nil)
	good := iax.Account{Username: "md5", Secret: "md5secret"}
	for _, tc := range []struct {
		name    string
		account iax.Account
		number  string
		timeout time.Duration
		cause   iax.Cause
		result  iax.DialResult
	}{
		{"busy", good, "486", 0, iax.CauseBusy, iax.DialBusy},
		{"congestion", good, "503", 0, iax.CauseCongestion, iax.DialCongestion},
		{"unknown number", good, "999", 0, iax.CauseNoRoute, iax.DialRejected},
		{"hung up as busy", good, "40417", 0, iax.CauseBusy, iax.DialBusy},
		{"hung up as rejected", good, "40421", 0, iax.CauseRejected, iax.DialRejected},
		{"hung up as unallocated", good, "40401", 0, iax.CauseUnallocated, iax.DialRejected},
		{"hung up as congested", good, "40442", 0, iax.CauseSwitchCongestion, iax.DialCongestion},
		{"rings only", good, "408", 3 * time.Second, iax.CauseNoAnswer, iax.DialNoAnswer},
		{"silent", good, "4081", 3 * time.Second, iax.CauseNoAnswer, iax.DialNoAnswer},
		{"wrong secret", iax.Account{Username: "md5", Secret: "wrong"}, "600", 0, iax.CauseFacilityNotSubscr, iax.DialRejected},
		{"unknown name", iax.Account{Username: "nobody", Secret: "x"}, "600", 0, iax.CauseFacilityNotSubscr, iax.DialRejected},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := e.Dial(context.Background(), iax.DialParams{Account: tc.account, Server: a.server(), Number: tc.number, Timeout: tc.timeout})
			if err != nil {
				t.Fatal(err)
			}
			select {
			case <-c.Done():
			case <-time.After(20 * time.Second):
				t.Fatal("no end")
			}
			if err := c.Err(); err.Cause != tc.cause || err.Result != tc.result {
				t.Errorf("%s: cause %d, %v, %q; want cause %d, %v", tc.number, err.Cause, err.Result, err, tc.cause, tc.result)
			}
		})
	}
}
