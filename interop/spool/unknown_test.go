//go:build interop

package spool_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/interop/lab"
	"github.com/litoria-fax/litoria/spool"
)

// TestUnknownField: HylaFAX's faxq takes a job file with a field of ours, works
// on it, and keeps all others as they are.
func TestUnknownField(t *testing.T) {
	lab.Need(t, "faxq")
	dir := lab.NewHylaFAXSpool(t, nil)
	s, err := spool.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.Path("docq/doc1.ps.12"), []byte("%!PS\nshowpage\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	j := spool.NewJob()
	j.JobID, j.GroupID, j.State, j.JobType = "12", "12", spool.StateSuspended, "facsimile"
	j.Number, j.External, j.Modem, j.MailAddr, j.Sender, j.Client, j.Owner = "5551234", "5551234", "any", "me@here", "Me", "here", "me"
	j.JobTag, j.Receiver, j.Company, j.Regarding, j.TSI = "tag", "You", "Frogs", "Ponds", "+1 555"
	j.MaxDials, j.MaxTries, j.KillTime = 7, 5, time.Now().Add(9*time.Hour).Unix()
	j.Documents = []spool.Document{{Op: spool.OpPostScript, File: "docq/doc1.ps.12"}}
	text := strings.Replace(string(j.Format()), "jobtag:tag\n", "jobtag:tag\ndupkey:order 7\n", 1)
	if err := os.WriteFile(s.Path("sendq/q12"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	lab.Run(t, "chown", "uucp:uucp", s.Path("sendq/q12"), s.Path("docq/doc1.ps.12"))
	lab.Start(t, filepath.Dir(dir), "faxq", "faxq", "-q", dir, "-D")
	lab.Wait(t, 10*time.Second, "HylaFAX's faxq to take the job", func() bool {
		_ = s.Send(spool.QueuerFIFO, "S:12")
		got, err := s.ReadJob("sendq/q12")
		return err == nil && got.State != spool.StateSuspended
	})
	got, err := s.ReadJob("sendq/q12")
	if err != nil {
		t.Fatal(err)
	}
	for what, pair := range map[string][2]any{
		"number": {got.Number, j.Number}, "jobtag": {got.JobTag, j.JobTag}, "receiver": {got.Receiver, j.Receiver}, "company": {got.Company, j.Company},
		"regarding": {got.Regarding, j.Regarding}, "tsi": {got.TSI, j.TSI}, "maxdials": {got.MaxDials, j.MaxDials}, "maxtries": {got.MaxTries, j.MaxTries},
		"killtime": {got.KillTime, j.KillTime}, "owner": {got.Owner, j.Owner}, "modem": {got.Modem, j.Modem}, "documents": {len(got.Documents), 1},
	} {
		if pair[0] != pair[1] {
			t.Errorf("HylaFAX's faxq left %s as %v, it was %v", what, pair[0], pair[1])
		}
	}
}

// TestDupKeyUnknown: HylaFAX's hfaxd knows no keys; sendfax says so and submits
// nothing.
func TestDupKeyUnknown(t *testing.T) {
	lab.Need(t, "faxq", "hfaxd")
	dir := lab.NewHylaFAXSpool(t, nil)
	h := lab.StartHylaFAX(t, dir)
	out, err := lab.TryRun(lab.Bin(t, "sendfax"), "-n", "-h", h.Host(), "--dup-key=order 7", "-d", "5551234", "/etc/hostname")
	if err == nil || !strings.Contains(out, "DUPKEY") {
		t.Errorf("sendfax: %v, %s", err, out)
	}
	lab.Wait(t, 10*time.Second, "the half job to go", func() bool { return len(files(dir, "sendq/q*")) == 0 && len(files(dir, "doneq/q*")) == 0 })
}
