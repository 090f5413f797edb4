package client_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/protocol"
	"github.com/litoria-fax/litoria/protocol/client"
	"github.com/litoria-fax/litoria/protocol/server"
)

// certificate makes a certificate for this machine, and a pool that trusts it.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "fax.example.com"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// A session by AUTH TLS, with protected data connections in both directions and both ways.
func TestTLS(t *testing.T) {
	cert, pool := certificate(t)
	peer := start(t, func(cfg *server.Config) {
		cfg.TLS = func() (*tls.Config, error) { return &tls.Config{Certificates: []tls.Certificate{cert}}, nil }
		cfg.Settings = server.DefaultSettings()
		cfg.Settings.RequireTLS = true
		cfg.Settings.ClearTextFrom = []string{"10.0.0.0/8"}
	})
	for _, passive := range []bool{false, true} {
		c := peer.Dial(t, "joe", client.Config{Security: client.ExplicitTLS, TLS: &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"}, Passive: passive})
		doc := strings.Repeat("document ", 10_000)
		name, err := c.StoreUnique(client.FormPDF, strings.NewReader(doc))
		if err != nil {
			t.Fatalf("StoreUnique, passive %v: %v", passive, err)
		}
		var back bytes.Buffer
		if err := c.Retrieve(name, &back); err != nil || back.String() != doc {
			t.Errorf("Retrieve, passive %v = %d octets, %v", passive, back.Len(), err)
		}
		if _, err := c.Command("PROT C"); protocol.CodeOf(err) != protocol.CodeNeedsProtection {
			t.Errorf("PROT C = %v, want 534", err)
		}
	}
	clear := peer.Dial(t, "", client.Config{})
	if err := clear.Login("joe", nil); protocol.CodeOf(err) != protocol.CodeNeedsProtection {
		t.Errorf("Login in clear text = %v, want 534", err)
	}
	if _, err := clear.Command("PBSZ 0"); protocol.CodeOf(err) != protocol.CodeBadValue {
		t.Errorf("PBSZ in clear text = %v, want 503", err)
	}
}

func TestTLSUnknownCertificate(t *testing.T) {
	cert, _ := certificate(t)
	peer := start(t, func(cfg *server.Config) {
		cfg.TLS = func() (*tls.Config, error) { return &tls.Config{Certificates: []tls.Certificate{cert}}, nil }
	})
	host, port, _ := net.SplitHostPort(peer.Addr)
	_, err := client.Dial(context.Background(), client.Config{Host: host, Port: port, Security: client.ExplicitTLS})
	if err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("Dial = %v, want a complaint about the certificate", err)
	}
	if c := peer.Dial(t, "joe", client.Config{}); c == nil { // clear text stays possible where nothing forbids it
		t.Error("no session in clear text")
	}
}

func TestNoTLS(t *testing.T) {
	peer := start(t, nil)
	host, port, _ := net.SplitHostPort(peer.Addr)
	_, err := client.Dial(context.Background(), client.Config{Host: host, Port: port, Security: client.ExplicitTLS})
	if err == nil || !strings.Contains(err.Error(), "the server offers no TLS") {
		t.Errorf("Dial = %v, want a complaint", err)
	}
}

// Commands that come in clear text behind AUTH are not taken for protected ones.
func TestTLSInjection(t *testing.T) {
	cert, _ := certificate(t)
	peer := start(t, func(cfg *server.Config) {
		cfg.TLS = func() (*tls.Config, error) { return &tls.Config{Certificates: []tls.Certificate{cert}}, nil }
	})
	c, err := net.Dial("tcp", peer.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte("AUTH TLS\r\nUSER joe\r\n")); err != nil {
		t.Fatal(err)
	}
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	var all bytes.Buffer
	all.ReadFrom(c)
	if text := all.String(); !strings.Contains(text, "503 AUTH must be the last command") || strings.Contains(text, "230") {
		t.Errorf("server says %q, want 503 and the end", text)
	}
}
