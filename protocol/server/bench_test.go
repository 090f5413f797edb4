package server_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// BenchmarkListJobs lists a queue of 10,000 jobs over a session that stays.
func BenchmarkListJobs(b *testing.B) {
	s := newServer(b, nil)
	text, err := os.ReadFile(filepath.Join(s.dir, "sendq/q10"))
	if err != nil {
		b.Fatal(err)
	}
	const jobs = 10_000
	for id := 100; id < 100+jobs-1; id++ { // joe sees q10 of the two that are there
		job := bytes.Replace(text, []byte("jobid:10\n"), []byte("jobid:"+strconv.Itoa(id)+"\n"), 1)
		if err := os.WriteFile(filepath.Join(s.dir, "sendq", fmt.Sprintf("q%d", id)), job, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	c := s.login(b, "joe")
	list := func() {
		d := c.data()
		c.cmd("LIST sendq", "150")
		listing, err := io.ReadAll(d)
		if n := bytes.Count(listing, []byte("\n")); err != nil || n != jobs {
			b.Fatalf("%d lines, %v", n, err)
		}
		c.want("226")
		d.Close()
	}
	list() // reads the files
	for b.Loop() {
		list()
	}
}

// BenchmarkSubmit makes jobs of twenty parameters and a document of 100 kB, with several clients at once.
func BenchmarkSubmit(b *testing.B) {
	s := newServer(b, nil)
	document := bytes.Repeat([]byte("%!PS 0123"), 100<<10/9)
	b.SetParallelism(4)
	b.RunParallel(func(pb *testing.PB) {
		c := s.login(b, "joe")
		c.cmd("TYPE I", "200")
		for pb.Next() {
			c.submit(document)
		}
	})
}

func (c *conn) submit(document []byte) {
	c.cmd("JNEW", "200")
	for _, p := range []string{"FROMUSER \"Joe\"", "LASTTIME 000300", "DIALSTRING 5551234", "VRES 196", "TOUSER Ann"} {
		for range 4 {
			c.cmd("JPARM "+p, "213")
		}
	}
	d := c.data()
	name := strings.Fields(c.cmd("STOT", "150 FILE:"))[2]
	d.Write(document)
	d.Close()
	c.want("226")
	c.cmd("JPARM DOCUMENT "+name, "200")
	c.cmd("JSUBM", "200")
}
