package qam

import "testing"

func BenchmarkFrontEnd(b *testing.B) {
	p := Pulse{SymbolRate: 2400, Carrier: 1800, Rolloff: 0.25}
	f := newFront(newFrontFilter(p), p)
	f.raw = f.raw[:200]
	for b.Loop() {
		f.at(100.3)
	}
}

func BenchmarkEqualizer(b *testing.B) {
	var q equalizer
	x, y := make([]float32, eqTaps), make([]float32, eqTaps)
	for b.Loop() {
		q.output(x, y)
	}
}

func BenchmarkAdapt(b *testing.B) {
	var q equalizer
	x, y := make([]float32, eqTaps), make([]float32, eqTaps)
	for b.Loop() {
		q.adapt(x, y, 0.1, 0.2)
	}
}
