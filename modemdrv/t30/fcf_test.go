package t30

import (
	"bufio"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestFieldCodes compares every code with the bits beside it, which are as T.30
// prints them.
func TestFieldCodes(t *testing.T) {
	file, err := os.Open("fcf.go")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	line := regexp.MustCompile(`^\t(\w+)\s+FCF = 0x(\w\w) // ([X01]{4}) ([01]{4})`)
	n := 0
	for s := bufio.NewScanner(file); s.Scan(); {
		f := line.FindStringSubmatch(s.Text())
		if f == nil {
			continue
		}
		n++
		want := 0
		for i, b := range f[3] + f[4] {
			if b == '1' {
				want |= 1 << i
			}
		}
		c, ok := code(strings.Replace(f[1], "PRI", "PRI-", 1))
		if !ok || int(c) != want {
			t.Errorf("%s = %02X, want %02X (%s %s)", f[1], uint8(c), want, f[3], f[4])
		}
	}
	if n != len(names) {
		t.Errorf("%d codes found, want %d", n, len(names))
	}
}

// TestDISBits: the bits of Table 2 as they stand on the line.
func TestDISBits(t *testing.T) {
	for _, row := range []struct {
		fif  []byte
		want string
	}{
		// 3 octets: V.29 and V.27ter, fine, MR, 20 ms.
		{[]byte{0x00, 0xCE, 0x00}, "V.27ter, V.29, 7.7 line/mm, MR, 215 mm, A4, 20/20 ms"},
		// As spandsp sends it: V.17, fine, MR, MMR, ECM, A3 unlimited, 0 ms.
		{[]byte{0x00, 0xEE, 0xFA, 0x44}, "V.27ter, V.29, V.17, 7.7 line/mm, MR, MMR, 303 mm, unlimited, 0/0 ms, ECM"},
		{nil, "no receiver, V.27ter, 215 mm, A4, 20/20 ms"},
	} {
		if got := ParseCapabilities(row.fif).String(); got != row.want {
			t.Errorf("ParseCapabilities(%x) = %s, want %s", row.fif, got, row.want)
		}
	}
}
