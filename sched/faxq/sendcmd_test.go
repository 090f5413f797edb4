package faxq

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/litoria-fax/litoria/spool"
	"github.com/litoria-fax/litoria/spool/linectl"
)

// faxsend puts a send command into the spool: a shell script whose last
// argument is the job file.
func (w *world) faxsend(script string) string {
	w.t.Helper()
	locks := w.t.TempDir()
	w.write("bin/faxsend", "#!/bin/sh\necho \"$@\" > args\nfor job; do :; done\n"+script)
	w.write("etc/config", "SendFaxCmd: bin/faxsend\nPollLockWait: 1\nUUCPLockDir: "+locks+"\nJobControlCmd: bin/control\n")
	w.write("bin/control", "#!/bin/sh\necho DesiredBR: 3\n")
	return locks
}

// ready announces a modem that has no socket, as HylaFAX's faxgetty does.
func (w *world) ready(devid string) {
	w.t.Helper()
	w.wait("faxq to listen", func() bool {
		return w.spool.ModemStatus(devid, spool.ModemReady+"Paf9c07f:10") == nil
	})
}

func TestSendCommand(t *testing.T) {
	w := newWorld(t, "")
	locks := w.faxsend(`test -f "` + "$(grep -l . LOCKS/LCK..ttyS0)" + `" && cp LOCKS/LCK..ttyS0 lock
sed -i -e 's/^returned:.*/returned:2/' -e 's/^npages:.*/npages:2/' -e 's/^totdials:.*/totdials:1/' "$job"
exit 2
`)
	script, _ := os.ReadFile(w.spool.Path("bin/faxsend"))
	w.write("bin/faxsend", strings.ReplaceAll(string(script), "LOCKS", locks))
	w.start()
	w.ready("ttyS0")
	w.job(1, nil)
	w.send("S:1")
	if j := w.waitDone(1); j.State != spool.StateDone || j.NPages != 2 || j.TotDials != 1 {
		t.Errorf("job: %v %q", j.State, j.Status)
	}
	args, _ := os.ReadFile(w.spool.Path("args"))
	if want := "-c DesiredBR:\"3\" -m ttyS0 sendq/q1\n"; string(args) != want {
		t.Errorf("arguments %q, want %q", args, want)
	}
	lock, _ := os.ReadFile(w.spool.Path("lock"))
	if pid, err := strconv.Atoi(strings.TrimSpace(string(lock))); err != nil || len(lock) != 11 || pid < 2 {
		t.Errorf("lock file %q", lock)
	}
	if left, _ := filepath.Glob(locks + "/*"); len(left) != 0 {
		t.Errorf("locks left: %v", left)
	}
}

func TestSendCommandResults(t *testing.T) {
	for _, row := range []struct {
		name, script string
		state        spool.JobState
		code         int
		status       string
	}{
		{"exit status only", "exit 2", spool.StateDone, 0, ""},
		{"failed", "sed -i -e 's/^returned:.*/returned:1/' -e 's/^status:.*/status:No carrier detected/' -e 's/^statuscode:.*/statuscode:3/' $job; exit 1", spool.StateFailed, 3, "No carrier detected"},
		{"retry", "exit 0", spool.StateSleeping, 0, ""},
		{"crash", "kill -9 $$", spool.StateFailed, 343, "Send program terminated abnormally: signal: killed"},
		{"odd status", "exit 99", spool.StateFailed, 343, "Send program terminated abnormally with exit status 99"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, "")
			w.faxsend(row.script + "\n")
			w.start()
			w.ready("ttyS0")
			w.job(1, nil)
			w.send("S:1")
			j := w.waitState(1, row.state)
			if j.StatusCode != row.code || j.Status != row.status {
				t.Errorf("%d %q, want %d %q", j.StatusCode, j.Status, row.code, row.status)
			}
		})
	}
}

// A modem that another program has locked is left alone until it is free.
func TestModemLockedByOthers(t *testing.T) {
	w := newWorld(t, "")
	locks := w.faxsend("exit 2\n")
	w.start()
	lock := filepath.Join(locks, "LCK..ttyS0")
	if err := os.WriteFile(lock, []byte("         1\n"), 0o600); err != nil { // process 1 lives
		t.Fatal(err)
	}
	w.ready("ttyS0")
	w.job(1, nil)
	w.send("S:1")
	w.wait("the refusal", func() bool { return strings.Contains(w.log.String(), "modem is locked by another program") })
	if err := os.Remove(lock); err != nil {
		t.Fatal(err)
	}
	w.waitDone(1)
}

// A send command that an earlier faxq started holds its job's file locked; the
// new one waits for it and takes the result.
func TestOrphanedSendCommand(t *testing.T) {
	w := newWorld(t, "")
	w.job(1, func(j *spool.Job) { j.State, j.Returned = spool.StateActive, int(linectl.NoBatch) })
	l, err := w.spool.LockJob("sendq/q1")
	if err != nil {
		t.Fatal(err)
	}
	w.start()
	w.wait("faxq to notice", func() bool { return strings.Contains(w.log.String(), "waiting for it") })
	l.Returned, l.NPages, l.TotDials = int(linectl.Done), 2, 1
	if err := l.Save(); err != nil {
		t.Fatal(err)
	}
	l.Unlock()
	if j := w.waitDone(1); j.State != spool.StateDone {
		t.Errorf("job: %v %q", j.State, j.Status)
	}
}

func TestInterruptedSendCommand(t *testing.T) {
	w := newWorld(t, "")
	w.faxsend("trap 'exit 0' TERM\necho > started\nwhile :; do sleep 0.05; done\n")
	w.start()
	w.ready("ttyS0")
	w.job(1, nil)
	w.send("S:1")
	w.wait("the command", func() bool { _, err := os.Stat(w.spool.Path("started")); return err == nil })
	w.send("K:1")
	if j := w.waitDone(1); j.State != spool.StateFailed || j.StatusCode != 345 {
		t.Errorf("job: %v %d %q", j.State, j.StatusCode, j.Status)
	}
}
