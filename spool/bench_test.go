package spool

import "testing"

// BenchmarkParseJob: a faxq that begins reads every job of the queue.
func BenchmarkParseJob(b *testing.B) {
	text := goodJob("12").Format()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseJob("q12", text); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSave: two syncs of the disk for each change of a job.
func BenchmarkSave(b *testing.B) {
	l, err := newSpool(b).CreateJob(SendQ, goodJob("12"))
	if err != nil {
		b.Fatal(err)
	}
	defer l.Unlock()
	for b.Loop() {
		l.NPages++
		if err := l.Save(); err != nil {
			b.Fatal(err)
		}
	}
}
