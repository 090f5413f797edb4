// Package client speaks the HylaFAX client-server protocol (hfaxd(8)) to any hfaxd: log in, upload
// documents, make and submit jobs, watch, alter, remove and list them, fetch received faxes. It is
// what the commands sendfax, faxstat, faxrm and faxalter are made of.
//
// A Client is one session on one connection and is used by one goroutine at a time. Errors that the
// server reports are *protocol.Error values; their text starts with the reply code.
//
// The package is not a command line: options, configuration files and the preparation of documents
// are in package client/command.
package client

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/litoria-fax/litoria/protocol"
)

// Limits of this implementation.
const (
	// DefaultTimeout is how long to wait for the connection and for each reply.
	DefaultTimeout = 60 * time.Second
	// maxReplyLine is the longest line of a reply that is accepted.
	maxReplyLine = 64 << 10
	// maxReplyLines is the most lines of one reply that are accepted.
	maxReplyLines = 100_000
	// maxWarnings is how many preliminary replies may come before the greeting.
	maxWarnings = 100
)

// ErrLostServer is returned where the server closes the connection unasked; HylaFAX's clients say
// the same words.
var ErrLostServer = errors.New("Service not available, remote server closed connection") //nolint:staticcheck // HylaFAX's words

// Security says how the session is protected by TLS.
type Security uint8

// The kinds of protection.
const (
	Clear       Security = iota // as HylaFAX's hfaxd, which knows nothing else
	ExplicitTLS                 // AUTH TLS on the ordinary port (RFC 4217)
	ImplicitTLS                 // TLS from the first octet, on a port of its own
)

// Config says which server to talk to and how. The zero value is the server on this machine.
type Config struct {
	Host     string        // name or address; "" is localhost
	Port     string        // number or service name; "" is 4559
	Passive  bool          // data connections are made by the client (PASV, EPSV), not the server
	Security Security      // TLS, if any
	TLS      *tls.Config   // certificates and names to trust; nil for the system's
	Timeout  time.Duration // 0 for DefaultTimeout
	// Trace, if set, is told every line that is exchanged, "-> " before those sent. Passwords are
	// replaced by XXXX.
	Trace func(line string)
}

// Client is a session with an hfaxd.
type Client struct {
	cfg    Config
	conn   net.Conn
	in     *bufio.Reader
	closed bool
	data   dataConn

	// What the server was last told, so that it is told only changes.
	kind, mode, form string
	job              string

	last Reply
}

// Reply is what the server answers to a command.
type Reply struct {
	Code  protocol.Code
	Text  string   // last line, without the code
	Lines []string // lines before the last one, without the code where they have it
}

func (r Reply) err() error { return &protocol.Error{Code: r.Code, Text: r.Text} }

// Dial connects to a server and waits for its greeting.
func Dial(ctx context.Context, cfg Config) (*Client, error) {
	if cfg.Host == "" {
		cfg.Host = "localhost"
	}
	if cfg.Port == "" {
		cfg.Port = strconv.Itoa(protocol.DefaultPort)
	}
	if cfg.Port == "hylafax" { // not in every services(5)
		cfg.Port = strconv.Itoa(protocol.DefaultPort)
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	d := net.Dialer{Timeout: cfg.Timeout}
	conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort(cfg.Host, cfg.Port))
	if err != nil {
		return nil, fmt.Errorf("Can not reach service %s at host %q: %w", cfg.Port, cfg.Host, err) //nolint:staticcheck // HylaFAX's words
	}
	c, err := NewClient(ctx, conn, cfg)
	if err != nil {
		conn.Close()
		return nil, err
	}
	return c, nil
}

// NewClient starts a session on a connection that exists already.
func NewClient(ctx context.Context, conn net.Conn, cfg Config) (*Client, error) {
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	c := &Client{cfg: cfg, conn: conn}
	c.resetState()
	if cfg.Security == ImplicitTLS {
		if err := c.startTLS(ctx); err != nil {
			return nil, err
		}
	}
	c.in = bufio.NewReaderSize(c.conn, 4096)
	if err := c.greeting(); err != nil {
		return nil, err
	}
	if cfg.Security == ExplicitTLS {
		if err := c.authTLS(ctx); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// resetState forgets what the server was told: it is in its initial state.
func (c *Client) resetState() {
	c.kind, c.mode, c.form, c.job = "A", "S", "PS", protocol.DefaultJob
}

func (c *Client) greeting() error {
	for range maxWarnings {
		r, err := c.readReply()
		if err != nil {
			return err
		}
		if r.Code.Preliminary() {
			continue
		}
		if !r.Code.Complete() {
			return r.err()
		}
		return nil
	}
	return errors.New("client: no greeting from the server")
}

func (c *Client) trace(format string, args ...any) {
	if c.cfg.Trace != nil {
		c.cfg.Trace(fmt.Sprintf(format, args...))
	}
}

// Close says goodbye and ends the session.
func (c *Client) Close() error {
	if c.closed {
		return nil
	}
	c.data.close()
	c.closed = true
	return c.conn.Close()
}

// Quit ends the session in order: the server confirms that it is done.
func (c *Client) Quit() error {
	if c.closed {
		return nil
	}
	_, err := c.Command("QUIT")
	if errors.Is(err, ErrLostServer) {
		err = nil
	}
	return errors.Join(err, c.Close())
}

// Command sends a command line and returns the reply. A negative reply comes back as a
// *protocol.Error; a preliminary one (1xx) and an intermediate one (3xx) do not.
func (c *Client) Command(line string) (Reply, error) {
	if err := c.send(line); err != nil {
		return Reply{}, err
	}
	r, err := c.readReply()
	if err != nil {
		return r, err
	}
	if r.Code.Class() > 3 {
		return r, r.err()
	}
	return r, nil
}

// Commandf is Command with a format.
func (c *Client) Commandf(format string, args ...any) (Reply, error) {
	return c.Command(fmt.Sprintf(format, args...))
}

func (c *Client) send(line string) error {
	if c.closed {
		return net.ErrClosed
	}
	if strings.ContainsAny(line, "\r\n") {
		return errors.New("client: a command is one line")
	}
	if len(line) > protocol.MaxLine {
		return fmt.Errorf("client: command of %d characters; servers take at most %d", len(line), protocol.MaxLine)
	}
	shown := line
	for _, secret := range []string{"PASS ", "ADMIN "} {
		if strings.HasPrefix(line, secret) {
			shown = secret + "XXXX"
		}
	}
	c.trace("-> %s", shown)
	if err := c.conn.SetWriteDeadline(time.Now().Add(c.cfg.Timeout)); err != nil {
		return err
	}
	_, err := io.WriteString(c.conn, strings.ReplaceAll(line, "\xff", "\xff\xff")+"\r\n")
	return err
}

// readReply reads a reply of one or more lines and remembers it.
func (c *Client) readReply() (Reply, error) { return c.readReplyWithin(c.cfg.Timeout) }

func (c *Client) readReplyWithin(wait time.Duration) (Reply, error) {
	deadline := time.Time{}
	if wait > 0 {
		deadline = time.Now().Add(wait)
	}
	if err := c.conn.SetReadDeadline(deadline); err != nil {
		return Reply{}, err
	}
	r := Reply{}
	first := protocol.Code(0)
	for range maxReplyLines {
		line, err := c.readLine()
		if err != nil {
			return r, c.lost(err)
		}
		c.trace("%s", line)
		code, more, text := splitReply(line)
		if code != 0 && !more && (first == 0 || code == first) {
			r.Code, r.Text = code, text
			c.last = r
			if code == protocol.CodeTimeout {
				c.Close()
			}
			return r, nil
		}
		if first == 0 && code != 0 {
			first = code
		}
		if first != 0 {
			r.Lines = append(r.Lines, text)
		}
	}
	return r, errors.New("client: reply without end")
}

func (c *Client) lost(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("client: no reply from the server within %v", c.cfg.Timeout)
	}
	c.Close()
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) {
		return ErrLostServer
	}
	return fmt.Errorf("%w: %w", ErrLostServer, err)
}

// splitReply parses a line of a reply. Lines inside of a reply need no code.
func splitReply(line string) (code protocol.Code, more bool, text string) {
	if len(line) < 3 {
		return 0, false, line
	}
	for i := range 3 {
		if line[i] < '0' || line[i] > '9' {
			return 0, false, line
		}
		code = code*10 + protocol.Code(line[i]-'0')
	}
	switch {
	case len(line) == 3:
		return code, false, ""
	case line[3] == ' ', line[3] == '-':
		return code, line[3] == '-', line[4:]
	}
	return 0, false, line
}

// Telnet's octets on the control connection (RFC 854).
const (
	telnetIAC  = 255
	telnetDont = 254
	telnetDo   = 253
	telnetWont = 252
	telnetWill = 251
	telnetDM   = 242
	telnetIP   = 244
)

// readLine reads a line without its line end. Telnet options that a server offers are refused.
func (c *Client) readLine() (string, error) {
	var line []byte
	for {
		b, err := c.in.ReadByte()
		if err != nil {
			return "", err
		}
		if b == telnetIAC {
			if b, err = c.in.ReadByte(); err != nil {
				return "", err
			}
			if b != telnetIAC {
				if err := c.refuseOption(b); err != nil {
					return "", err
				}
				continue
			}
		}
		if b == '\n' {
			return strings.TrimSuffix(string(line), "\r"), nil
		}
		if len(line) >= maxReplyLine {
			return "", fmt.Errorf("client: line of a reply longer than %d octets", maxReplyLine)
		}
		line = append(line, b)
	}
}

func (c *Client) refuseOption(verb byte) error {
	if verb < telnetWill || verb > telnetDont {
		return nil
	}
	option, err := c.in.ReadByte()
	if err != nil {
		return err
	}
	answer := byte(telnetWont)
	if verb == telnetWill || verb == telnetWont {
		answer = telnetDont
	}
	_, err = c.conn.Write([]byte{telnetIAC, answer, option})
	return err
}

// LastReply returns the last reply of the server, for messages to people.
func (c *Client) LastReply() Reply { return c.last }
