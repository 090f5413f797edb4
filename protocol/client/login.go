package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"

	"github.com/litoria-fax/litoria/protocol"
)

// Password is asked for a password when a server wants one.
type Password func(prompt string) (string, error)

// ErrNoPassword is returned where a server wants a password and there is nobody to ask.
var ErrNoPassword = errors.New("the server wants a password")

// Login logs the user in. The password function, which may be nil, is called only if the server
// wants one.
func (c *Client) Login(user string, password Password) error {
	if user == "" {
		return errors.New("Malformed (null) username") //nolint:staticcheck // HylaFAX's words
	}
	r, err := c.Command("USER " + argument(user))
	if err == nil && r.Code.Intermediate() {
		if password == nil {
			return fmt.Errorf("Login failed: %w", ErrNoPassword) //nolint:staticcheck // HylaFAX's words
		}
		var pass string
		if pass, err = password("Password:"); err != nil {
			return err
		}
		r, err = c.Command("PASS " + argument(pass))
	}
	if err != nil {
		return fmt.Errorf("Login failed: %w", err) //nolint:staticcheck // HylaFAX's words
	}
	if !r.Code.Complete() {
		return fmt.Errorf("Login failed: %w", r.err()) //nolint:staticcheck // HylaFAX's words
	}
	return nil
}

// Admin gains administrative privileges for the session.
func (c *Client) Admin(password string) error {
	if _, err := c.Command("ADMIN " + argument(password)); err != nil {
		return fmt.Errorf("Admin failed: %w", err) //nolint:staticcheck // HylaFAX's words
	}
	return nil
}

// argument writes a word as it is where that is possible, else quoted.
func argument(s string) string {
	if q := protocol.Quote(s); s == "" || len(q) != len(s)+2 || !plainWord(s) {
		return q
	}
	return s
}

func plainWord(s string) bool {
	for i := range len(s) {
		if s[i] == ' ' || s[i] == ',' {
			return false
		}
	}
	return true
}

// authTLS protects the session (RFC 4217) and asks that data connections be protected too.
func (c *Client) authTLS(ctx context.Context) error {
	if _, err := c.Command("AUTH TLS"); err != nil {
		return fmt.Errorf("the server offers no TLS: %w", err)
	}
	if c.in.Buffered() > 0 { // what came before the handshake must not pass for protected
		return errors.New("client: the server sent data before the TLS handshake")
	}
	if err := c.startTLS(ctx); err != nil {
		return err
	}
	c.in.Reset(c.conn)
	if _, err := c.Command("PBSZ 0"); err != nil {
		return err
	}
	_, err := c.Command("PROT P")
	return err
}

func (c *Client) startTLS(ctx context.Context) error {
	conn := tls.Client(c.conn, c.tlsConfig())
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		return fmt.Errorf("TLS with %s: %w", c.cfg.Host, err)
	}
	c.conn = conn
	return nil
}

func (c *Client) tlsConfig() *tls.Config {
	cfg := c.cfg.TLS.Clone()
	if cfg == nil {
		cfg = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if cfg.ServerName == "" {
		cfg.ServerName = c.cfg.Host
	}
	return cfg
}
