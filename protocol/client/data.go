package client

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/litoria-fax/litoria/protocol"
)

// dataConn is the data connection of the next transfer: a listener for the server (active), or the
// address to call (passive).
type dataConn struct {
	listener *net.TCPListener
	conn     net.Conn
}

func (d *dataConn) close() {
	if d.listener != nil {
		d.listener.Close()
		d.listener = nil
	}
	if d.conn != nil {
		d.conn.Close()
		d.conn = nil
	}
}

// prepareData tells the server how the data of the next transfer travel.
func (c *Client) prepareData() error {
	c.data.close()
	if c.cfg.Passive {
		return c.preparePassive()
	}
	return c.prepareActive()
}

// prepareActive listens on the address that the control connection has, and names it to the server.
func (c *Client) prepareActive() error {
	local, ok := c.conn.LocalAddr().(*net.TCPAddr)
	if !ok {
		return fmt.Errorf("client: no data connections over %s", c.conn.LocalAddr().Network())
	}
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: local.IP, Zone: local.Zone})
	if err != nil {
		return fmt.Errorf("listen for the data connection: %w", err)
	}
	c.data.listener = l
	port := l.Addr().(*net.TCPAddr).Port
	if ip := local.IP.To4(); ip != nil {
		_, err = c.Commandf("PORT %d,%d,%d,%d,%d,%d", ip[0], ip[1], ip[2], ip[3], port>>8, port&255)
	} else {
		_, err = c.Commandf("EPRT |2|%s|%d|", local.IP, port)
	}
	if err != nil {
		c.data.close()
	}
	return err
}

// preparePassive asks the server for a port and calls it at once, as HylaFAX's server accepts the
// call only when the transfer begins. The address is always that of the control connection.
func (c *Client) preparePassive() error {
	port, err := c.passivePort()
	if err != nil {
		return err
	}
	host, _, err := net.SplitHostPort(c.conn.RemoteAddr().String())
	if err != nil {
		return err
	}
	d := net.Dialer{Timeout: c.cfg.Timeout}
	conn, err := d.Dial("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return fmt.Errorf("Can not reach server at %s at port %d (%w)", host, port, err) //nolint:staticcheck // HylaFAX's words
	}
	c.data.conn = conn
	return nil
}

func (c *Client) passivePort() (int, error) {
	r, err := c.Command("EPSV")
	if err == nil {
		return parseExtendedPassive(r.Text)
	}
	if protocol.CodeOf(err) < 500 {
		return 0, err
	}
	if r, err = c.Command("PASV"); err != nil {
		return 0, err
	}
	return parsePassive(r.Text)
}

var errPassiveReply = errors.New("client: passive mode reply without a port")

// parseExtendedPassive reads the port of a 229 reply: (|||port|) with any delimiter (RFC 2428, 3).
func parseExtendedPassive(text string) (int, error) {
	open := strings.IndexByte(text, '(')
	end := strings.IndexByte(text, ')')
	if open < 0 || end < open+6 {
		return 0, errPassiveReply
	}
	delimiter := text[open+1 : open+2]
	fields := strings.Split(text[open+1:end], delimiter)
	if len(fields) != 5 {
		return 0, errPassiveReply
	}
	port, err := strconv.ParseUint(fields[3], 10, 16)
	if err != nil || port == 0 {
		return 0, errPassiveReply
	}
	return int(port), nil
}

// parsePassive reads the port of a 227 reply: six numbers.
func parsePassive(text string) (int, error) {
	open := strings.IndexAny(text, "0123456789")
	if open < 0 {
		return 0, errPassiveReply
	}
	fields := strings.Split(strings.TrimRight(text[open:], ") ."), ",")
	if len(fields) != 6 {
		return 0, errPassiveReply
	}
	high, err1 := strconv.ParseUint(fields[4], 10, 8)
	low, err2 := strconv.ParseUint(fields[5], 10, 8)
	if err1 != nil || err2 != nil || high<<8+low == 0 {
		return 0, errPassiveReply
	}
	return int(high<<8 + low), nil
}

// openData completes the data connection after the server's preliminary reply.
func (c *Client) openData() (net.Conn, error) {
	if c.data.listener != nil {
		if err := c.data.listener.SetDeadline(time.Now().Add(c.cfg.Timeout)); err != nil {
			return nil, err
		}
		conn, err := c.acceptFromServer()
		if err != nil {
			c.data.close()
			return nil, fmt.Errorf("data connection: %w", err)
		}
		c.data.close()
		c.data.conn = conn
	}
	conn := c.data.conn
	if conn == nil {
		return nil, errors.New("client: no data connection prepared")
	}
	if c.cfg.Security != Clear {
		conn = tls.Client(conn, c.tlsConfig())
		c.data.conn = conn
	}
	return conn, nil
}

// acceptFromServer accepts the call of the server and hangs up on anybody else.
func (c *Client) acceptFromServer() (net.Conn, error) {
	want, err := netip.ParseAddrPort(c.conn.RemoteAddr().String())
	if err != nil {
		return nil, err
	}
	for {
		conn, err := c.data.listener.Accept()
		if err != nil {
			return nil, err
		}
		got, err := netip.ParseAddrPort(conn.RemoteAddr().String())
		if err == nil && got.Addr().Unmap() == want.Addr().Unmap() {
			return conn, nil
		}
		conn.Close()
	}
}
