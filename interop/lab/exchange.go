//go:build interop

package lab

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/interop/ports"
)

// StartExchange starts our own exchange for some lines: their numbers are
// dialled, and 486 is busy, 408 rings and is not answered, 602 is answered and
// silent, 503 is congested; there is no other number.
func StartExchange(t testing.TB, lines ...Line) (port int) {
	t.Helper()
	port = ports.UDP(t)
	dir := TempDir(t)
	peers := fmt.Sprintf("[general]\nbindaddr=127.0.0.1\nbindport=%d\n\n", port)
	numbers := "[fax]\n"
	for _, l := range lines {
		peers += fmt.Sprintf("[%s]\ntype=friend\nhost=dynamic\ncontext=fax\nauth=md5\nqualify=yes\nsecret=%s\ndisallow=all\nallow=ulaw\n\n", l.Peer, l.Secret)
		numbers += fmt.Sprintf("exten => %s,1,Dial(IAX2/%s/${EXTEN},60)\n", l.Number, l.Peer)
	}
	for name, text := range map[string]string{"iax.conf": peers, "extensions.conf": numbers + exchangeNumbers} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	x := Start(t, dir, "iaxexchange", Bin(t, "iaxexchange"), "-c", dir)
	Wait(t, 5*time.Second, "the exchange to be ready", func() bool { return Contains(x.Log, "ready") })
	return port
}

const exchangeNumbers = `exten => 486,1,Busy
exten => 503,1,Congestion
exten => 602,1,Answer
exten => 602,2,Wait(600)
exten => 408,1,Ringing
exten => 408,2,Wait(300)
`

// Deaf gives a port of loopback at which a socket takes everything and says
// nothing: an exchange that is not there.
func Deaf(t testing.TB) (port int) {
	t.Helper()
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_, p, _ := strings.Cut(c.LocalAddr().String(), ":")
	fmt.Sscan(p, &port)
	return port
}
