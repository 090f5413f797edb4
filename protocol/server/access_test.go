package server

import (
	"strings"
	"testing"
)

func TestAccessMatch(t *testing.T) {
	const file = `
^pb@[^.]*\.cl\.cam\.ac\.uk$:::admin     # an administrator
127.0.0.1		# anyone on this address
^sam@flake.*sgi\.com$:17
!^tom@
.*\.sgi\.com$:18:hash
^odd\:name@host:19
^both@:20:user:admin
^colon@:21:user
localhost:22::
broken[@x:23
`
	list, err := parseAccess(strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if len(list.problems) != 1 || !strings.Contains(list.problems[0].Error(), "line 11") {
		t.Errorf("problems = %v, want one in line 11", list.problems)
	}
	tests := []struct {
		user, host, addr string
		admitted         bool
		uid              FaxUID
		passwd, adminwd  string
	}{
		{"pb", "mc.cl.cam.ac.uk", "10.0.0.1", true, AnonymousUID, "", "admin"},
		{"pb", "mc.dept.cl.cam.ac.uk", "10.0.0.1", false, 0, "", ""},
		{"anyone", "localhost.lan", "127.0.0.1", true, AnonymousUID, "", noLogin},
		{"sam", "flake.sgi.com", "10.0.0.2", true, 17, "", noLogin},
		{"tom", "flake.sgi.com", "10.0.0.2", false, 0, "", ""},
		{"ann", "flake.sgi.com", "10.0.0.2", true, 18, "hash", noLogin},
		{"odd:name", "host", "10.0.0.3", true, 19, "", noLogin},
		{"both", "elsewhere", "10.0.0.3", true, 20, "user", "admin"},
		{"colon", "elsewhere", "10.0.0.3", true, 21, "user", noLogin},
		{"x", "localhost", "10.0.0.3", true, 22, "", noLogin},
		{"x", "mylocalhost", "10.0.0.3", false, 0, "", ""},
		{"sam@flake.sgi.com", "evil", "10.0.0.4", false, 0, "", ""},
		{"sam@flake.sgi.com", "localhost", "10.0.0.4", true, 22, "", noLogin},
		{"x@localhost", "evil", "10.0.0.3", false, 0, "", ""},
	}
	for _, tt := range tests {
		e := list.match(tt.user, tt.host, tt.addr)
		if (e != nil) != tt.admitted {
			t.Errorf("match(%q, %q, %q) = %v, want admitted %v", tt.user, tt.host, tt.addr, e, tt.admitted)
			continue
		}
		if e != nil && (e.uid != tt.uid || e.passwd != tt.passwd || e.adminwd != tt.adminwd) {
			t.Errorf("match(%q, %q, %q) = uid %d passwd %q adminwd %q, want %d %q %q",
				tt.user, tt.host, tt.addr, e.uid, e.passwd, e.adminwd, tt.uid, tt.passwd, tt.adminwd)
		}
	}
}

// A denial that cannot be understood must not admit whom it meant.
func TestAccessBrokenDenial(t *testing.T) {
	list, err := parseAccess(strings.NewReader("!^(tom@\n.*@.*\n"))
	if err != nil {
		t.Fatal(err)
	}
	if e := list.match("tom", "host", "10.0.0.1"); e != nil {
		t.Errorf("match(tom) = %+v, want nobody", e)
	}
}

func TestAccessNames(t *testing.T) {
	list, err := parseAccess(strings.NewReader("joe@host:5\n.*@here:6\n^ann@:7\n"))
	if err != nil {
		t.Fatal(err)
	}
	for uid, want := range map[FaxUID]string{5: "joe", 6: "anyone", 7: "^ann", 8: "8", AnonymousUID: "fax"} {
		if got := list.userName(uid); got != want {
			t.Errorf("userName(%d) = %q, want %q", uid, got, want)
		}
	}
	if uid, ok := list.userID("joe"); !ok || uid != 5 {
		t.Errorf("userID(joe) = %d, %v, want 5", uid, ok)
	}
}

// Hashes of "Secret1" by crypt(3) of a Debian system.
func TestCheckPassword(t *testing.T) {
	for _, hash := range passwordHashes() {
		if !checkPassword(hash, "Secret1") {
			t.Errorf("checkPassword(%q, Secret1) = false", hash)
		}
		for _, wrong := range []string{"Secret2", hash} {
			if checkPassword(hash, wrong) {
				t.Errorf("checkPassword(%q, %q) = true", hash, wrong)
			}
		}
	}
	for _, hash := range []string{"", "*", "!", "x", "**", "$", "$$", "$6$", "$y$", "$6$rounds=999999999$a$b", "$1$ab"} {
		for _, password := range []string{"", "*", hash, "Secret1"} {
			if checkPassword(hash, password) {
				t.Errorf("checkPassword(%q, %q) = true, want nobody in", hash, password)
			}
		}
	}
}

func TestHashPassword(t *testing.T) {
	hash, err := hashPassword("Secret1")
	if err != nil || !checkPassword(hash, "Secret1") {
		t.Errorf("hashPassword = %q, %v: does not fit", hash, err)
	}
	for _, weak := range []string{"abc", "alllowercase"} {
		if _, err := hashPassword(weak); err == nil {
			t.Errorf("hashPassword(%q) succeeds", weak)
		}
	}
}

func FuzzAccess(f *testing.F) {
	for _, s := range []string{"^joe@:1:x:y\n", "!^tom@\n", "localhost:21::\n", "a\\:b@c # x\n", "[\n", ":::\n", "!\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := parseAccess(strings.NewReader(text))
		if err != nil {
			return
		}
		if e := list.match("joe", "host", "10.0.0.1"); e != nil && e.deny {
			t.Errorf("match returned a denial: %+v", e)
		}
		list.userName(1)
		list.userID("joe")
	})
}

func passwordHashes() []string {
	return []string{
		"abb6GE5YH8oRk",
		"$5$saltsalt$bEZcICQidqNuNGFLRNFCSf6BV9OAIILtXhNitJrePY/",
		"$6$saltsalt$P1LowNewX1MiD6Z/ILFRR.rWR5UygvupRG0RYcXALv0FWH0U7cwlqGumYy/6nqt3iIxSTY6D4lLfcmOxfBT9p/",
		"$2b$05$abcdefghijklmnopqrstuuslY4vbJo/83qrsAqKlYpJKHZf.r6on.",
		"$y$j9T$abcdefghijkl$F0qjeDjS5U1Qg/tFzZboSJFXbjp6vc1WyVXojfFRZW3",
		"_J9..rasmgpq.VuxY3x2",
		"$1$ab$VEwdplAC9NNThAwnPLTXa0",
	}
}
