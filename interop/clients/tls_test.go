//go:build interop

package clients_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/litoria-fax/litoria/interop/ports"
	"github.com/litoria-fax/litoria/protocol/protocoltest"
)

// tlsServer is our hfaxd as a program, with TLS by openssl's certificates: one authority, the server's
// certificate, and one of a client whose name is guest.
type tlsServer struct {
	dir, plain, implicit string
	cmd                  *exec.Cmd
}

func startTLS(t *testing.T, conf string) *tlsServer {
	t.Helper()
	s := &tlsServer{dir: makeSpool(t)}
	etc := filepath.Join(s.dir, "etc")
	openssl := func(args ...string) {
		t.Helper()
		cmd := exec.Command("openssl", args...)
		cmd.Dir = etc
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("openssl %q: %v\n%s", args, err, out)
		}
	}
	openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=CA", "-days", "2")
	for name, extension := range map[string]string{"server": "subjectAltName=IP:127.0.0.1", "guest": "extendedKeyUsage=clientAuth"} {
		openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", name+".key", "-out", name+".csr", "-subj", "/CN="+name)
		if err := os.WriteFile(filepath.Join(etc, name+".ext"), []byte(extension), 0o600); err != nil {
			t.Fatal(err)
		}
		openssl("x509", "-req", "-in", name+".csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", name+".ext", "-days", "2", "-out", name+".pem")
	}
	os.WriteFile(filepath.Join(etc, "users"), []byte("cn:guest guest\n"), 0o644)
	os.WriteFile(filepath.Join(etc, "hfaxd.conf"), []byte("TLSCertificate: etc/server.pem\nTLSKey: etc/server.key\n"+
		"TLSClientCA: etc/ca.pem\nTLSUserMap: etc/users\n"+conf), 0o644)
	for _, name := range []string{"server.key", "server.pem", "ca.pem"} {
		os.Chmod(filepath.Join(etc, name), 0o644) // the server is not root
	}
	listen := make([]string, 2)
	for i := range listen {
		listen[i] = fmt.Sprint(ports.TCP(t))
	}
	s.plain, s.implicit = "127.0.0.1:"+listen[0], "127.0.0.1:"+listen[1]
	s.cmd = exec.Command(loadPrograms(t)[1].program, "-q", s.dir, "-l", "127.0.0.1", "-i", listen[0], "--tls-port="+listen[1], "-d")
	var log bytes.Buffer
	s.cmd.Stderr = &log
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.cmd.Process.Kill()
		s.cmd.Wait()
		if t.Failed() {
			t.Logf("hfaxd:\n%s", log.String())
		}
	})
	awaitServer(t, s.plain)
	return s
}

// run runs a program whose arguments may name ETC, PLAIN and IMPLICIT.
func (s *tlsServer) run(t *testing.T, stdin string, command ...string) (string, error) {
	t.Helper()
	if _, err := exec.LookPath(command[0]); err != nil {
		t.Fatalf("%s is not installed: run interop/setup first", command[0])
	}
	replace := strings.NewReplacer("ETC", filepath.Join(s.dir, "etc"), "PLAIN", s.plain, "IMPLICIT", s.implicit)
	for i := range command {
		command[i] = replace.Replace(command[i])
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// Real clients by AUTH TLS and on the port for TLS, with and without certificates of their own: they
// verify the server's, and fetch a fax over a protected data connection.
func TestTLSPeers(t *testing.T) {
	s := startTLS(t, "RequireTLS: yes\n")
	fax := string(protocoltest.TIFF(2))
	lftp := "set ssl:ca-file ETC/ca.pem; set ftp:ssl-force true; set ftp:ssl-protect-data true; set net:max-retries 1; set xfer:clobber yes; "
	for name, tt := range map[string]struct {
		command []string
		want    string // "" for a failure
	}{
		"curl AUTH TLS": {[]string{"curl", "-m", "20", "-sS", "--ssl-reqd", "--cacert", "ETC/ca.pem", "-u", "joe:x", "ftp://PLAIN/recvq/fax000000001.tif"}, fax},
		"curl implicit": {[]string{"curl", "-m", "20", "-sS", "--cacert", "ETC/ca.pem", "-u", "joe:x", "ftps://IMPLICIT/recvq/fax000000001.tif"}, fax},
		"lftp, active":  {[]string{"lftp", "-u", "joe,x", "-e", "set ftp:passive-mode false; " + lftp + "cat recvq/fax000000001.tif; bye", "ftp://PLAIN"}, fax}, // curl 7.88 does not begin TLS there
		"curl, client's certificate": {[]string{"curl", "-m", "20", "-sS", "--ssl-reqd", "--cacert", "ETC/ca.pem", "--cert", "ETC/guest.pem", "--key", "ETC/guest.key",
			"-u", "guest:", "-l", "ftp://PLAIN/doneq/"}, "5\n6\n"},
		"curl, wrong password":    {[]string{"curl", "-m", "20", "-sS", "--ssl-reqd", "--cacert", "ETC/ca.pem", "-u", "guest:wrong", "ftp://PLAIN/doneq/"}, ""},
		"curl, unknown authority": {[]string{"curl", "-m", "20", "-sS", "--ssl-reqd", "-u", "joe:x", "ftp://PLAIN/recvq/fax000000001.tif"}, ""},
		"curl, in clear":          {[]string{"curl", "-m", "20", "-sS", "-u", "joe:x", "ftp://PLAIN/recvq/fax000000001.tif"}, ""},
		"lftp AUTH TLS":           {[]string{"lftp", "-u", "joe,x", "-e", lftp + "cat recvq/fax000000001.tif; bye", "ftp://PLAIN"}, fax},
		"lftp implicit":           {[]string{"lftp", "-u", "joe,x", "-e", lftp + "cat recvq/fax000000001.tif; bye", "ftps://IMPLICIT"}, fax},
		"python": {[]string{"python3", "-c", "import ftplib,ssl,sys\nh,p='PLAIN'.split(':')\nf=ftplib.FTP_TLS(context=ssl.create_default_context(cafile='ETC/ca.pem'))\n" +
			"f.connect(h,int(p))\nf.login('joe','x')\nf.prot_p()\nf.retrbinary('RETR recvq/fax000000001.tif', sys.stdout.buffer.write)\nf.quit()"}, fax},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := s.run(t, "", tt.command...)
			if out = strings.ReplaceAll(out, "\r\n", "\n"); (err == nil) != (tt.want != "") || tt.want != "" && out != tt.want {
				t.Errorf("%v, %d octets %.200q; want %.40q", err, len(out), out, tt.want)
			}
		})
	}
}

// openssl's client: protocol, chain, the authorities that the server names, and a login by certificate.
func TestTLSOpenSSL(t *testing.T) {
	s := startTLS(t, "TLSClientRequired: yes\n")
	login := "USER guest\r\nNOOP\r\nQUIT\r\n"
	with := []string{"openssl", "s_client", "-crlf", "-ign_eof", "-CAfile", "ETC/ca.pem", "-verify_return_error", "-cert", "ETC/guest.pem", "-key", "ETC/guest.key"}
	for name, how := range map[string][]string{
		"AUTH TLS":         {"-starttls", "ftp", "-connect", "PLAIN"},
		"implicit":         {"-connect", "IMPLICIT"},
		"implicit, TLS1.2": {"-connect", "IMPLICIT", "-tls1_2"},
	} {
		out, err := s.run(t, strings.ReplaceAll(login, "\r", ""), append(append([]string(nil), with...), how...)...)
		for _, want := range []string{"Verify return code: 0 (ok)", "Acceptable client certificate CA names", "230 User guest logged in.", "200 NOOP", "221 Goodbye."} {
			if err != nil || !strings.Contains(out, want) {
				t.Errorf("%s: %v, no %q in\n%s", name, err, want, out)
				break
			}
		}
	}
	for name, how := range map[string][]string{"no certificate": {"-connect", "IMPLICIT"}, "TLS 1.1": append([]string{"-connect", "IMPLICIT", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"}, with[4:]...)} {
		out, _ := s.run(t, strings.ReplaceAll(login, "\r", ""), append([]string{"openssl", "s_client", "-crlf", "-ign_eof"}, how...)...)
		if strings.Contains(out, "220 ") || strings.Contains(out, "230 ") {
			t.Errorf("%s: served\n%s", name, out)
		}
	}
	// A renewed certificate shows at the next handshake, without a restart.
	etc := filepath.Join(s.dir, "etc")
	for _, args := range [][]string{
		{"req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out", "server.pem", "-subj", "/CN=renewed", "-days", "2"},
	} {
		cmd := exec.Command("openssl", args...)
		cmd.Dir = etc
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("openssl: %v\n%s", err, out)
		}
		os.Chmod(filepath.Join(etc, "server.key"), 0o644)
	}
	out, _ := s.run(t, "QUIT\n", "openssl", "s_client", "-crlf", "-ign_eof", "-cert", "ETC/guest.pem", "-key", "ETC/guest.key", "-connect", "IMPLICIT")
	if !strings.Contains(out, "subject=CN = renewed") && !strings.Contains(out, "subject=CN=renewed") {
		t.Errorf("after renewal:\n%s", out)
	}
}

// RequireTLS lets only the named addresses log in without TLS.
func TestTLSRequired(t *testing.T) {
	for conf, want := range map[string]string{
		"RequireTLS: yes\n": "534 ", "RequireTLS: yes\nClearTextFrom: 192.0.2.0/24\n": "534 ",
		"RequireTLS: yes\nClearTextFrom: 127.0.0.0/8\n": "230 ", "RequireTLS: yes\nClearTextFrom: \"::1, 127.0.0.1\"\n": "230 ", "": "230 ",
	} {
		s := startTLS(t, conf)
		conn, err := net.Dial("tcp", s.plain)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(conn, "USER joe\r\nQUIT\r\n")
		var all bytes.Buffer
		all.ReadFrom(conn)
		conn.Close()
		if lines := strings.Split(all.String(), "\r\n"); len(lines) < 2 || !strings.HasPrefix(lines[1], want) {
			t.Errorf("%q: %q, want %s", conf, lines, want)
		}
	}
}
