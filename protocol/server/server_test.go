package server_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/protocol/protocoltest"
	"github.com/litoria-fax/litoria/protocol/server"
)

// conn is a raw session.
type conn struct {
	t testing.TB
	net.Conn
	in *bufio.Reader
	s  *testServer
}

// dial connects and reads the greeting.
func (s *testServer) dial(t testing.TB) *conn {
	t.Helper()
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	s.closeLater(c)
	session := &conn{t, c, bufio.NewReader(c), s}
	session.want("220")
	return session
}

// login connects as a user without password.
func (s *testServer) login(t testing.TB, user string) *conn {
	t.Helper()
	c := s.dial(t)
	c.cmd("USER "+user, "230")
	return c
}

// reply reads a reply and returns its lines.
func (c *conn) reply() []string {
	c.t.Helper()
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	var lines []string
	for {
		line, err := c.in.ReadString('\n')
		if err != nil {
			return append(lines, "error: "+err.Error())
		}
		line = strings.TrimRight(line, "\r\n")
		lines = append(lines, line)
		if len(line) > 3 && line[3] == ' ' && line[0] >= '1' && line[0] <= '5' && line[:3] == lines[0][:3] {
			return lines
		}
	}
}

// want reads a reply that must begin so.
func (c *conn) want(prefix string) string {
	c.t.Helper()
	lines := c.reply()
	last := lines[len(lines)-1]
	if !strings.HasPrefix(last, prefix) {
		c.t.Fatalf("reply %q, want %s", lines, prefix)
	}
	return last
}

func (c *conn) cmd(line, prefix string) string {
	c.t.Helper()
	if _, err := fmt.Fprintf(c, "%s\r\n", line); err != nil {
		c.t.Fatal(err)
	}
	return c.want(prefix)
}

// data makes a data connection by EPSV.
func (c *conn) data() net.Conn {
	c.t.Helper()
	r := c.cmd("EPSV", "229")
	var port int
	if _, err := fmt.Sscanf(r[strings.IndexByte(r, '('):], "(|||%d|)", &port); err != nil {
		c.t.Fatal(r, err)
	}
	d, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		c.t.Fatal(err)
	}
	c.s.closeLater(d)
	return d
}

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !done(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(what, "does not happen")
		}
	}
}

func files(t *testing.T, dir, prefix string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), prefix) {
			names = append(names, e.Name())
		}
	}
	return names
}

// A client that aborts an upload: two replies, and no document.
func TestAbort(t *testing.T) {
	for name, abort := range map[string]string{
		"plain": "ABOR\r\n", "telnet": "\xff\xf4\xff\xf2ABOR\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, nil)
			c := s.login(t, "joe")
			c.cmd("TYPE I", "200")
			d := c.data()
			c.cmd("STOU", "150 FILE: /docq/doc200.ps")
			if _, err := d.Write([]byte("%!PS half a doc")); err != nil {
				t.Fatal(err)
			}
			c.cmd("STAT", "213 Status: ")
			io.WriteString(c, abort)
			c.want("426 Operation aborted. Data connection closed.")
			c.want("226 Abort successful")
			if left := files(t, filepath.Join(s.dir, "docq"), "doc200"); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
			c.cmd("NOOP", "200")
			c.data()
			c.cmd("LIST doneq", "150") // the session goes on
			c.want("226")
		})
	}
}

// Telnet's urgent data, as HylaFAX's client sends it.
func TestAbortUrgent(t *testing.T) {
	s := newServer(t, nil)
	c := s.login(t, "joe")
	c.cmd("TYPE I", "200")
	c.data()
	c.cmd("STOT", "150")
	sendUrgent(t, c.Conn, []byte{255, 244, 255})
	io.WriteString(c, "\xf2ABOR\r\n")
	c.want("426")
	c.want("226")
}

// A client that dies in the middle of an upload leaves nothing.
func TestClientDies(t *testing.T) {
	s := newServer(t, nil)
	c := s.login(t, "joe")
	c.cmd("TYPE I", "200")
	d := c.data()
	c.cmd("STOU", "150")
	d.Write([]byte("%!PS half"))
	c.cmd("STAT", "213")
	c.Close()
	eventually(t, "removal", func() bool { return len(files(t, filepath.Join(s.dir, "docq"), "doc200")) == 0 })
	c = s.login(t, "joe")
	c.cmd("JNEW", "200")
	d = c.data()
	c.cmd("STOT", "150")
	d.Close()
	c.want("226")
	c.cmd("JPARM DOCUMENT /tmp/doc201.ps", "200")
	c.Close()
	eventually(t, "removal", func() bool {
		return len(files(t, filepath.Join(s.dir, "sendq"), "q100"))+len(files(t, filepath.Join(s.dir, "tmp"), "doc"))+
			len(files(t, filepath.Join(s.dir, "docq"), "doc201"))+len(files(t, filepath.Join(s.dir, "client"), "")) == 0
	})
}

// Lines that are no lines.
func TestBadLines(t *testing.T) {
	c := newServer(t, nil).login(t, "joe")
	c.cmd(strings.Repeat("x", 600), "500 'xxx")
	c.cmd(strings.Repeat("NOOP ", 100_000), "500")
	c.cmd("NOOP\x00", "500 'NOOP': Syntax error, NUL character")
	c.cmd("", "500 '': Syntax error, expecting command token.")
	c.cmd("JPARM TOUSER J\xf6rg \xff\xff", "213 TOUSER set to \"J\xf6rg \xff\xff\".")
	c.cmd(`JPARM TOUSER "two\012lines"`, "503 TOUSER must not contain line ends.")
	c.cmd("NOOP", "200")
	io.WriteString(c, "NOOP\nNOOP\r\nNOOP\n") // in one piece
	for range 3 {
		c.want("200")
	}
}

// A value of the spool cannot make a reply of its own.
func TestReplyInjection(t *testing.T) {
	s := newServer(t, nil)
	job := filepath.Join(s.dir, "sendq/q10")
	text, err := os.ReadFile(job)
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.Replace(text, []byte("status:No answer"), []byte("status:first\\\n200 second\r\\\nNo answer"), 1)
	if err := os.WriteFile(job, text, 0o644); err != nil {
		t.Fatal(err)
	}
	c := s.login(t, "joe")
	c.cmd("JOB 10", "200")
	c.cmd("JPARM STATUS", "213 first 200 second  No answer from remote")
	d := c.data()
	c.cmd("LIST sendq", "150")
	listing, _ := io.ReadAll(d)
	if strings.Count(string(listing), "\n") != 1 {
		t.Errorf("listing %q, want one line", listing)
	}
}

// Nobody sees what lies behind a symbolic link or outside the directories.
func TestSymbolicLinks(t *testing.T) {
	s := newServer(t, nil)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	os.Mkdir(filepath.Join(s.dir, "status/sub"), 0o755)
	os.WriteFile(filepath.Join(s.dir, "status/sub/file"), []byte("secret"), 0o644)
	os.Mkdir(filepath.Join(s.dir, "other"), 0o755)
	os.WriteFile(filepath.Join(s.dir, "other/file"), []byte("secret"), 0o644)
	for name, target := range map[string]string{
		"status/out": secret, "status/up": "../etc/hosts.hfaxd", "docq/doclink": "../etc/hosts.hfaxd",
		"recvq/faxlink.tif": "../recvq/fax000000002.tif", "status/dir": "/etc",
	} {
		if err := os.Symlink(target, filepath.Join(s.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	paths := []string{
		"status/out", "status/up", "docq/doclink", "recvq/faxlink.tif", "status/dir/passwd", "status/sub/file", "other/file",
		"/proc/self/environ", "status/../../etc/passwd", "status/../etc/hosts.hfaxd", "/status//../etc/hosts.hfaxd", "seqf",
		"sendq/q11", "log/private", "docq/doc5.tif.10", "docq/other", "recvq/fax000000002.tif", "sendq/../sendq/q11",
	}
	c := s.login(t, "ann")
	for _, p := range paths {
		if p == "sendq/q11" || p == "sendq/../sendq/q11" {
			continue // ann's own
		}
		c.cmd("RETR "+p, "550")
		if p != "log/private" && p != "docq/doc5.tif.10" { // listings show their size
			c.cmd("SIZE "+p, "550")
		}
	}
	c = s.login(t, "joe")
	c.cmd("RETR sendq/q11", "550")
	c.cmd("STAT sendq/q11", "550")
	c.cmd("CWD other", "550")
	c.cmd("CWD status/sub", "550")
	if r := c.cmd("CWD status/dir", "550"); r != "550 status/dir: Operation not permitted." {
		t.Errorf("a link out of the spool: %q", r)
	}
	c.cmd("STOR pollq/other", "550")
	c.cmd("STOR pollq/fax1", "425")
	c = s.login(t, "boss")
	c.cmd("ADMIN "+protocoltest.Password, "230")
	c.cmd("RETR status/out", "550") // not even administrators leave the spool
	c.cmd("RETR other/file", "550")
}

// PublicJobQ and PublicRecvQ open listings, and nothing more.
func TestPublicQueues(t *testing.T) {
	s := newServer(t, func(cfg *server.Config) {
		cfg.Settings = server.DefaultSettings()
		cfg.Settings.PublicJobQueue, cfg.Settings.PublicReceive = true, true
	})
	c := s.login(t, "joe")
	c.cmd(`JOBFMT "%j %o [%v]"`, "200")
	d := c.data()
	c.cmd("LIST sendq", "150")
	listing, _ := io.ReadAll(d)
	c.want("226")
	if want := "10 joe [9,555-1234]\r\n11 ann []\r\n"; string(listing) != want {
		t.Errorf("LIST sendq = %q, want %q", listing, want)
	}
	d = c.data()
	c.cmd("NLST recvq", "150")
	listing, _ = io.ReadAll(d)
	c.want("226")
	if want := "fax000000001.tif\r\nfax000000002.tif\r\n"; string(listing) != want {
		t.Errorf("NLST recvq = %q, want %q", listing, want)
	}
	c.cmd("RETR recvq/fax000000002.tif", "550")
	c.cmd("JOB 11", "200")
	c.cmd("JPARM DIALSTRING", "503 Permission denied: no read access")
	c.cmd("JKILL", "504")
}

// RETP sends each page as a file of its own.
func TestRetrievePage(t *testing.T) {
	c := newServer(t, nil).login(t, "joe")
	c.cmd("TYPE I", "200")
	page := func(command string) []byte {
		d := c.data()
		c.cmd(command, "150")
		data, err := io.ReadAll(d)
		if err != nil {
			t.Fatal(err)
		}
		c.want("226")
		return data
	}
	for i, data := range [][]byte{page("RETP recvq/fax000000001.tif"), page("RETP recvq/fax000000001.tif")} {
		if got := directories(data); got != 1 || !bytes.HasPrefix(data, []byte("II*\x00")) {
			t.Errorf("page %d: %d directories in %d octets", i, got, len(data))
		}
		if !bytes.Contains(data, []byte("+1.555.0199")) || !bytes.HasSuffix(data, []byte("\x00\x10\x01page")) {
			t.Errorf("page %d lacks its description or image", i)
		}
	}
	c.cmd("RETP recvq/fax000000001.tif", "550 recvq/fax000000001.tif: Unable to access directory 2.")
	d := c.data()
	c.cmd("REST 1", "350") // right before the command it is for
	c.cmd("RETP recvq/fax000000001.tif", "150")
	if data, err := io.ReadAll(d); err != nil || directories(data) != 1 {
		t.Errorf("REST 1 gives no page: %v", err)
	}
}

func directories(tiff []byte) int {
	n := 0
	for at := binary.LittleEndian.Uint32(tiff[4:]); at != 0 && n < 10; n++ {
		count := uint32(binary.LittleEndian.Uint16(tiff[at:]))
		at = binary.LittleEndian.Uint32(tiff[at+2+12*count:])
	}
	return n
}

// jobEvent is an event message as faxq writes it on this machine.
func jobEvent(number uint16, job, text string) string {
	body := make([]byte, 40)
	binary.NativeEndian.PutUint32(body[24:], 127)
	body = append(body, job+"\x005551234\x00ttyS0\x00000000009\x00"+text...)
	head := make([]byte, 16)
	head[0], head[1] = '!', ' '
	binary.NativeEndian.PutUint16(head[4:], uint16(16+len(body)))
	binary.NativeEndian.PutUint16(head[6:], number)
	binary.NativeEndian.PutUint64(head[8:], 1700000000)
	return string(head) + string(body)
}

// SITE TRIGGER shows events as they happen, until the client has enough.
func TestTrigger(t *testing.T) {
	s := newServer(t, nil)
	c := s.login(t, "joe")
	d := c.data()
	c.cmd("SITE TRIGGER J*S*", `150 Opening new data connection for trigger "J*S*".`)
	client := files(t, filepath.Join(s.dir, "client"), "")
	if len(client) != 1 {
		t.Fatalf("client FIFOs %v, want one", client)
	}
	tell := func(text string) { s.scheduler.Tell("client/"+client[0], text) }
	tell(jobEvent(7, "10", "")[:20]) // a message may come in pieces
	tell(jobEvent(7, "10", "")[20:])
	tell(jobEvent(16+3, "10", `3c,2,20c058,000000009,"docq/doc5.tif;10"`+"\x00"))
	in := bufio.NewReader(d)
	for _, want := range []string{
		"221320 107 JOB 10 (dest 5551234 pri 127 com 000000009): Activated",
		"221320 119 JOB 10 (dest 5551234 pri 127 com 000000009): SEND FAX: Page 2 sent in 0:01:00 (file docq/doc5.tif;10) " +
			"<A4, 3.85 line/mm, 2-D MMR, 28800 bit/s, 0 ms>",
	} {
		d.SetReadDeadline(time.Now().Add(10 * time.Second))
		line, err := in.ReadString('\n')
		if got := strings.TrimRight(line, "\r\n"); got != want {
			t.Errorf("event %q, %v, want %q", got, err, want)
		}
	}
	io.WriteString(c, "ABOR\r\n")
	c.want("426")
	c.want("226")
	c.cmd("NOOP", "200")
	eventually(t, "end of the trigger", func() bool {
		m := s.scheduler.Messages()
		return len(m) == 2 && m[0] == "TCLIENT:J*S*" && m[1] == "D17"
	})
}

// JWAIT ends with the job, or with ABOR.
func TestWait(t *testing.T) {
	s := newServer(t, nil)
	c := s.login(t, "joe")
	io.WriteString(c, "JWAIT 10\r\n")
	line, err := c.in.ReadString('\n')
	if err != nil || line != "216-Waiting for job 10; use ABOR command to interrupt.\r\n" {
		t.Fatalf("JWAIT: %q, %v", line, err)
	}
	io.WriteString(c, "ABOR\r\n")
	c.want("426")
	c.want("226")
	io.WriteString(c, "JWAIT 10\r\n")
	if line, err = c.in.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	other := s.login(t, "joe")
	other.cmd("JKILL 10", "200")
	client := files(t, filepath.Join(s.dir, "client"), "")
	for _, name := range client {
		s.scheduler.Tell("client/"+name, jobEvent(4, "10", ""))
	}
	c.want("216 Wait for job 10 completed.")
}

// A scheduler that is not there, or refuses.
func TestNoScheduler(t *testing.T) {
	s := newServer(t, nil)
	s.scheduler.Close()
	c := s.login(t, "joe")
	c.cmd("JSUSP 10", "460 Failed to suspend job 10: Unable to open scheduler FIFO: No such device or address.")
	d := c.data()
	c.cmd("LIST status", "150")
	listing, _ := io.ReadAll(d)
	if !strings.HasPrefix(string(listing), "HylaFAX scheduler on fax.example.com: Not running\r\n") {
		t.Errorf("LIST status = %q", listing)
	}
	s.scheduler, _ = protocoltest.StartScheduler(s.dir)
	t.Cleanup(s.scheduler.Close)
}

// SHUT writes the shutdown file; from then on only administrators are served.
func TestShutdown(t *testing.T) {
	s := newServer(t, nil)
	boss := s.login(t, "boss")
	boss.cmd("ADMIN "+protocoltest.Password, "230")
	past := time.Now().Add(-time.Hour).Format("200601021504")
	boss.cmd("SHUT "+past+` "gone fishing, back soon"`, "200 System shutdown scheduled for ")
	boss.cmd("NOOP", "200")
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	joe := &conn{t, c, bufio.NewReader(c), s}
	joe.want("220 fax.example.com HylaFAX server shut down; available only for admin use.")
	fmt.Fprint(joe, "USER joe\r\n")
	lines := joe.reply()
	if text := strings.Join(lines, "\n"); !strings.Contains(text, "230-gone fishing, back soon") {
		t.Errorf("login says %q, want the shutdown message", lines)
	}
	joe.cmd("NOOP", "221 Server shutting down.  Goodbye.")
	if _, err := joe.in.ReadByte(); err != io.EOF {
		t.Errorf("connection stays open: %v", err)
	}
	boss.cmd("DELE etc/shutdown", "250")
	s.login(t, "joe").cmd("NOOP", "200")
}

// Clients that only hold a connection are sent away.
func TestIdle(t *testing.T) {
	s := newServer(t, func(cfg *server.Config) {
		cfg.Settings = server.DefaultSettings()
		cfg.Settings.LoginTimeout = 50 * time.Millisecond
	})
	c := s.dial(t)
	io.WriteString(c, "US") // half a line is no command
	c.want("421 Timeout (0 seconds): closing control connection.")
	c = s.login(t, "joe")
	c.cmd("IDLE 0", "213")
	c.want("421")
}

func TestTooManyConnections(t *testing.T) {
	s := newServer(t, func(cfg *server.Config) {
		cfg.Settings = server.DefaultSettings()
		cfg.Settings.MaxConnections = 2
	})
	first := s.dial(t)
	s.dial(t)
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	third := &conn{t, c, bufio.NewReader(c), s}
	third.want("421 Too many connections")
	first.cmd("QUIT", "221")
	eventually(t, "a free place", func() bool {
		c, err := net.Dial("tcp", s.addr)
		if err != nil {
			return false
		}
		defer c.Close()
		line, _ := bufio.NewReader(c).ReadString('\n')
		return strings.HasPrefix(line, "220")
	})
}

// The failed attempts are counted.
func TestLoginAttempts(t *testing.T) {
	c := newServer(t, nil).dial(t)
	for range 4 {
		c.cmd("USER guest", "331")
		c.cmd("PASS wrong", "530 Login incorrect.")
	}
	c.cmd("USER guest", "331")
	c.cmd("PASS wrong", "530 Login incorrect (closing connection).")
	if _, err := c.in.ReadByte(); err != io.EOF {
		t.Errorf("connection stays open: %v", err)
	}
}

// Half-open data connections do not stall a session for good, nor others.
func TestDataConnectionElsewhere(t *testing.T) {
	s := newServer(t, nil)
	c := s.login(t, "joe")
	c.cmd("PORT 10,0,0,1,4,5", "500 PORT: 10.0.0.1 is not your address.")
	c.cmd("EPRT |1|10.0.0.1|80|", "500")
	c.cmd("LIST doneq", "425 Cannot build data connection: Connection refused.")
	c.cmd("PORT 127,0,0,1,0,1", "200")
	c.cmd("LIST doneq", "425 Cannot build data connection: Connection refused.")
	c.cmd("EPSV", "229")
	io.WriteString(c, "LIST doneq\r\n") // and nobody calls
	io.WriteString(c, "STAT\r\n")
	other := s.login(t, "ann")
	other.cmd("NOOP", "200")
	c.Close()
}

// A fuzzed stream of commands ends neither the server nor other sessions.
func FuzzSession(f *testing.F) {
	for _, seed := range []string{
		"USER joe\r\nJNEW\r\nJPARM\r\nQUIT\r\n", "USER joe\nPASV\nLIST\nEPSV\nRETR x\n", "\xff\xfd\x01HELP\r\n\x00\r\n",
		"USER boss\r\nADMIN Secret1\r\nSHUT NOW\r\nSITE CONFIG a b\r\nLIST etc\r\n", "USER joe\r\nJOBFMT \"%999999j\"\r\nSTAT sendq/q10\r\n",
		"USER joe\r\nREST 5\r\nSTOR docq/docx\r\nJPARM SENDTIME 999999999999\r\nJWAIT 5\r\n",
	} {
		f.Add([]byte(seed))
	}
	s := newServer(f, func(cfg *server.Config) {
		cfg.Settings = server.DefaultSettings()
		cfg.Settings.IdleTimeout, cfg.Settings.LoginTimeout = 100*time.Millisecond, 100*time.Millisecond
	})
	f.Fuzz(func(t *testing.T, stream []byte) {
		ours, theirs := net.Pipe()
		go func() {
			ours.SetDeadline(time.Now().Add(2 * time.Second))
			ours.Write(stream)
			ours.Write([]byte("\r\nQUIT\r\n"))
		}()
		go io.Copy(io.Discard, ours)
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.ServeConn(theirs, false)
		}()
		select {
		case <-done:
		case <-time.After(20 * time.Second):
			t.Error("session does not end")
		}
		ours.Close()
	})
}
