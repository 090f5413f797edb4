package daemon

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/litoria-fax/litoria/protocol/server"
)

// certificates reads certificates anew when their files change, so that they can be renewed without a
// restart. Which files these are is settled at the start.
type certificates struct {
	certificate, key, clientCA, userMap string
	required                            bool // of clients
	log                                 zerolog.Logger

	mu     sync.Mutex // guards what follows
	stamps [4]stamp
	loaded *tls.Config
	users  *certificateUsers
}

// stamp tells versions of a file apart; it is zero for a file that is not there.
type stamp struct {
	modified time.Time
	size     int64
}

// newCertificates takes the file names of the settings; relative ones lie below the spool.
func newCertificates(settings *server.Settings, spool string, log zerolog.Logger) *certificates {
	file := func(name string) string {
		if name == "" || filepath.IsAbs(name) {
			return name
		}
		return filepath.Join(spool, name)
	}
	return &certificates{
		certificate: file(settings.TLSCertificate), key: file(settings.TLSKey), clientCA: file(settings.TLSClientCA),
		userMap: file(settings.TLSUserMap), required: settings.TLSClientRequired, log: log,
	}
}

// config returns the configuration with the certificates of now.
func (c *certificates) config() (*tls.Config, error) {
	loaded, _, err := c.current()
	return loaded, err
}

// user returns the fax user whom TLSUserMap names for a client's certificate.
func (c *certificates) user(state *tls.ConnectionState) (string, bool) {
	_, users, err := c.current()
	if err != nil || users == nil || len(state.PeerCertificates) == 0 {
		return "", false
	}
	return users.find(state.PeerCertificates[0], users.verified(state))
}

// current reads what has changed. Files that cannot be read leave those of before in service.
func (c *certificates) current() (*tls.Config, *certificateUsers, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var stamps [4]stamp
	for i, name := range []string{c.certificate, c.key, c.clientCA, c.userMap} {
		if info, err := os.Stat(name); name != "" && err == nil {
			stamps[i] = stamp{info.ModTime(), info.Size()}
		}
	}
	if c.loaded != nil && stamps == c.stamps {
		return c.loaded, c.users, nil
	}
	loaded, users, err := c.load()
	switch {
	case err == nil:
		c.loaded, c.users = loaded, users
	case c.loaded == nil:
		return nil, nil, err
	default:
		c.log.Error().Err(err).Msg("TLS: files of before stay in service")
	}
	c.stamps = stamps
	return c.loaded, c.users, nil
}

// load reads all files.
func (c *certificates) load() (*tls.Config, *certificateUsers, error) {
	pair, err := tls.LoadX509KeyPair(c.certificate, c.key)
	if err != nil {
		return nil, nil, err
	}
	cfg := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	if c.clientCA == "" && c.userMap == "" {
		return cfg, nil, nil
	}
	users := &certificateUsers{required: c.required}
	if c.clientCA != "" {
		if users.roots, err = readPool(c.clientCA); err != nil {
			return nil, nil, err
		}
		cfg.ClientCAs = users.roots // tells clients which of theirs to show
	}
	if c.userMap != "" {
		if err := users.read(c.userMap); err != nil {
			return nil, nil, err
		}
	}
	// The library does not verify: certificates known by their fingerprints need lead to no authority.
	cfg.ClientAuth = tls.RequestClientCert
	if c.required {
		cfg.ClientAuth = tls.RequireAnyClientCert
	}
	cfg.VerifyConnection = users.verify
	return cfg, users, nil
}

func readPool(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: %w", file, errors.New("no certificates in the file"))
	}
	return pool, nil
}

// read reads a map of certificates to users.
func (u *certificateUsers) read(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := u.parse(io.LimitReader(f, maxUserMap)); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}
