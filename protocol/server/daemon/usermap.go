package daemon

import (
	"bufio"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// maxUserMap is the largest map of certificates that is read, in octets.
const maxUserMap = 4 << 20

// certificateUsers says which clients' certificates are good, and which fax users they stand for. A map
// (TLSUserMap) has lines "what:value user":
//
//	sha256:0f:1e:2d...     joe    # the certificate's fingerprint: no authority is needed
//	cn:Joe Q. User         joe    # the subject's common name
//	email:joe@example.com  joe    # a subject alternative name; also dns: and uri:
//	cn:*                   *      # whoever it is: the name is the user
//
// All but fingerprints count only in certificates that lead to TLSClientCA. The first line that fits
// decides.
type certificateUsers struct {
	roots    *x509.CertPool // nil where no authority is trusted
	required bool
	lines    []userLine
}

type userLine struct {
	kind, value string // "sha256", "cn", "email", "dns", "uri"; the value "*" is any
	user        string // "*" is the name itself
}

func (u *certificateUsers) parse(r io.Reader) error {
	in := bufio.NewScanner(r)
	for n := 1; in.Scan(); n++ {
		text, _, _ := strings.Cut(in.Text(), "#")
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		line, err := parseUserLine(text)
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		u.lines = append(u.lines, line)
	}
	return in.Err()
}

func parseUserLine(text string) (userLine, error) {
	end := strings.LastIndexAny(text, " \t")
	kind, rest, found := strings.Cut(text, ":")
	if !found || end <= len(kind) {
		return userLine{}, fmt.Errorf("%q is not of the form what:value user", text)
	}
	line := userLine{strings.ToLower(kind), strings.TrimSpace(rest[:end-len(kind)-1]), text[end+1:]}
	switch {
	case line.value == "":
		return line, fmt.Errorf("%q has no value", text)
	case line.kind == "sha256":
		line.value = strings.ToLower(strings.ReplaceAll(line.value, ":", ""))
		if sum, err := hex.DecodeString(line.value); err != nil || len(sum) != sha256.Size || line.user == "*" {
			return line, fmt.Errorf("%q is no fingerprint of 32 octets with a user", text)
		}
	case !slices.Contains([]string{"cn", "email", "dns", "uri"}, line.kind):
		return line, fmt.Errorf("%q: unknown %q; use sha256, cn, email, dns or uri", text, kind)
	case line.user == "*" && line.value != "*":
		return line, fmt.Errorf("%q: the user * needs the value *", text)
	}
	return line, nil
}

// find returns the user of a certificate. Names count only where it was verified.
func (u *certificateUsers) find(cert *x509.Certificate, verified bool) (string, bool) {
	sum := fingerprint(cert)
	for _, l := range u.lines {
		if l.kind == "sha256" {
			if l.value == sum {
				return l.user, true
			}
			continue
		}
		if !verified {
			continue
		}
		for _, name := range namesOf(cert, l.kind) {
			if name == "" || l.value != "*" && l.value != name {
				continue
			}
			if l.user == "*" {
				return name, true
			}
			return l.user, true
		}
	}
	return "", false
}

func fingerprint(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	return hex.EncodeToString(sum[:])
}

// namesOf returns the names of a kind that a certificate bears.
func namesOf(cert *x509.Certificate, kind string) []string {
	switch kind {
	case "cn":
		return []string{cert.Subject.CommonName}
	case "email":
		return cert.EmailAddresses
	case "dns":
		return cert.DNSNames
	}
	var uris []string
	for _, u := range cert.URIs {
		uris = append(uris, u.String())
	}
	return uris
}

var (
	errNoCertificate      = errors.New("the client shows no certificate")
	errUnknownCertificate = errors.New("the client's certificate is neither known by its fingerprint nor of an authority in TLSClientCA")
)

// verify decides on a connection: a certificate that is shown must be good, whether it is required or not.
func (u *certificateUsers) verify(state tls.ConnectionState) error {
	if len(state.PeerCertificates) == 0 {
		if u.required {
			return errNoCertificate
		}
		return nil
	}
	sum := fingerprint(state.PeerCertificates[0])
	if slices.ContainsFunc(u.lines, func(l userLine) bool { return l.kind == "sha256" && l.value == sum }) {
		return nil
	}
	if !u.verified(&state) {
		return errUnknownCertificate
	}
	return nil
}

// verified reports whether a certificate leads to an authority.
func (u *certificateUsers) verified(state *tls.ConnectionState) bool {
	if u.roots == nil || len(state.PeerCertificates) == 0 {
		return false
	}
	between := x509.NewCertPool()
	for _, cert := range state.PeerCertificates[1:] {
		between.AddCert(cert)
	}
	_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{
		Roots: u.roots, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	return err == nil
}
