package iax

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
)

// TestRSA registers and calls with a signature (RFC 5456 8.6.15): the right key
// is let in, another one is not; where a secret is allowed too the signature is
// the stronger and taken.
func TestRSA(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	wrong, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name    string
		account Account
		offered AuthMethods
		want    AuthMethods // 0: refused
	}{
		{"right key", Account{Username: "line", Key: key}, AuthRSA, AuthRSA},
		{"another key", Account{Username: "line", Key: wrong}, AuthRSA, 0},
		{"no key", Account{Username: "line", Secret: "frog"}, AuthRSA, 0},
		{"key and secret", Account{Username: "line", Key: key, Secret: "frog"}, AuthRSA | AuthMD5, AuthRSA},
		{"secret where a key would do", Account{Username: "line", Secret: "frog"}, AuthRSA | AuthMD5, AuthMD5},
		{"key not wanted here", Account{Username: "line", Key: key, Secret: "frog", Allow: AuthMD5}, AuthRSA | AuthMD5, AuthMD5},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				policy := Policy{Methods: tc.offered, Secret: "frog", Keys: []*rsa.PublicKey{&key.PublicKey}}
				p := newPair(t, Config{Authority: &secretAuthority{policy: policy}, Incoming: func(c *Call) { c.Answer(&lineMedia{}) }})
				defer p.close(t)
				states := make(chan RegState, 64)
				if _, err := p.a.Register(Registration{Account: tc.account, Server: "10.0.0.2", OnStatus: func(s RegStatus) {
					if s.State != RegTrying {
						states <- s.State
					}
				}}); err != nil {
					t.Fatal(err)
				}
				if s := <-states; (s == Registered) != (tc.want != 0) {
					t.Errorf("registration: %v", s)
				}
				c, err := p.a.Dial(context.Background(), DialParams{Account: tc.account, Server: "10.0.0.2", Number: "1"})
				if err != nil {
					t.Fatal(err)
				}
				c.Attach(&lineMedia{limit: 10})
				<-c.Done()
				if got := c.Info().Auth; tc.want != 0 && (got != tc.want || c.Err().Cause != CauseNormalClearing) {
					t.Errorf("call: method %v, %v; want %v", got, c.Err(), tc.want)
				}
				if tc.want == 0 && c.Err().Result != DialRejected {
					t.Errorf("call: %+v, want a rejection", c.Err())
				}
			})
		})
	}
}

// lines is a log that tests read.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// TestLastLine: the end of a call is told in one line, with its figures.
func TestLastLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &lines{}
		p := newPair(t, Config{Logger: zerolog.New(log), Incoming: func(c *Call) { c.Answer(&lineMedia{}) }})
		c, err := p.a.Dial(context.Background(), DialParams{Server: "10.0.0.2", Number: "1001"})
		if err != nil {
			t.Fatal(err)
		}
		c.Attach(&lineMedia{limit: 500})
		<-c.Done()
		time.Sleep(time.Second)
		p.close(t)
		var ends []string
		for _, line := range strings.Split(log.b.String(), "\n") {
			if strings.Contains(line, "call ended") {
				ends = append(ends, line)
			}
		}
		if len(ends) != 1 {
			t.Fatalf("%d lines about the end: %q", len(ends), ends)
		}
		for _, want := range []string{`"number":"1001"`, `"cause":16`, "10.0 s", "received 50", "lost 0", "late 0", "reordered 0", "jitter", "skew", "round trip"} {
			if !strings.Contains(ends[0], want) {
				t.Errorf("no %s in %s", want, ends[0])
			}
		}
	})
}
