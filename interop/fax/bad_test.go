//go:build interop

package fax_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/interop/lab"
)

// TestBadCalls calls numbers at which there is no fax, and gives jobs to lines
// that have no exchange. Each ends in one sentence that tells what was wrong.
func TestBadCalls(t *testing.T) {
	doc := document(t)
	calls := []struct{ number, status string }{
		{"486", "Busy signal detected"},
		{"503", "Circuits are congested"},
		{"999", "the exchange knows no way to this number"},
		{"602", "No carrier detected"},
		{"408", "No answer from remote"},
	}
	lines := make([]lab.Line, len(calls))
	for i := range lines {
		lines[i] = lab.Line{Device: fmt.Sprintf("ttyIAX%d", i), Peer: fmt.Sprintf("pond%d", i), Secret: "frog", Number: fmt.Sprint(1000 + i),
			Config: "IAXAnswerTimeout: 15\n"}
	}
	port := lab.StartExchange(t, lines...)
	wrong := lab.Line{Device: "ttyIAX8", Peer: "pond0", Secret: "toad", Number: "1008"}
	lost := lab.Line{Device: "ttyIAX9", Peer: "pond9", Secret: "frog", Number: "1009", Config: fmt.Sprintf("IAXServer: 127.0.0.1:%d\n", lab.Deaf(t))}
	all := append(append([]lab.Line{}, lines...), wrong, lost)
	l := lab.StartLitoria(t, lab.NewLitoriaSpool(t, port, all...), all[:len(lines)]...)
	ids := make([]string, len(calls))
	for i, c := range calls {
		ids[i] = l.Submit(t, lines[i].Device, c.number, doc, "-T", "1", "-t", "1")
	}
	for i, c := range calls {
		t.Run(c.number, func(t *testing.T) {
			job := lab.WaitDone(t, l.Spool, ids[i], 3*time.Minute)
			t.Logf("%s: %s", c.number, job["status"])
			if job["state"] != "8" || job["npages"] != "0" || !strings.Contains(job["status"], c.status) || strings.Contains(job["status"], "\n") {
				t.Errorf("state %s, %s pages, status %q", job["state"], job["npages"], job["status"])
			}
			if out := lab.Run(t, lab.Bin(t, "faxstat"), "-h", l.Host(), "-d"); !strings.Contains(out, job["status"][:20]) { // as wide as faxstat's column
				t.Errorf("faxstat -d does not tell: %s", out)
			}
		})
	}
	for _, c := range []struct {
		line   lab.Line
		status string
	}{
		{wrong, "refuses the peer pond0 (Registration Refused); check IAXPeer and IAXSecret"},
		{lost, "does not take the registration of the peer pond9 (the server does not answer); check IAXServer"},
	} {
		t.Run(c.line.Device, func(t *testing.T) {
			getty := l.StartMore(t, c.line)
			lab.Wait(t, 40*time.Second, "faxstat to tell why the line is down", func() bool {
				out, _ := lab.TryRun(lab.Bin(t, "faxstat"), "-h", l.Host(), "-s")
				for line := range strings.Lines(out) {
					if strings.Contains(line, c.line.Device) && strings.Contains(line, "Waiting for modem to come ready: ") && strings.Contains(line, c.status) {
						t.Log(strings.TrimSpace(line))
						return true
					}
				}
				return false
			})
			if !strings.Contains(lab.Tail(getty.Log, 100), "state=") {
				t.Errorf("the log does not tell: %s", lab.Tail(getty.Log, 20))
			}
			id := l.Submit(t, c.line.Device, "1000", doc)
			var job map[string]string
			lab.Wait(t, 20*time.Second, "the job to tell what it waits for", func() bool {
				job = lab.Job(l.Spool, id)
				return strings.HasPrefix(job["status"], "No line is up: "+c.line.Device+": the exchange") && strings.Contains(job["status"], c.status)
			})
			if job["queue"] != "sendq" || job["totdials"] != "0" {
				t.Errorf("the job does not wait for the line: %v", job)
			}
			lab.Run(t, lab.Bin(t, "faxrm"), "-h", l.Host(), id)
		})
	}
}

// TestBadDocuments hands in files that are no documents.
func TestBadDocuments(t *testing.T) {
	line := lab.Line{Device: "ttyIAX0", Peer: "pond", Secret: "frog", Number: "1000"}
	l := lab.StartLitoria(t, lab.NewLitoriaSpool(t, lab.StartExchange(t, line), line), line)
	dir := lab.TempDir(t)
	tif, err := os.ReadFile(document(t))
	if err != nil {
		t.Fatal(err)
	}
	damagedPDF := "%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [9 0 R] /Cou"
	noise := make([]byte, 5000)
	for i := range noise {
		noise[i] = byte(i * i * 7 >> 3)
	}
	for _, c := range []struct {
		name string
		data []byte
	}{
		{"empty.txt", nil},
		{"empty.pdf", nil},
		{"damaged.pdf", []byte(damagedPDF)},
		{"cutoff.tif", tif[:len(tif)/3]},
		{"header.tif", tif[:8]},
		{"noise.bin", noise},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(dir, c.name)
			if err := os.WriteFile(file, c.data, 0o644); err != nil {
				t.Fatal(err)
			}
			out, err := lab.TryRun(lab.Bin(t, "sendfax"), "-n", "-h", l.Host(), "-d", "486", file)
			if err == nil { // the server found it
				job := lab.WaitDone(t, l.Spool, lab.RequestID(t, out), time.Minute)
				if out = job["status"]; job["state"] != "8" || job["totdials"] != "0" {
					t.Errorf("state %s after %s calls, status %q", job["state"], job["totdials"], out)
				}
			} else if out = strings.TrimSpace(out); !strings.Contains(out, c.name) {
				t.Errorf("sendfax does not name the file: %q", out)
			}
			t.Log(out)
			if out == "" || strings.Contains(out, "\n") || strings.Contains(out, "panic") {
				t.Errorf("not one sentence: %q", out)
			}
		})
	}
	if jobs, _ := filepath.Glob(filepath.Join(l.Spool, "sendq", "q*")); len(jobs) > 0 {
		t.Errorf("left in sendq: %v", jobs)
	}
	l.WaitIdle(t)
}
