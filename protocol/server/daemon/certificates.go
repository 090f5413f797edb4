package daemon

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/litoria-fax/litoria/protocol/server"
)

// certificates reads the certificate anew when its file changes, so that it can be renewed without a
// restart.
type certificates struct {
	certificate, key, clientCA string

	mu     sync.Mutex // guards what follows
	read   time.Time
	loaded *tls.Config
}

// newCertificates takes the file names of the settings; relative ones lie below the spool.
func newCertificates(settings *server.Settings, spool string) *certificates {
	file := func(name string) string {
		if name == "" || filepath.IsAbs(name) {
			return name
		}
		return filepath.Join(spool, name)
	}
	return &certificates{
		certificate: file(settings.TLSCertificate), key: file(settings.TLSKey), clientCA: file(settings.TLSClientCA),
	}
}

// config returns the configuration with the certificate of now.
func (c *certificates) config() (*tls.Config, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	info, err := os.Stat(c.certificate)
	if err != nil {
		return c.kept(err)
	}
	if c.loaded != nil && info.ModTime().Equal(c.read) {
		return c.loaded, nil
	}
	pair, err := tls.LoadX509KeyPair(c.certificate, c.key)
	if err != nil {
		return c.kept(err)
	}
	cfg := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	if c.clientCA != "" {
		if cfg.ClientCAs, err = readPool(c.clientCA); err != nil {
			return c.kept(err)
		}
		cfg.ClientAuth = tls.RequireAndVerifyClientCert
	}
	c.loaded, c.read = cfg, info.ModTime()
	return cfg, nil
}

// kept returns the configuration of before, if there is one, where the files cannot be read just now.
func (c *certificates) kept(err error) (*tls.Config, error) {
	if c.loaded != nil {
		return c.loaded, nil
	}
	return nil, err
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
