package daemon

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/litoria-fax/litoria/protocol/protocoltest"
	"github.com/litoria-fax/litoria/protocol/server"
)

// authority signs certificates.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	made int64
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t}
	made := a.make(&x509.Certificate{Subject: pkix.Name{CommonName: "CA"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	a.cert, a.key = made.Leaf, made.PrivateKey.(*ecdsa.PrivateKey)
	return a
}

// make makes a certificate; the first is the authority's own.
func (a *authority) make(template *x509.Certificate) tls.Certificate {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	a.made++
	template.SerialNumber = big.NewInt(a.made)
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// client makes a client's certificate.
func (a *authority) client(name string) tls.Certificate {
	uri, _ := url.Parse("urn:" + name)
	return a.make(&x509.Certificate{
		Subject: pkix.Name{CommonName: name}, EmailAddresses: []string{name + "@example.com"}, DNSNames: []string{name + ".example.com"},
		URIs: []*url.URL{uri}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
}

func (a *authority) server(name string) tls.Certificate {
	return a.make(&x509.Certificate{Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
}

// write writes a certificate and its key as PEM files.
func write(t *testing.T, cert tls.Certificate, certFile, keyFile string) {
	t.Helper()
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{
		certFile: {Type: "CERTIFICATE", Bytes: cert.Certificate[0]}, keyFile: {Type: "PRIVATE KEY", Bytes: key},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestUserMap(t *testing.T) {
	a := newAuthority(t)
	joe, ann := a.client("joe"), newAuthority(t).client("ann")
	text := fmt.Sprintf("# who is who\n\nsha256:%s ann # by fingerprint\nCN:Joe Q. User  sam\nemail:joe@example.com\tpaul\ncn:* *\n", strings.ToUpper(fingerprint(ann.Leaf)))
	users := &certificateUsers{}
	if err := users.parse(strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		cert     *x509.Certificate
		verified bool
		want     string
	}{
		{joe.Leaf, true, "paul"}, {joe.Leaf, false, ""}, {ann.Leaf, false, "ann"}, {a.client("Joe Q. User").Leaf, true, "sam"},
		{a.client("mary").Leaf, true, "mary"}, {a.client("mary").Leaf, false, ""}, {a.client("").Leaf, true, ""},
	} {
		if got, ok := users.find(tt.cert, tt.verified); got != tt.want || ok != (tt.want != "") {
			t.Errorf("find(%s, %v) = %q, %v; want %q", tt.cert.Subject, tt.verified, got, ok, tt.want)
		}
	}
	for _, bad := range []string{"joe", "cn:joe", "cn: joe", ":x joe", "sha256:00 joe", "sha256:" + strings.Repeat("00", 32) + " *", "serial:1 joe", "cn:joe *", "sha256:zz joe"} {
		if err := (&certificateUsers{}).parse(strings.NewReader("\n" + bad)); err == nil || !strings.HasPrefix(err.Error(), "line 2: ") {
			t.Errorf("parse(%q) = %v, want a fault in line 2", bad, err)
		}
	}
}

func FuzzUserMap(f *testing.F) {
	f.Add("cn:joe joe\nsha256:" + strings.Repeat("ab", 32) + " x\ncn:* *\n")
	cert := &x509.Certificate{Subject: pkix.Name{CommonName: "joe"}}
	f.Fuzz(func(t *testing.T, text string) {
		users := &certificateUsers{}
		if err := users.parse(strings.NewReader(text)); err != nil {
			return
		}
		if who, ok := users.find(cert, false); ok && !strings.Contains(text, "sha256") {
			t.Errorf("find = %q for a certificate that was not verified", who)
		}
	})
}

// secured is a server with TLS from files.
type secured struct {
	dir  string
	addr string
	log  *lockedLog
}

// lockedLog is a log that several goroutines use.
type lockedLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func startSecured(t *testing.T, change func(*server.Settings)) *secured {
	t.Helper()
	s := &secured{dir: t.TempDir(), log: &lockedLog{}}
	if err := protocoltest.MakeSpool(s.dir); err != nil {
		t.Fatal(err)
	}
	settings := server.DefaultSettings()
	settings.TLSCertificate, settings.TLSKey = "etc/cert.pem", "etc/key.pem"
	change(settings)
	files := newCertificates(settings, s.dir, zerolog.New(s.log))
	srv, err := server.New(server.Config{
		Spool: s.dir, Settings: settings, NoPasswordDelay: true, TLS: files.config, CertificateUser: files.user,
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l, true) }()
	t.Cleanup(func() {
		srv.Close()
		<-ended
	})
	s.addr = l.Addr().String()
	return s
}

// say connects with a certificate, sends lines and returns the last reply, or the fault of the
// connection, and the name of the server.
func (s *secured) say(t *testing.T, cert *tls.Certificate, lines ...string) (reply, name string) {
	t.Helper()
	cfg := &tls.Config{InsecureSkipVerify: true} // the server is not what is tested
	if cert != nil {
		cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return cert, nil }
	}
	c, err := tls.Dial("tcp", s.addr, cfg)
	if err != nil {
		return err.Error(), ""
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	in := bufio.NewReader(c)
	for _, line := range append([]string{""}, lines...) {
		if line != "" {
			fmt.Fprintf(c, "%s\r\n", line)
		}
		if reply, err = in.ReadString('\n'); err != nil {
			return err.Error(), ""
		}
	}
	return strings.TrimSpace(reply), c.ConnectionState().PeerCertificates[0].Subject.CommonName
}

// Who shows a certificate that the map knows needs no password; nobody gets in as somebody else.
func TestCertificateLogin(t *testing.T) {
	trusted, other := newAuthority(t), newAuthority(t)
	guest, known, stranger := trusted.client("guest"), other.client("guest"), other.client("guest")
	for _, required := range []bool{false, true} {
		s := startSecured(t, func(c *server.Settings) {
			c.TLSClientCA, c.TLSUserMap, c.TLSClientRequired = "etc/ca.pem", "etc/users", required
		})
		write(t, trusted.server("fax"), s.dir+"/etc/cert.pem", s.dir+"/etc/key.pem")
		write(t, tls.Certificate{Certificate: [][]byte{trusted.cert.Raw}, PrivateKey: trusted.key}, s.dir+"/etc/ca.pem", s.dir+"/etc/ca.key")
		users := "cn:guest guest\ncn:bad bad\ncn:boss boss\nsha256:" + fingerprint(known.Leaf) + " guest\n"
		if err := os.WriteFile(s.dir+"/etc/users", []byte(users), 0o600); err != nil {
			t.Fatal(err)
		}
		bad, boss, notForClients := trusted.client("bad"), trusted.client("boss"), trusted.server("guest") // the last not for clients
		for _, tt := range []struct {
			name  string
			cert  *tls.Certificate
			lines []string
			want  string
		}{
			{"the map's user", &guest, []string{"USER guest"}, "230 User guest logged in."},
			{"by fingerprint", &known, []string{"USER guest"}, "230 User guest logged in."},
			{"another user", &guest, []string{"USER nosuch"}, "331 "},
			{"another user without a password", &guest, []string{"USER joe"}, "230 "},
			{"a denied user", &bad, []string{"USER bad"}, "331 "},
			{"an administrator needs his password", &boss, []string{"USER boss", "ADMIN"}, "530 "},
			{"an unknown authority", &stranger, []string{"USER guest"}, "remote error: tls: "},
			{"not for clients", &notForClients, []string{"USER guest"}, "remote error: tls: "},
			{"none", nil, []string{"USER guest"}, map[bool]string{false: "331 ", true: "remote error: tls: "}[required]},
		} {
			if got, _ := s.say(t, tt.cert, tt.lines...); !strings.HasPrefix(got, tt.want) {
				t.Errorf("%s, required %v: %q, want %q", tt.name, required, got, tt.want)
			}
		}
	}
}

// Renewed files hold for the next client; while they are no good, those of before do.
func TestCertificateRenewal(t *testing.T) {
	a := newAuthority(t)
	s := startSecured(t, func(c *server.Settings) { c.TLSUserMap = "etc/users" })
	cert, key, users := filepath.Join(s.dir, "etc/cert.pem"), filepath.Join(s.dir, "etc/key.pem"), filepath.Join(s.dir, "etc/users")
	guest := a.client("guest")
	stamp := time.Now().Add(-time.Hour)
	put := func(name, usersText string) {
		t.Helper()
		write(t, a.server(name), cert, key)
		if err := os.WriteFile(users, []byte(usersText), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{cert, key, users} {
			stamp = stamp.Add(time.Second)
			os.Chtimes(file, stamp, stamp)
		}
	}
	known := "sha256:" + fingerprint(guest.Leaf) + " guest\n"
	put("first", known)
	check := func(wantName, wantReply string) {
		t.Helper()
		if reply, name := s.say(t, &guest, "USER guest"); name != wantName || !strings.HasPrefix(reply, wantReply) {
			t.Errorf("certificate of %q, reply %q; want %q, %q", name, reply, wantName, wantReply)
		}
	}
	check("first", "230")
	put("second", known)
	check("second", "230")
	put("third", "nonsense\n")
	check("second", "230")
	if text := s.log.String(); !strings.Contains(text, "line 1") || strings.Count(text, "files of before stay in service") != 1 {
		t.Errorf("log %q, want one complaint about line 1", text)
	}
	os.Remove(key)
	check("second", "230")
	put("fourth", strings.Replace(known, "guest", "joe", 1))
	check("fourth", "331")
}
