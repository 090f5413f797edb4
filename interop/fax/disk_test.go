//go:build interop

package fax_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/interop/lab"
	"github.com/litoria-fax/litoria/interop/ports"
)

// smallDisk moves a spool onto a disk of its own, of so many KiB.
func smallDisk(t *testing.T, spool string, size int) {
	t.Helper()
	old := spool + ".orig"
	lab.Run(t, "mv", spool, old)
	lab.Run(t, "cp", "-a", old, spool) // the mount point, with the owner of the spool
	lab.Run(t, "mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%dk,mode=755", size), "tmpfs", spool)
	t.Cleanup(func() { lab.TryRun("umount", "-l", spool) })
	lab.Run(t, "cp", "-a", old+"/.", spool)
	lab.Run(t, "chown", "--reference="+old, spool)
}

// fill leaves so many KiB free on the disk of a spool.
func fill(t *testing.T, spool string, free int) {
	t.Helper()
	empty(t, spool)
	var st syscall.Statfs_t
	if err := syscall.Statfs(spool, &st); err != nil {
		t.Fatal(err)
	}
	n := int(st.Bavail)*int(st.Bsize) - free<<10
	if err := os.WriteFile(filepath.Join(spool, "filler"), make([]byte, n), 0o600); err != nil {
		t.Fatal(err)
	}
}

func empty(t *testing.T, spool string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(spool, "filler")); err != nil {
		t.Fatal(err)
	}
}

// noise is a picture that no code makes smaller.
func noise(t *testing.T, rows int) string {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	picture := image.NewGray(image.Rect(0, 0, 1728, rows))
	for i := range picture.Pix {
		picture.Pix[i] = byte(255 * r.IntN(2))
	}
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(lab.TempDir(t), "noise.png")
	if err := os.WriteFile(name, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestFullDisk: a disk that is full at submission, in preparation and in
// reception is named to the person who asked; what was whole stays, and all
// goes on once there is room.
func TestFullDisk(t *testing.T) {
	lab.Need(t, "mount", "tiffinfo")
	lines := []lab.Line{
		{Device: "ttyIAX0", Peer: "pond0", Secret: "frog", Number: "1000"},
		{Device: "ttyIAX1", Peer: "pond1", Secret: "frog", Number: "1001"},
	}
	port := lab.StartExchange(t, lines...)
	sender := lab.StartLitoria(t, lab.NewLitoriaSpool(t, port, lines[0]), lines[0])
	spool := lab.NewLitoriaSpool(t, port, lines[1])
	if err := os.WriteFile(filepath.Join(spool, "etc/config"), []byte("JobReqOther: 4\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	smallDisk(t, spool, 3000)
	l := lab.StartLitoria(t, spool, lines[1])
	text := filepath.Join(lab.TempDir(t), "letter.txt")
	if err := os.WriteFile(text, []byte("a letter\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Run("submission", func(t *testing.T) {
		for _, free := range []int{0, 4, 8} {
			fill(t, spool, free)
			out, err := lab.TryRun(lab.Bin(t, "sendfax"), "-n", "-h", l.Host(), "-d", "1000", document(t))
			t.Logf("%d KiB free: %s", free, strings.TrimSpace(out))
			if err == nil || !strings.Contains(out, "No space left on device") || strings.Count(strings.TrimSpace(out), "\n") > 0 {
				t.Errorf("%d KiB free: sendfax = %v, %q", free, err, out)
			}
		}
		if !lab.Contains(l.Hfaxd.Log, "the disk of the fax server is full") {
			t.Errorf("hfaxd's log does not tell: %s", lab.Tail(l.Hfaxd.Log, 20))
		}
		if jobs, _ := filepath.Glob(spool + "/sendq/q*"); len(jobs) > 0 {
			t.Errorf("left in sendq: %v", jobs)
		}
	})
	t.Run("preparation", func(t *testing.T) {
		// The document takes 56 KiB, its pages as much.
		fill(t, spool, 92)
		id := l.Submit(t, "", "999", noise(t, 250))
		lab.Wait(t, 30*time.Second, "the job to tell of the disk", func() bool {
			return strings.HasPrefix(lab.Job(spool, id)["status"], "The disk of the fax server is full")
		})
		if out := lab.Run(t, lab.Bin(t, "faxstat"), "-h", l.Host(), "-s"); !strings.Contains(out, "The disk of the fax serve") {
			t.Errorf("faxstat does not tell: %s", out)
		}
		empty(t, spool)
		lab.Wait(t, time.Minute, "the job to come to its call", func() bool {
			return strings.Contains(lab.Job(spool, id)["status"], "no way to this number")
		})
		lab.Run(t, lab.Bin(t, "faxrm"), "-h", l.Host(), id)
	})
	t.Run("reception", func(t *testing.T) {
		empty(t, spool)
		id := lab.RequestID(t, lab.Run(t, lab.Bin(t, "sendfax"), "-n", "-T", "1", "-t", "1", "-h", sender.Host(), "-d", "1001", text, noise(t, 250)))
		lab.Wait(t, time.Minute, "the call", func() bool { return len(lab.Received(spool)) == 1 })
		fill(t, spool, 24)
		job := lab.WaitDone(t, sender.Spool, id, 3*time.Minute)
		t.Logf("sender: state %s, %s of %s pages, %q", job["state"], job["npages"], job["totpages"], job["status"])
		if job["state"] != "8" || job["npages"] != "1" || job["status"] == "" {
			t.Errorf("the sender believes: %v", job)
		}
		l.WaitIdle(t)
		if !lab.Contains(l.Getty.Log, "no space left on device") {
			t.Errorf("the log does not tell: %s", lab.Tail(l.Getty.Log, 20))
		}
		got := lab.Received(spool)
		if info := lab.Run(t, "tiffinfo", got[0]); len(got) != 1 || strings.Count(info, "=== TIFF directory") != 1 {
			t.Errorf("%v: %s", got, info)
		}
		empty(t, spool)
		lab.WaitDone(t, sender.Spool, lab.RequestID(t, lab.Run(t, lab.Bin(t, "sendfax"), "-n", "-h", sender.Host(), "-d", "1001", text)), 2*time.Minute)
		if got := lab.Received(spool); len(got) != 2 {
			t.Errorf("with room again: %v", got)
		}
	})
}

// TestReadOnlySpool: no daemon starts on a spool that it cannot write, and each
// says so in one sentence, to whoever started it, in the background too.
func TestReadOnlySpool(t *testing.T) {
	line := lab.Line{Device: "ttyIAX0", Peer: "pond0", Secret: "frog", Number: "1000"}
	spool := lab.NewLitoriaSpool(t, lab.Deaf(t), line)
	smallDisk(t, spool, 3000)
	bin := filepath.Join(filepath.Dir(spool), "bin")
	lab.Run(t, "mkdir", bin)
	for _, name := range []string{"faxq", "hfaxd", "faxgetty"} {
		lab.Run(t, "cp", lab.Bin(t, name), bin)
	}
	commands := [][]string{
		{"hfaxd", "-q", spool, "-i", fmt.Sprint(ports.TCP(t)), "-d"}, {"hfaxd", "-q", spool, "-i", fmt.Sprint(ports.TCP(t))},
		{"faxq", "-q", spool, "-D"}, {"faxq", "-q", spool},
		{"faxgetty", "-q", spool, "ttyIAX0"}, {"faxgetty", "-q", spool, "-D"},
	}
	try := func(t *testing.T, rights *syscall.Credential, want string) {
		for _, argv := range commands {
			cmd := exec.CommandContext(t.Context(), filepath.Join(bin, argv[0]), argv[1:]...)
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: rights}
			b, err := cmd.CombinedOutput()
			out := string(b)
			if err == nil || !strings.HasPrefix(out, argv[0]+": the spool "+spool+" cannot be written") || !strings.Contains(out, want) || strings.Count(out, "\n") != 1 {
				t.Errorf("%v: %v, %q, want one line with %q", argv, err, out, want)
			}
		}
	}
	t.Run("another user's", func(t *testing.T) {
		const nobody = 65534
		try(t, &syscall.Credential{Uid: nobody, Gid: nobody}, "by user 65534: no permission for tmp; it belongs to user ")
	})
	t.Run("read-only", func(t *testing.T) {
		lab.Run(t, "mount", "-o", "remount,ro", spool)
		try(t, lab.AsOwner(t), "its file system is read-only")
	})
}
