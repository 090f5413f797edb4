package server

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"strings"

	"github.com/GehirnInc/crypt"
	_ "github.com/GehirnInc/crypt/md5_crypt"    // $1$
	_ "github.com/GehirnInc/crypt/sha256_crypt" // $5$
	"github.com/GehirnInc/crypt/sha512_crypt"   // $6$
	"github.com/go-crypt/x/yescrypt"
	"github.com/sergeymakinen/go-crypt/des"    // two characters of salt, as faxadduser writes
	"github.com/sergeymakinen/go-crypt/desext" // _
	"golang.org/x/crypto/bcrypt"
)

// maxPassword is the longest password that is hashed: hashing time grows with length.
const maxPassword = 512

// checkPassword reports whether a password fits a crypt(3) hash. Nothing fits an empty hash or one
// that is no hash, such as "*" or "!".
func checkPassword(hash, password string) (fits bool) {
	if hash == "" || hash == noLogin || len(password) > maxPassword {
		return false
	}
	// The libraries take hashes that an administrator wrote and passwords that anybody sends: none of
	// them may end the server.
	defer func() {
		if recover() != nil {
			fits = false
		}
	}()
	switch {
	case strings.HasPrefix(hash, "$y$"):
		got, err := yescrypt.Hash([]byte(password), []byte(hash))
		return err == nil && subtle.ConstantTimeCompare(got, []byte(hash)) == 1
	case strings.HasPrefix(hash, "$2"):
		return bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil
	case hash[0] == '$':
		return crypt.IsHashSupported(hash) && boundedRounds(hash) &&
			crypt.NewFromHash(hash).Verify(hash, []byte(password)) == nil
	case hash[0] == '_':
		return desext.Check(hash, password) == nil
	}
	if len(password) > des.MaxPasswordLength { // the rest does not count
		password = password[:des.MaxPasswordLength]
	}
	return des.Check(hash, password) == nil
}

// boundedRounds limits the number of rounds that a hash may ask for.
func boundedRounds(hash string) bool {
	const longest = len("rounds=9999999")
	fields := strings.Split(hash, "$")
	return len(fields) < 3 || !strings.HasPrefix(fields[2], "rounds=") || len(fields[2]) <= longest
}

// Rules for passwords that SITE ADDUSER sets; the words are HylaFAX's.
var (
	errShortPassword = errors.New("password is too short; use 5-8 characters")
	errLowerPassword = errors.New("password is all lower-case; use something more")
)

// minPassword is the length that a new password must exceed.
const minPassword = 5

// hashPassword makes the hash of a new password; the empty password stays empty.
func hashPassword(password string) (string, error) {
	switch {
	case password == "":
		return "", nil
	case len(password) <= minPassword:
		return "", errShortPassword
	case strings.Trim(password, "abcdefghijklmnopqrstuvwxyz") == "":
		return "", errLowerPassword
	}
	salt := make([]byte, 12)
	if _, err := rand.Read(salt); err != nil {
		return "", err
	}
	text := strings.NewReplacer("-", ".", "_", "/").Replace(base64.RawURLEncoding.EncodeToString(salt))
	return sha512_crypt.New().Generate([]byte(password), []byte(sha512_crypt.MagicPrefix+text))
}
