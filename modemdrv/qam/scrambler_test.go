package qam

import "testing"

// TestScrambler compares it with the shift register of Appendix I/V.29, bit by bit.
func TestScrambler(t *testing.T) {
	const start = 0x2ECDD5
	var s, d Scrambler
	s.SetState(start)
	d.SetState(start)
	reg := uint32(start)
	data := uint32(0x12345)
	for i, n := range []int{1, 2, 6, 5, 4, 3, 16, 18, 6, 6, 6, 1} {
		data = data*69069 + 1
		in := data >> 8 & (1<<n - 1)
		want := uint32(0)
		for j := range n {
			bit := (in>>j ^ reg>>17 ^ reg>>22) & 1
			reg = reg<<1 | bit
			want |= bit << j
		}
		got := s.Scramble(in, n)
		if got != want {
			t.Fatalf("step %d: Scramble(%x, %d) = %x, want %x", i, in, n, got, want)
		}
		if back := d.Descramble(got, n); back != in {
			t.Fatalf("step %d: Descramble(%x, %d) = %x, want %x", i, got, n, back, in)
		}
	}
}
