package server

import "testing"

func FuzzCheckPassword(f *testing.F) {
	for _, hash := range passwordHashes() {
		f.Add(hash, "Secret1")
		f.Add(hash[:len(hash)/2], hash)
	}
	f.Fuzz(func(t *testing.T, hash, password string) {
		checkPassword(hash, password)
	})
}
