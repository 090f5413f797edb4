package iax

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"time"
)

// tokenLife is how long a call token is good (Asterisk: MAX_CALLTOKEN_DELAY).
const tokenLife = 10 * time.Second

// tokenMAC is the length of a token's check in octets. A token is short so that
// the answer to a forged request is hardly longer than the request.
const tokenMAC = 7

// tokenMaker makes and checks call tokens (Asterisk's AST-2009-006): proof that
// whoever sends a first frame receives at the address it comes from. Nothing is
// kept per token.
type tokenMaker struct{ key [32]byte }

func newTokenMaker(random io.Reader) (*tokenMaker, error) {
	t := &tokenMaker{}
	if _, err := io.ReadFull(random, t.key[:]); err != nil {
		return nil, fmt.Errorf("iax: no randomness for call tokens: %w", err)
	}
	return t, nil
}

// make gives the token for an address: printable, as Asterisk reads it as text.
func (t *tokenMaker) make(now time.Time, to netip.AddrPort) []byte {
	b := t.raw(uint16(now.Unix()), to) //nolint:gosec // the low bits are enough for tokenLife
	return base64.RawURLEncoding.AppendEncode(nil, b)
}

func (t *tokenMaker) raw(second uint16, to netip.AddrPort) []byte {
	b := binary.BigEndian.AppendUint16(nil, second)
	mac := hmac.New(sha256.New, t.key[:])
	mac.Write(b)
	addr, _ := to.MarshalBinary() // netip never fails here
	mac.Write(addr)
	return mac.Sum(b)[:2+tokenMAC]
}

// valid tells whether a token was made for this address and lately.
func (t *tokenMaker) valid(now time.Time, from netip.AddrPort, token []byte) bool {
	b, err := base64.RawURLEncoding.AppendDecode(nil, token)
	if err != nil || len(b) != 2+tokenMAC {
		return false
	}
	second := binary.BigEndian.Uint16(b)
	age := time.Duration(uint16(now.Unix())-second) * time.Second //nolint:gosec // as in make
	return hmac.Equal(b, t.raw(second, from)) && age <= tokenLife
}
