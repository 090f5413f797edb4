//go:build interop

package spool_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/interop/lab"
)

// queue is what the cleaners find: every kind of file that faxqclean(8) has a
// rule for.
type queue struct {
	t   *testing.T
	dir string
}

func (q queue) file(name, text string, age time.Duration) {
	q.t.Helper()
	path := filepath.Join(q.dir, name)
	when := time.Now().Add(-age)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		q.t.Fatal(err)
	}
	if err := os.Chtimes(path, when, when); err != nil {
		q.t.Fatal(err)
	}
}

func (q queue) job(queue string, id int, age time.Duration, doneop string, docs ...string) {
	q.t.Helper()
	text := fmt.Sprintf("tts:0\nkilltime:2000000000\nretrytime:0\nstate:7\nnpages:1\ntotpages:1\nnumber:5551234\nexternal:5551234\nmailaddr:me@here\nsender:Me\n"+
		"jobid:%d\nmodem:any\nclient:here\nowner:me\nstatus:\nreturned:2\nnotify:none\npagechop:default\nchopthreshold:3\ndoneop:%s\n", id, doneop)
	for _, d := range docs {
		text += d + "\n"
	}
	q.file(fmt.Sprintf("%s/q%d", queue, id), text, age)
}

// fill makes the files.
func (q queue) fill() {
	const young, old = time.Minute, 24 * time.Hour
	q.job("doneq", 1, old, "default", "!postscript:0::docq/doc1.ps")
	q.job("doneq", 2, young, "default", "!pdf:0::docq/doc2.pdf", "!tiff:0::docq/doc3.tif", "!pcl:0::docq/doc4.pcl")
	q.job("doneq", 3, old, "archive", "!postscript:0::docq/doc5.ps")
	q.job("doneq", 4, young, "archive", "!postscript:0::docq/doc6.ps")
	q.job("doneq", 5, 14*time.Minute, "remove")
	q.job("doneq", 6, 16*time.Minute, "remove")
	q.file("doneq/q7", "state:7\nnumber:1\n", young) // no owner and so on
	q.file("doneq/q8", "nothing of a job\n", old)
	q.file("doneq/note", "not a job", old)
	for _, d := range []string{"doc1.ps", "doc2.pdf", "doc3.tif", "doc4.pcl", "doc5.ps", "doc6.ps", "doc9.ps", "doc10.ps;c0", "cover99.ps", "cover99", "cover98.cover", "doc97.cover", "letter.ps", "doc11.ps.77"} {
		q.file("docq/"+d, "x", old)
	}
	q.file("docq/doc12.ps", "x", 59*time.Minute)
	q.file("docq/doc13.ps", "x", 61*time.Minute)
	// A job that waits: its link, its pages, its cover page.
	q.job("sendq", 20, old, "default", "postscript:0::docq/doc20.ps.20")
	for _, d := range []string{"doc20.ps.20", "doc20.ps;c0", "cover20.ps", "cover20.cover", "doc20.cover", "cover20"} {
		q.file("docq/"+d, "x", old)
	}
	q.file("docq/doc21.ps.21", "x", old)
	if err := os.Link(filepath.Join(q.dir, "docq/doc21.ps.21"), filepath.Join(q.dir, "docq/doc21.ps")); err != nil {
		q.t.Fatal(err)
	}
}

// left lists the files of the queues and the archive.
func (q queue) left() (names []string) {
	for _, d := range []string{"doneq", "docq", "sendq", "archive"} {
		err := filepath.WalkDir(filepath.Join(q.dir, d), func(path string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() && e.Name() != "seqf" {
				names = append(names, strings.TrimPrefix(path, q.dir+"/"))
			}
			return err
		})
		if err != nil {
			q.t.Fatal(err)
		}
	}
	slices.Sort(names)
	return names
}

// TestFaxqclean: both faxqclean leave the same files of the same spool.
func TestFaxqclean(t *testing.T) {
	lab.Need(t, "faxq")
	theirs, err := exec.LookPath("/usr/lib/hylafax/bin/faxqclean")
	if err != nil {
		t.Fatalf("%v: run interop/setup first", err)
	}
	for _, args := range [][]string{nil, {"-n"}, {"-n", "-v"}, {"-a"}, {"-A"}, {"-j", "0", "-d", "0"}, {"-j", "0x1000000", "-d", "060"}, {"-av"}, {"-t", "-d", "100000"}} {
		var left [2][]string
		for i, program := range []string{theirs, lab.Bin(t, "faxqclean")} {
			q := queue{t, lab.NewHylaFAXSpool(t, nil)}
			q.fill()
			lab.Run(t, "chown", "-R", "uucp:uucp", q.dir)
			lab.Run(t, append([]string{program, "-q", q.dir}, args...)...)
			left[i] = q.left()
		}
		if !slices.Equal(left[0], left[1]) {
			t.Errorf("faxqclean %v: HylaFAX's leaves\n%v\nours\n%v", args, left[0], left[1])
		}
		t.Logf("faxqclean %v: %d files left", args, len(left[0]))
		if len(args) == 0 && len(left[0]) > 20 {
			t.Errorf("hardly anything was removed: %v", left[0])
		}
	}
}
