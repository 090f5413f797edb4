package server

import (
	"crypto/subtle"
	"errors"
	"strings"

	"github.com/go-crypt/x/yescrypt"
	"github.com/sergeymakinen/go-crypt"
	_ "github.com/sergeymakinen/go-crypt/bcrypt" // $2a$, $2b$
	"github.com/sergeymakinen/go-crypt/des"      // two characters of salt, as faxadduser writes
	_ "github.com/sergeymakinen/go-crypt/desext" // _
	_ "github.com/sergeymakinen/go-crypt/md5"    // $1$
	"github.com/sergeymakinen/go-crypt/sha256"   // $5$
	"github.com/sergeymakinen/go-crypt/sha512"   // $6$
)

// maxPassword is the longest password that is hashed: hashing time grows with length.
const maxPassword = 512

// checkPassword reports whether a password fits a crypt(3) hash. Nothing fits an empty hash or one
// that is no hash, such as "*" or "!".
func checkPassword(hash, password string) bool {
	if hash == "" || hash == noLogin || len(password) > maxPassword {
		return false
	}
	switch {
	case strings.HasPrefix(hash, "$y$"):
		got, err := yescrypt.Hash([]byte(password), []byte(hash))
		return err == nil && subtle.ConstantTimeCompare(got, []byte(hash)) == 1
	case hash[0] == '$', hash[0] == '_':
		if strings.HasPrefix(hash, sha256.Prefix) || strings.HasPrefix(hash, sha512.Prefix) {
			return checkSHA(hash, password)
		}
		return crypt.Check(hash, password) == nil
	default:
		if len(password) > des.MaxPasswordLength { // the rest does not count
			password = password[:des.MaxPasswordLength]
		}
		return des.Check(hash, password) == nil
	}
}

// checkSHA limits the number of rounds that a hash may ask for.
func checkSHA(hash, password string) bool {
	const maxRounds = len("rounds=9999999")
	if fields := strings.Split(hash, "$"); len(fields) > 2 && len(fields[2]) > maxRounds &&
		strings.HasPrefix(fields[2], "rounds=") {
		return false
	}
	return crypt.Check(hash, password) == nil
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
	return sha512.NewHash(password, sha512.DefaultRounds)
}
