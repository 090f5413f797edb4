package iax

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
)

// ReadPrivateKey reads an RSA private key in PEM form without a pass phrase, as
// Asterisk keeps it in keys/NAME.key.
func ReadPrivateKey(path string) (*rsa.PrivateKey, error) {
	der, err := readPEM(path)
	if err != nil {
		return nil, err
	}
	if k, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return k, nil
	}
	any, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("iax: %s holds no RSA private key that can be read (is it protected by a pass phrase?): %w", path, err)
	}
	k, ok := any.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("iax: %s holds a private key that is not RSA", path)
	}
	return k, nil
}

// ReadPublicKey reads an RSA public key in PEM form, as Asterisk keeps it in
// keys/NAME.pub.
func ReadPublicKey(path string) (*rsa.PublicKey, error) {
	der, err := readPEM(path)
	if err != nil {
		return nil, err
	}
	if k, err := x509.ParsePKCS1PublicKey(der); err == nil {
		return k, nil
	}
	any, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, fmt.Errorf("iax: %s holds no public key that can be read: %w", path, err)
	}
	k, ok := any.(*rsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("iax: %s holds a public key that is not RSA", path)
	}
	return k, nil
}

var errNoPEM = errors.New("no PEM block in it")

func readPEM(path string) ([]byte, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the administrator names the file
	if err != nil {
		return nil, fmt.Errorf("iax: key: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("iax: key %s: %w", path, errNoPEM)
	}
	return block.Bytes, nil
}
