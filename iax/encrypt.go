package iax

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"io"
)

// encryptAES128 is the bit of the ENCRYPTION element (RFC 5456 8.6.34).
const encryptAES128 = 1 << 0

var errDecrypt = errors.New("iax: frame cannot be decrypted")

// cipherPair encrypts and decrypts the frames of a call as Asterisk does: the
// call numbers stay in the clear (four octets of a full frame, two of a mini
// frame), the rest is AES-128 in CBC mode with an initial vector of zeros. 16 to
// 31 octets of padding stand before the plain text; the low four bits of octet
// 15 tell how many more than 16.
type cipherPair struct {
	block  cipher.Block
	random io.Reader
	work   []byte
}

// newCipher makes the cipher of a call from the challenge and the secret (RFC
// 5456 8.6.34: the key is the MD5 sum that also authenticates).
func newCipher(challenge, secret string, random io.Reader) *cipherPair {
	key := md5.Sum([]byte(challenge + secret)) //nolint:gosec // the protocol's choice
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic("iax: a key of 16 octets is refused: " + err.Error())
	}
	return &cipherPair{block: block, random: random}
}

// clearHead is how many octets of a frame stay in the clear.
func clearHead(frame []byte) int {
	if frame[0]&0x80 != 0 {
		return 4
	}
	return 2
}

// seal appends the encrypted frame to dst.
func (c *cipherPair) seal(dst, frame []byte) []byte {
	head := clearHead(frame)
	plain := frame[head:]
	padding := aes.BlockSize + (aes.BlockSize-len(plain)%aes.BlockSize)%aes.BlockSize
	dst = append(dst, frame[:head]...)
	start := len(dst)
	var pad [2 * aes.BlockSize]byte
	_, _ = io.ReadFull(c.random, pad[:padding]) // no randomness: zeros still hide nothing but repetition
	pad[15] = pad[15]&0xf0 | byte(padding&0x0f)
	dst = append(append(dst, pad[:padding]...), plain...)
	var iv [aes.BlockSize]byte
	cipher.NewCBCEncrypter(c.block, iv[:]).CryptBlocks(dst[start:], dst[start:])
	return dst
}

// open decrypts a frame in place and returns it shortened.
func (c *cipherPair) open(frame []byte) ([]byte, error) {
	head := clearHead(frame)
	body := frame[head:]
	if len(body) < 2*aes.BlockSize || len(body)%aes.BlockSize != 0 {
		return nil, errDecrypt
	}
	c.work = append(c.work[:0], body...)
	var iv [aes.BlockSize]byte
	cipher.NewCBCDecrypter(c.block, iv[:]).CryptBlocks(c.work, c.work)
	padding := aes.BlockSize + int(c.work[15]&0x0f)
	if padding > len(c.work) {
		return nil, errDecrypt
	}
	return append(frame[:head], c.work[padding:]...), nil
}

// md5Result is the answer to an MD5 challenge (RFC 5456 8.6.15).
func md5Result(challenge, secret string) string {
	sum := md5.Sum([]byte(challenge + secret)) //nolint:gosec // the protocol's choice
	return hex.EncodeToString(sum[:])
}
