package iax

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/litoria-fax/litoria/iax/wire"
)

// String names a set of methods.
func (m AuthMethods) String() string {
	var names []string
	for _, k := range []struct {
		bit  AuthMethods
		name string
	}{{AuthRSA, "RSA"}, {AuthMD5, "MD5"}, {AuthPlaintext, "plain text"}} {
		if m&k.bit != 0 {
			names = append(names, k.name)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// errNoMethod is wrapped by the errors of answerChallenge.
var errNoMethod = errors.New("no common way to authenticate")

// allowed is the set of methods an account can and may use.
func (a *Account) allowed() AuthMethods {
	allow := a.Allow
	if allow == 0 {
		allow = AuthRSA | AuthMD5
	}
	if a.Key == nil {
		allow &^= AuthRSA
	}
	if a.Secret == "" {
		allow &^= AuthMD5 | AuthPlaintext
	}
	return allow
}

// answerChallenge appends the proof that the other side asks for (RFC 5456
// 6.2.3, 8.6.14 to 8.6.16): by the strongest method that both allow.
func (a *Account) answerChallenge(ies wire.IEs, reply *wire.IEs) (AuthMethods, error) {
	offered, _ := ies.Uint(wire.IEAuthMethods)
	challenge := ies.Text(wire.IEChallenge)
	common := a.allowed() & AuthMethods(offered) //nolint:gosec // 16 bits by its type
	switch {
	case common&AuthRSA != 0 && challenge != "":
		sum := sha1.Sum([]byte(challenge)) //nolint:gosec // the protocol's choice
		sig, err := rsa.SignPKCS1v15(rand.Reader, a.Key, crypto.SHA1, sum[:])
		if err != nil {
			return 0, fmt.Errorf("signing the challenge: %w", err)
		}
		reply.AddText(wire.IERSAResult, base64.StdEncoding.EncodeToString(sig))
		return AuthRSA, nil
	case common&AuthMD5 != 0 && challenge != "":
		reply.AddText(wire.IEMD5Result, md5Result(challenge, a.Secret))
		return AuthMD5, nil
	case common&AuthPlaintext != 0:
		reply.AddText(wire.IEPassword, a.Secret)
		return AuthPlaintext, nil
	}
	return 0, fmt.Errorf("%w: the other side wants %v, we have %v", errNoMethod, AuthMethods(offered), a.allowed()) //nolint:gosec // 16 bits
}

// newChallenge makes a challenge as Asterisk does: a decimal number.
func newChallenge(random io.Reader) (string, error) {
	var b [8]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("iax: no randomness for a challenge: %w", err)
	}
	return strconv.FormatUint(binary.BigEndian.Uint64(b[:])>>1, 10), nil
}

// verify checks the proof in a frame against the policy. It returns the method
// that was used, 0 if the proof is wrong or missing.
func (p *Policy) verify(challenge string, ies wire.IEs) AuthMethods {
	if sig := ies.Text(wire.IERSAResult); p.Methods&AuthRSA != 0 && sig != "" {
		if verifyRSA(p.Keys, challenge, sig) {
			return AuthRSA
		}
		return 0
	}
	if got := ies.Text(wire.IEMD5Result); p.Methods&AuthMD5 != 0 && got != "" {
		if p.Secret != "" && equalSecret(strings.ToLower(got), md5Result(challenge, p.Secret)) {
			return AuthMD5
		}
		return 0
	}
	if got := ies.Text(wire.IEPassword); p.Methods&AuthPlaintext != 0 && p.Secret != "" && equalSecret(got, p.Secret) {
		return AuthPlaintext
	}
	return 0
}

func equalSecret(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func verifyRSA(keys []*rsa.PublicKey, challenge, signature string) bool {
	sig, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		return false
	}
	sum := sha1.Sum([]byte(challenge)) //nolint:gosec // the protocol's choice
	for _, k := range keys {
		if rsa.VerifyPKCS1v15(k, crypto.SHA1, sum[:], sig) == nil {
			return true
		}
	}
	return false
}
