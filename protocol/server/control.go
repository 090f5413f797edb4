package server

import (
	"bufio"
	"errors"
	"io"
	"net"
	"syscall"

	"github.com/litoria-fax/litoria/protocol"
)

// Telnet's octets on the control connection (RFC 854).
const (
	telnetIAC  = 255
	telnetDont = 254
	telnetDo   = 253
	telnetWont = 252
	telnetWill = 251
)

// Faults of a command line as a whole.
var (
	errLineTooLong = errors.New("line too long")
	errNUL         = errors.New("NUL character in the line")
)

// controlLine is a line of the control connection. err is a fault of the line, or what ended the
// connection where gone is set.
type controlLine struct {
	text string
	err  error
	gone bool
}

// control reads command lines while the session does something else: a transfer, or a wait for faxq.
// Otherwise the session reads them itself. The goroutine reads one line for each request, so that
// nothing is taken from the connection before TLS starts on it.
type control struct {
	requests chan controlRequest
	lines    chan controlLine
}

// controlRequest asks for a line; Telnet's questions are answered on the connection of now.
type controlRequest struct {
	in     *bufio.Reader
	answer io.Writer
}

func newControl() *control {
	c := &control{requests: make(chan controlRequest), lines: make(chan controlLine, 1)}
	go c.run()
	return c
}

// run ends when requests is closed or the connection ends.
func (c *control) run() {
	for r := range c.requests {
		line := readControlLine(r.in, r.answer)
		c.lines <- line
		if line.gone {
			return
		}
	}
}

// readControlLine reads a line without its line end. Telnet commands are taken out: options are
// refused, Interrupt Process and Data Mark have done their work when they arrive.
func readControlLine(r *bufio.Reader, answer io.Writer) controlLine {
	var line []byte
	fault := error(nil)
	for {
		b, err := r.ReadByte()
		if err == nil && b == telnetIAC {
			var data bool
			if b, data, err = telnetCommand(r, answer); err == nil && !data {
				continue
			}
		}
		switch {
		case err != nil:
			return controlLine{err: err, gone: true}
		case b == '\n':
			if n := len(line); n > 0 && line[n-1] == '\r' {
				line = line[:n-1]
			}
			return controlLine{text: string(line), err: fault}
		case len(line) > protocol.MaxLine:
			fault = errLineTooLong // keep what there is, skip the rest
			continue
		case b == 0:
			fault = errNUL
			continue
		}
		line = append(line, b)
	}
}

// telnetCommand reads what follows IAC. It returns an octet of data where IAC was doubled.
func telnetCommand(r *bufio.Reader, answer io.Writer) (b byte, data bool, err error) {
	if b, err = r.ReadByte(); err != nil {
		return 0, false, err
	}
	switch b {
	case telnetIAC:
		return b, true, nil
	case telnetWill, telnetWont, telnetDo, telnetDont:
		option, err := r.ReadByte()
		if err != nil {
			return 0, false, err
		}
		refusal := byte(telnetWont)
		if b == telnetWill || b == telnetWont {
			refusal = telnetDont
		}
		_, err = answer.Write([]byte{telnetIAC, refusal, option})
		return 0, false, err
	}
	return 0, false, nil
}

// hungUp reports whether the other end has closed a connection, without taking anything from it.
func hungUp(conn net.Conn) bool {
	if below, ok := conn.(interface{ NetConn() net.Conn }); ok { // TLS
		conn = below.NetConn()
	}
	if c, ok := conn.(syscall.Conn); ok {
		return peekEnd(c)
	}
	return false
}

// remoteIP returns the address of the other end without its port.
func remoteIP(conn net.Conn) string {
	host, _, err := net.SplitHostPort(conn.RemoteAddr().String())
	if err != nil {
		return conn.RemoteAddr().String()
	}
	return host
}
