package server_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/protocol/protocoltest"
)

// said sends a command and returns the whole reply; data connections are not made.
func (c *conn) said(line string) string {
	c.t.Helper()
	if _, err := fmt.Fprintf(c, "%s\r\n", line); err != nil {
		c.t.Fatal(err)
	}
	return strings.Join(c.reply(), "\n")
}

// fetched is what a command sends over a data connection, with its replies.
func (c *conn) fetched(line string) string {
	c.t.Helper()
	d := c.data()
	text := c.said(line)
	if !strings.HasPrefix(text, "150") {
		return text
	}
	d.SetReadDeadline(time.Now().Add(10 * time.Second))
	data, _ := io.ReadAll(d)
	return text + string(data) + strings.Join(c.reply(), "\n")
}

// Whatever command a user tries on what is not his, no octet of it shows, and it stays as it is.
func TestForeignFiles(t *testing.T) {
	s := newServer(t, nil)
	const mark = "TOP-SECRET-OCTETS"
	secrets := map[string]os.FileMode{
		"etc/hosts.secret": 0o644, "etc/shutdown.old": 0o644, "bin/script": 0o644, "client/99": 0o644, "docq/doc70.ps": 0o600,
		"tmp/doc71.ps": 0o600, "recvq/fax000000070.tif": 0o600, "archive/a": 0o600, "log/c000000070": 0o600, "info/secret": 0o600,
		"config/secret": 0o600, "status/secret": 0o600, "sendq/q70": 0o600, "doneq/q71": 0o600, "pollq/fax72": 0o600, "seqf": 0o600,
	}
	for name, mode := range secrets {
		path := filepath.Join(s.dir, name)
		os.MkdirAll(filepath.Dir(path), 0o755)
		text := "%!PS " + mark
		if strings.Contains(name, "q/q7") { // a job of ann's
			job, err := os.ReadFile(filepath.Join(s.dir, "sendq/q11"))
			if err != nil {
				t.Fatal(err)
			}
			text = strings.NewReplacer("5551234", mark, "555-1234", mark, "Receiver", mark, "No answer", mark).Replace(string(job))
		}
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		os.Chmod(path, mode)
		os.Chown(path, -1, 101)
	}
	before := map[string]string{}
	for name := range secrets {
		text, _ := os.ReadFile(filepath.Join(s.dir, name))
		before[name] = string(text)
	}
	c := s.login(t, "joe")
	c.cmd("TYPE I", "200")
	c.cmd("JNEW", "200")
	for name := range secrets {
		base, dir := filepath.Base(name), filepath.Dir(name)
		for _, path := range []string{
			name, "docq/../" + name, "/..//" + name, "tmp/../.." + s.dir + "/" + name,
		} {
			for _, command := range []string{"RETR ", "RETP ", "STAT ", "JPARM DOCUMENT ", "JPARM COVER ", "CHMOD %s 0666", "CHOWN %s joe", "DELE ", "STOR ", "APPE "} {
				line := command + path
				if strings.Contains(command, "%s") {
					line = fmt.Sprintf(command, path)
				}
				if text := c.fetched(line); strings.Contains(text, mark) || strings.HasPrefix(text, "2") && !strings.HasPrefix(text, "211") {
					t.Errorf("%s: %q", line, text)
				}
				c.cmd("NOOP", "200") // so that bad commands do not end the session
			}
		}
		for _, line := range []string{"LIST " + dir, "NLST " + dir, "STAT " + dir, "CWD " + dir} {
			text := c.fetched(line)
			closed := dir == "etc" || dir == "bin" || dir == "client"
			if strings.Contains(text, mark) || closed && (strings.Contains(text, base) || !strings.HasPrefix(text, "550") && !strings.HasPrefix(line, "STAT")) {
				t.Errorf("%s: %q", line, text)
			}
			c.cmd("CWD /", "250")
		}
		if id, ok := strings.CutPrefix(base, "q"); ok {
			for _, line := range []string{"JOB " + id, "JSUSP " + id, "JKILL " + id, "JDELE " + id, "JSUBM " + id, "JINTR " + id, "STAT sendq/" + id, "STAT doneq/" + id} {
				if text := c.said(line); strings.HasPrefix(text, "2") || strings.Contains(text, mark) {
					t.Errorf("%s: %q", line, text)
				}
			}
			c.cmd("JOB 100", "200")
			c.cmd("NOOP", "200")
		}
	}
	for name, text := range before {
		if now, err := os.ReadFile(filepath.Join(s.dir, name)); err != nil || string(now) != text {
			t.Errorf("%s was changed: %v", name, err)
		}
	}
}

// What an administrator or another user has looked at in a session does not stay open for who logs in
// next.
func TestRightsEndWithLogin(t *testing.T) {
	s := newServer(t, nil)
	c := s.login(t, "boss")
	c.cmd("ADMIN "+protocoltest.Password, "230")
	c.cmd("JOB 11", "200")
	c.cmd("JPARM DIALSTRING", "213 9,555-1234")
	c.cmd("CWD etc", "250")
	c.cmd("USER joe", "230")
	for _, line := range []string{"JPARM DIALSTRING", "JPARM", "JOB 11", "JPARM DIALSTRING", "JPARM EXTERNAL", "JPARM", "STAT hosts.hfaxd", "RETR hosts.hfaxd", "RETR /etc/hosts.hfaxd", "SHUT NOW", "SITE ADDUSER x"} {
		if text := c.said(line); strings.Contains(text, "555-1234") || strings.Contains(text, "joe@") && line != "JPARM" || strings.HasPrefix(text, "1") {
			t.Errorf("%s: %q", line, text)
		}
	}
	if text := c.fetched("LIST"); strings.Contains(text, "hosts.hfaxd") {
		t.Errorf("LIST of the directory of before: %q", text)
	}
}

// A data connection is the client's own: another machine that calls the port gets nothing, and cannot
// put anything into a document.
func TestDataConnectionHijack(t *testing.T) {
	s := newServer(t, impatient)
	dial := func(c *conn) net.Conn {
		t.Helper()
		r := c.cmd("EPSV", "229")
		var port int
		fmt.Sscanf(r[strings.IndexByte(r, '('):], "(|||%d|)", &port)
		other := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}, Timeout: 5 * time.Second}
		d, err := other.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			t.Fatal(err)
		}
		s.closeLater(d)
		return d
	}
	c := s.login(t, "joe")
	c.cmd("TYPE I", "200")
	d := dial(c)
	c.cmd("RETR recvq/fax000000001.tif", "425")
	c.cmd("RETR recvq/fax000000001.tif", "425") // not at a second try either
	d.SetReadDeadline(time.Now().Add(10 * time.Second))
	if data, _ := io.ReadAll(d); len(data) > 0 {
		t.Errorf("another machine got %d octets", len(data))
	}
	d = dial(c)
	fmt.Fprint(d, "%!PS not joe's")
	c.cmd("STOT", "425")
	if left := files(t, filepath.Join(s.dir, "tmp"), "doc"); len(left) > 0 {
		t.Errorf("another machine's document is stored: %v", left)
	}
	d = dial(c) // a stranger who is first does not keep the client out
	own, err := net.Dial("tcp", d.RemoteAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	s.closeLater(own)
	c.cmd("RETR recvq/fax000000001.tif", "150")
	if data, _ := io.ReadAll(own); string(data) != string(protocoltest.TIFF(2)) {
		t.Errorf("the client got %d octets", len(data))
	}
	c.want("226")
	c.cmd("PORT 127,0,0,2,200,1", "500 PORT: 127.0.0.2 is not your address.")
	c.cmd("EPRT |1|127.0.0.2|51201|", "500 EPRT: 127.0.0.2 is not your address.")
	c.cmd("EPRT |2|::1|51201|", "500 EPRT: ::1 is not your address.")
	c.cmd("EPRT |2|::ffff:127.0.0.2|51201|", "500 EPRT: ::ffff:127.0.0.2 is not your address.")
}

// hosts.hfaxd that others can read, that is a link out of the spool, or that is not there, admits nobody.
func TestAccessFileSafety(t *testing.T) {
	for name, spoil := range map[string]func(file string) error{
		"mode 0644": func(file string) error { return os.Chmod(file, 0o644) },
		"mode 0640": func(file string) error { return os.Chmod(file, 0o640) },
		"missing":   os.Remove,
		"link out": func(file string) error {
			out := filepath.Join(t.TempDir(), "hosts")
			return firstError(os.WriteFile(out, []byte("^joe@:100\n"), 0o600), os.Remove(file), os.Symlink(out, file))
		},
		"directory": func(file string) error { return firstError(os.Remove(file), os.Mkdir(file, 0o700)) },
		"empty":     func(file string) error { return os.WriteFile(file, nil, 0o600) },
	} {
		s := newServer(t, nil)
		if err := spoil(filepath.Join(s.dir, "etc/hosts.hfaxd")); err != nil {
			t.Fatal(name, err)
		}
		c := s.dial(t)
		if text := c.said("USER joe"); !strings.HasPrefix(text, "331 ") {
			t.Errorf("%s: USER joe: %q, want 331", name, text)
		}
		c.cmd("PASS x", "530")
	}
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Events of jobs go to their owners and to administrators: they tell the number that is called.
func TestForeignEvents(t *testing.T) {
	s := newServer(t, nil)
	for user, want := range map[string]string{"joe": "JOB 10 ", "ann": "JOB 11 ", "boss": "JOB 10 JOB 11 "} {
		c := s.login(t, user)
		if user == "boss" {
			c.cmd("ADMIN "+protocoltest.Password, "230")
		}
		known := files(t, filepath.Join(s.dir, "client"), "")
		d := c.data()
		c.cmd("SITE TRIGGER J*", "150")
		for _, fifo := range files(t, filepath.Join(s.dir, "client"), "") {
			if len(known) == 0 || !strings.Contains(strings.Join(known, " "), fifo) {
				s.scheduler.Tell("client/"+fifo, jobEvent(7, "10", "")+jobEvent(7, "11", "")+jobEvent(7, "../10", "")+modemEvent())
			}
		}
		text := ""
		for !strings.Contains(text, "MODEM") {
			d.SetReadDeadline(time.Now().Add(10 * time.Second))
			buf := make([]byte, 4096)
			n, err := d.Read(buf)
			if err != nil {
				t.Fatal(user, err, text)
			}
			text += string(buf[:n])
		}
		got := ""
		for _, job := range []string{"JOB 10 ", "JOB 11 ", "JOB ../10 "} {
			if strings.Contains(text, job) && job != "JOB ../10 " {
				got += job
			}
		}
		if got != want {
			t.Errorf("%s sees events of %q, want %q", user, got, want)
		}
		io.WriteString(c, "ABOR\r\n")
		c.want("426")
		c.want("226")
		c.cmd("QUIT", "221")
		c.Close()
		eventually(t, "the end of the session", func() bool { return len(files(t, filepath.Join(s.dir, "client"), "")) == 0 })
	}
}

// modemEvent is an event of a line, which everybody may see.
func modemEvent() string {
	body := "ttyS0\x005551234\x00000000009\x00" + string(make([]byte, 8))
	head := []byte(jobEvent(48, "1", ""))[:16]
	head[4], head[5] = byte(16+len(body)), 0
	return string(head) + body
}
