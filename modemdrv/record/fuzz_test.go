package record_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/litoria-fax/litoria/modemdrv/record"
)

// FuzzReplay: a damaged log ends with an error, never otherwise.
func FuzzReplay(f *testing.F) {
	const head = `litoria-recording {"Level":0,"Config":{"Calling":true,"ID":"1"},"Document":true,"Pages":true,"Accept":true,"AcceptPoll":false}` + "\n"
	f.Add(head + "page 0 {\"Width\":1}\nt 160\nr 160\nc 160\nr 160\nabort\nt 8000\ndown\n")
	f.Add(head + "within abort\nnews 1 \"x\"\ncode 0 AAAA\n")
	wav := append(record.Header(-1), make([]byte, 4000)...)
	f.Fuzz(func(_ *testing.T, log string) {
		_, _ = record.Replay(strings.NewReader(log), bytes.NewReader(wav), bytes.NewReader(wav), nil)
	})
}
