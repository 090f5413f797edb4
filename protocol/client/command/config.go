package command

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/litoria-fax/litoria/protocol"
	"github.com/litoria-fax/litoria/protocol/client"
)

// base is what all commands know: the server, and how to print.
type base struct {
	env     *Env
	name    string // of the command, for messages
	host    string
	port    string
	modem   string
	passive bool
	local   bool // times in the server's zone
	verbose bool

	security            client.Security
	tlsCA, tlsCert, key string

	formats map[string]string // JOBFMT and the like, where they are configured
}

func newBase(env *Env, name string) *base {
	return &base{env: env, name: name, formats: map[string]string{}}
}

// setHost takes [modem@]host[:port], also with a bracketed IPv6 address.
func (b *base) setHost(s string) error {
	if modem, rest, ok := strings.Cut(s, "@"); ok {
		b.modem, s = modem, rest
	}
	switch {
	case strings.HasPrefix(s, "["):
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return fmt.Errorf("Couldn't parse IPv6 ip address string: %q", s) //nolint:staticcheck // HylaFAX's words
		}
		b.host = s[1:end]
		if port, ok := strings.CutPrefix(s[end+1:], ":"); ok {
			b.port = port
		}
	case strings.Count(s, ":") == 1:
		b.host, b.port, _ = strings.Cut(s, ":")
	default:
		b.host = s
	}
	return nil
}

// set sets a parameter of a configuration file; ok is false for one that is not the base's.
func (b *base) set(item protocol.ConfigItem) (ok bool, err error) {
	if format, isFormat := formatTags()[item.Tag]; isFormat {
		b.formats[format] = item.Value
		return true, nil
	}
	switch item.Tag {
	case "host":
		b.host = item.Value
	case "port":
		b.port = item.Value
	case "modem":
		b.modem = item.Value
	case "protocol":
		if !strings.EqualFold(item.Value, "tcp") {
			return true, fmt.Errorf("Protocol: %s is not supported, only tcp is", item.Value)
		}
	case "passivemode":
		b.passive = isTrue(item.Value)
	case "timezone", "tzone":
		b.local = strings.EqualFold(item.Value, "local")
	case "verbose":
		b.verbose = isTrue(item.Value)
	case "tls":
		return true, b.setTLS(item.Value)
	case "tlsca":
		b.tlsCA = item.Value
	case "tlscertificate":
		b.tlsCert = item.Value
	case "tlskey":
		b.key = item.Value
	default:
		return false, nil
	}
	return true, nil
}

func formatTags() map[string]string {
	return map[string]string{
		"jobfmt": "JOBFMT", "rcvfmt": "RCVFMT", "modemfmt": "MDMFMT", "filefmt": "FILEFMT",
		"jobsortfmt": "JOBSORTFMT", "rcvsortfmt": "RCVSORTFMT", "modemsortfmt": "MDMSORTFMT", "filesortfmt": "FILESORTFMT",
	}
}

func isTrue(value string) bool {
	switch strings.ToLower(value) {
	case "on", "yes", "true":
		return true
	}
	return false
}

// setTLS takes the value of TLS: no, yes (AUTH TLS) or implicit.
func (b *base) setTLS(value string) error {
	switch strings.ToLower(value) {
	case "no", "off", "false":
		b.security = client.Clear
	case "yes", "on", "true", "explicit":
		b.security = client.ExplicitTLS
	case "implicit":
		b.security = client.ImplicitTLS
	default:
		return fmt.Errorf("TLS: %q is none of no, yes, implicit", value)
	}
	return nil
}

// readConfig reads the configuration files that exist, the user's last, and hands each line to set.
// Lines that nobody knows are ignored, as the files are shared by all programs.
func (b *base) readConfig(set func(protocol.ConfigItem) (bool, error), files ...string) {
	var paths []string
	for _, f := range files {
		paths = append(paths, filepath.Join(b.env.ConfigDir, f))
	}
	if b.env.HomeDir != "" {
		paths = append(paths, filepath.Join(b.env.HomeDir, ".hylarc"))
	}
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			continue // most are not there
		}
		err = protocol.ReadConfig(f, func(item protocol.ConfigItem) error {
			_, err := set(item)
			return err
		})
		f.Close()
		if err != nil {
			b.env.warnf("%s: %v", path, err)
		}
	}
}

// setItem takes a configuration line of the command line (-O).
func (b *base) setItem(line string, set func(protocol.ConfigItem) (bool, error)) error {
	item, ok, err := protocol.ParseConfigLine(line)
	if err != nil || !ok {
		return err
	}
	if ok, err = set(item); err == nil && !ok {
		b.env.warnf("unknown configuration parameter %q", item.Tag)
	}
	return err
}

// connect calls the server.
func (b *base) connect(ctx context.Context) (*client.Client, error) {
	if err := b.chooseServer(); err != nil {
		return nil, err
	}
	cfg := client.Config{Host: b.host, Port: b.port, Passive: b.passive, Security: b.security}
	if b.verbose {
		cfg.Trace = func(line string) { b.env.printf("%s\n", line) }
	}
	if b.security != client.Clear {
		var err error
		if cfg.TLS, err = b.tlsConfig(); err != nil {
			return nil, err
		}
	}
	c, err := client.Dial(ctx, cfg)
	if err != nil {
		return nil, b.unreachable(err)
	}
	return c, nil
}

// unreachable tells why the server cannot be reached, in HylaFAX's sentence.
func (b *base) unreachable(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return fmt.Errorf("Can not reach service %s at host \"%s\": %w.", b.service(), b.host, op.Err) //nolint:staticcheck,revive // HylaFAX's words
	}
	return err
}

func (b *base) service() string {
	if b.port == "" {
		return "hylafax"
	}
	return b.port
}

// chooseServer takes the server from the environment where it was not given: FAXSERVER and FAXSERVICE as
// HylaFAX, and MODEM, which is an addition.
func (b *base) chooseServer() error {
	if server := b.env.Getenv("FAXSERVER"); b.host == "" && server != "" {
		modem := b.modem
		if err := b.setHost(server); err != nil {
			return err
		}
		if modem != "" {
			b.modem = modem
		}
	}
	if b.port == "" {
		b.port, _, _ = strings.Cut(b.env.Getenv("FAXSERVICE"), "/")
	}
	if b.modem == "" {
		b.modem = b.env.Getenv("MODEM")
	}
	if b.host == "" {
		b.host = "localhost"
	}
	return nil
}

func (b *base) tlsConfig() (*tls.Config, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: b.host}
	if b.tlsCA != "" {
		pem, err := os.ReadFile(b.env.expand(b.tlsCA))
		if err != nil {
			return nil, fmt.Errorf("TLSCA: %w", err)
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("TLSCA: no certificates in %s", b.tlsCA)
		}
	}
	if b.tlsCert != "" {
		pair, err := tls.LoadX509KeyPair(b.env.expand(b.tlsCert), b.env.expand(b.key))
		if err != nil {
			return nil, fmt.Errorf("TLSCertificate: %w", err)
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	return cfg, nil
}

// user is the name to log in with.
func (b *base) user() (string, error) {
	if name := b.env.Getenv("FAXUSER"); name != "" {
		return name, nil
	}
	if b.env.LoginName == "" {
		return "", errors.New("Can not locate your password entry; set FAXUSER") //nolint:staticcheck // HylaFAX's words
	}
	return b.env.LoginName, nil
}

// login logs in, as the given user if there is one, and chooses the zone of times.
func (b *base) login(c *client.Client, name string) error {
	if name == "" {
		var err error
		if name, err = b.user(); err != nil {
			return err
		}
	}
	if err := c.Login(name, b.env.Password); err != nil {
		return err
	}
	if b.local {
		return c.SetLocalTime(true)
	}
	return nil
}

// adminLogin gains administrative privileges. FAXADMIN, an addition to HylaFAX's variables, holds the
// password for programs that run without a person.
func (b *base) adminLogin(c *client.Client) error {
	if password := b.env.Getenv("FAXADMIN"); password != "" {
		return c.Admin(password)
	}
	password, err := b.env.Password("Password:")
	if err != nil {
		return err
	}
	return c.Admin(password)
}
