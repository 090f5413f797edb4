//go:build interop

package spool_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/litoria-fax/litoria/interop/fastline"
	"github.com/litoria-fax/litoria/interop/lab"
	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/modemdrv/tiff"
	"github.com/litoria-fax/litoria/sched/faxq"
	"github.com/litoria-fax/litoria/spool"
)

// counter is a far end that takes everything.
type counter struct{ pages atomic.Int32 }

func (c *counter) Call(string) (fastline.Session, error) { return c, nil }
func (c *counter) Page(fastline.Page) (bool, error)      { c.pages.Add(1); return true, nil }
func (c *counter) Close()                                {}

// disk is a small file system of its own.
func disk(t *testing.T) string {
	t.Helper()
	lab.Need(t)
	dir := lab.TempDir(t)
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m,mode=755"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// fill leaves not an octet free, and gives what takes the room.
func fill(t *testing.T, dir string) (ballast string) {
	t.Helper()
	ballast = filepath.Join(dir, "ballast")
	f, err := os.Create(ballast)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 16; size > 0; {
		if _, err := f.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) {
			size /= 2
		} else if err != nil {
			t.Fatal(err)
		}
	}
	return ballast
}

func runFaxq(t *testing.T, s *spool.Spool, log *strings.Builder) (ended chan error) {
	srv, err := faxq.New(faxq.Options{Spool: s, Log: zerolog.New(zerolog.SyncWriter(log))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended = make(chan error, 1)
	go func() { ended <- srv.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-ended
		if t.Failed() {
			t.Log(log.String())
		}
	})
	return ended
}

// TestFullDisk: a job whose file cannot be written stays as it is, and is sent,
// once, when there is room again.
func TestFullDisk(t *testing.T) {
	dir := disk(t)
	s, err := spool.Create(filepath.Join(dir, "spool"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.Path("etc/config"), []byte("JobReqOther: 1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	w, err := tiff.Create(s.Path("docq/doc1.tif"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	p := tiff.Page{XRes: 204, YRes: 98}
	p.SetCoding(t4.MMR)
	if err := errors.Join(w.WriteBitmap(p, t4.NewBitmap(1728, 500)), w.Close()); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	runFaxq(t, s, &log)
	far := &counter{}
	line, err := fastline.Listen(s, "ttyD0", far, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(line.Close)
	for id := 1; id <= 2; id++ {
		j := spool.NewJob()
		j.JobID, j.Number, j.External, j.Modem, j.MailAddr, j.Sender, j.Client, j.Owner = fmt.Sprint(id), fmt.Sprint(1000+id), "1", "any", "m", "s", "c", "o"
		j.JobType, j.MaxDials, j.MaxTries, j.KillTime = "facsimile", 9, 9, time.Now().Add(time.Hour).Unix()
		j.Documents = []spool.Document{{Op: spool.OpFax, File: "docq/doc1.tif"}}
		if id == 2 {
			j.TTS = time.Now().Add(4 * time.Second).Unix() // is taken, and due when the disk is full
		}
		l, err := s.CreateJob(spool.SendQ, j)
		if err != nil {
			t.Fatal(err)
		}
		l.Unlock()
	}
	submit := func(id int) {
		lab.Wait(t, 10*time.Second, "faxq to listen", func() bool { return s.Send(spool.QueuerFIFO, fmt.Sprintf("S:%d", id)) == nil })
	}
	state := func(id int) spool.JobState {
		for _, q := range []string{spool.SendQ, spool.DoneQ} {
			if j, err := s.ReadJob(spool.JobName(q, id)); err == nil {
				return j.State
			}
		}
		return -1
	}
	submit(2)
	lab.Wait(t, 3*time.Second, "job 2 to wait for its time", func() bool { return state(2) == spool.StatePending })
	ballast := fill(t, dir)
	submit(1)
	time.Sleep(6 * time.Second) // job 2 is due, and tried again
	if a, b := state(1), state(2); a != spool.StateSuspended || b != spool.StatePending || far.pages.Load() != 0 {
		t.Errorf("on a full disk the jobs are %v and %v, and %d pages were sent", a, b, far.pages.Load())
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	submit(1)
	for id := 1; id <= 2; id++ {
		lab.Wait(t, 20*time.Second, fmt.Sprintf("job %d to be done", id), func() bool { return state(id) == spool.StateDone })
	}
	if n := far.pages.Load(); n != 2 {
		t.Errorf("%d pages were sent, want 2", n)
	}
}

// TestReadOnlySpool: faxq does not begin on a spool that it cannot write, and
// says why.
func TestReadOnlySpool(t *testing.T) {
	dir := disk(t)
	s, err := spool.Create(filepath.Join(dir, "spool"))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	srv, err := faxq.New(faxq.Options{Spool: s, Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	if err := srv.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "cannot be written") || !strings.Contains(err.Error(), s.Dir()) {
		t.Errorf("Run: %v", err)
	}
}
