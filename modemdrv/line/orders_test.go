package line

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/iax"
	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/spool"
	"github.com/litoria-fax/litoria/spool/linectl"
)

// TestRejectedCalls: a call that DynamicConfig or the configuration refuses is
// not answered; the job of the caller says so.
func TestRejectedCalls(t *testing.T) {
	for _, row := range []struct {
		name   string
		script string
		config string
		taken  bool
	}{
		{name: "by DynamicConfig", script: "#!/bin/sh\n[ \"$1\" = ttyIAX1 ] && [ \"$2\" = 1000 ] && [ \"$5\" = 1001 ] && echo 'RejectCall: true'\n"},
		{name: "by the configuration", config: "RejectCall: true"},
		{name: "DynamicConfig says nothing", script: "#!/bin/sh\nexit 0\n", taken: true},
		{name: "DynamicConfig is broken", script: "#!/bin/sh\nexit 3\n", taken: true},
		{name: "DynamicConfig changes the identity", script: "#!/bin/sh\necho 'LocalIdentifier: \"Other\"'\n", taken: true},
	} {
		t.Run(row.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				lines := []string{"FAXNumber: 1001", `LocalIdentifier: "Line 1"`}
				if row.script != "" {
					write(t, w.spool.Path("bin", "dynconf"), row.script)
					lines = append(lines, "DynamicConfig: bin/dynconf")
				}
				w.config("ttyIAX1", append(lines, row.config)...)
				a, b := w.both()
				job := w.job("1001", nil, w.document("doc1.ps;00", dotted(50, 1)))
				w.sent(a, job)
				idle(a, b)
				j := w.final(job)
				t.Logf("%q %d %v", j.Status, j.StatusCode, w.records())
				if (j.Returned == int(linectl.Done)) != row.taken {
					t.Errorf("returned %d, %q", j.Returned, j.Status)
				}
				if want := map[bool]string{true: "Other", false: "Line 1"}[strings.Contains(row.script, "Other")]; row.taken && j.CSI != want {
					t.Errorf("CSI %q, want %q", j.CSI, want)
				}
				if log := strings.Join(w.records(), ""); !row.taken && !strings.Contains(log, "ANSWER: CALL REJECTED") {
					t.Errorf("records %s", log)
				}
			})
		})
	}
}

// TestQualifyTSI: a caller that etc/tsi does not allow is turned away before its
// first page.
func TestQualifyTSI(t *testing.T) {
	inWorld(t, func(w *world) {
		w.config("ttyIAX1", "FAXNumber: 1001", "QualifyTSI: etc/tsi")
		write(t, w.spool.Path(spool.Etc, "tsi"), "!^Line 0$\n.*\n")
		a, b := w.both()
		job := w.job("1001", nil, w.document("doc1.ps;00", dotted(50, 1)))
		w.sent(a, job)
		idle(a, b)
		if j := w.final(job); j.Returned == int(linectl.Done) || len(w.received()) != 0 {
			t.Errorf("returned %d, %q; %d files", j.Returned, j.Status, len(w.received()))
		}
	})
}

// TestOrders: what the line's FIFO brings (faxgetty(8)).
func TestOrders(t *testing.T) {
	inWorld(t, func(w *world) {
		a, b := w.both()
		for _, m := range []string{"H", "SB", "CLocalIdentifier: \"Third\"", "Crubbish", "Znothing", "A", "L", "x", "CIAXCodec: g729"} {
			a.obey(m) // none may harm the line
		}
		job := w.job("1001", nil, w.document("doc1.ps;00", dotted(1000, 1)))
		done := w.send(a, job)
		w.await("c000000001", "SEND begin page 1")
		a.obey("Z")
		<-done
		idle(a, b)
		if j := w.final(job); j.StatusCode != codeAborted {
			t.Errorf("%q %d", j.Status, j.StatusCode)
		}
		if log := w.sessionLogs()[1]; !strings.Contains(log, `TSI "Third"`) {
			t.Error("the parameter set by FIFO does not hold")
		}
		b.obey("Q")
		time.Sleep(10 * time.Second)
		if got := b.Status().State; got != linectl.Down {
			t.Errorf("after Q the line is %v", got)
		}
	})
}

// TestConfigurationChanges: between two calls a changed configuration is read;
// one that is not usable leaves the former.
func TestConfigurationChanges(t *testing.T) {
	inWorld(t, func(w *world) {
		a, b := w.both()
		fax := func(want string) {
			t.Helper()
			job := w.job("1001", nil, w.document("doc1.ps;00", dotted(20, 1)))
			w.sent(a, job)
			idle(a, b)
			if j := w.final(job); j.CSI != want {
				t.Errorf("CSI %q, want %q (%s)", j.CSI, want, j.Status)
			}
		}
		fax("Line 1")
		w.config("ttyIAX1", "FAXNumber: 1001", `LocalIdentifier: "Changed line"`)
		w.procs[1].Rescan()
		idle(a, b)
		fax("Changed line")
		w.config("ttyIAX1", "FAXNumber: 1001", `LocalIdentifier: "Registered anew"`, "IAXRefresh: 90")
		w.procs[1].Rescan()
		idle(a, b)
		fax("Registered anew")
		w.config("ttyIAX1", "FAXNumber: 1001", `LocalIdentifier: "Bad"`, "IAXCodec: g729")
		w.procs[1].Rescan()
		idle(a, b)
		fax("Registered anew")
	})
}

// TestRescan: a process without a list of lines follows the configuration files.
func TestRescan(t *testing.T) {
	inWorld(t, func(w *world) {
		if err := os.Remove(w.spool.Path(spool.Etc, "config.ttyIAX1")); err != nil {
			t.Fatal(err)
		}
		p := w.start()
		if got := strings.Join(p.Lines(), " "); got != "ttyIAX0" {
			t.Errorf("lines %s", got)
		}
		w.config("ttyIAX1", "FAXNumber: 1001", `LocalIdentifier: "Line 1"`)
		p.Rescan()
		time.Sleep(time.Second)
		a, b := w.line("ttyIAX0"), w.line("ttyIAX1")
		idle(a, b)
		page := dotted(50, 1)
		w.sent(a, w.job("1001", nil, w.document("doc1.ps;00", page))) // both on one socket
		idle(a, b)
		samePages(t, "fax", w.received()[0], []*t4.Bitmap{page})
		os.Remove(w.spool.Path(spool.Etc, "config.ttyIAX0"))
		p.Rescan()
		if got := strings.Join(p.Lines(), " "); got != "ttyIAX1" {
			t.Errorf("lines %s", got)
		}
	})
}

// TestRings: how long a call rings before it is answered.
func TestRings(t *testing.T) {
	for _, row := range []struct {
		rings string
		order bool // to answer, after 20 s
		from  time.Duration
		code  int // of the caller's job
	}{{rings: "1"}, {rings: "3", from: 12 * time.Second}, {rings: "0", order: true, from: 20 * time.Second}, {rings: "0", code: codeNoAnswer}} {
		inWorld(t, func(w *world) {
			w.config("ttyIAX1", "FAXNumber: 1001", "RingsBeforeAnswer: "+row.rings)
			a, b := w.both()
			begin := time.Now()
			job := w.job("1001", nil, w.document("doc1.ps;00", dotted(20, 1)))
			done := w.send(a, job)
			if row.order {
				time.Sleep(20 * time.Second)
				b.obey("Afax")
			}
			<-done
			took := time.Since(begin)
			idle(a, b)
			j := w.final(job)
			if j.StatusCode != row.code {
				t.Errorf("%s rings: %q %d", row.rings, j.Status, j.StatusCode)
			}
			if row.code == 0 && (took < row.from+10*time.Second || took > row.from+25*time.Second) {
				t.Errorf("%s rings: the call took %v", row.rings, took)
			}
		})
	}
}

// TestCallIDs: what is told of a caller, and that nothing is of one who withholds it.
func TestCallIDs(t *testing.T) {
	caller := iax.CallerID{Number: "1000", Name: "Frog \"Tree\""}
	hidden := caller
	hidden.Presentation = 0x23
	for _, row := range []struct {
		info iax.CallInfo
		want []string
	}{
		{iax.CallInfo{Caller: caller, ANI: "5550", Called: "1001"}, []string{"1000", "Frog Tree", "5550", "1001"}},
		{iax.CallInfo{Caller: caller}, []string{"1000", "Frog Tree", noID, noID}},
		{iax.CallInfo{Caller: hidden, ANI: "1000", Called: "1001"}, []string{"", "", noID, "1001"}},
	} {
		if got := callIDs(row.info); !slices.Equal(got, row.want) {
			t.Errorf("%+v: %q, want %q", row.info, got, row.want)
		}
	}
}
