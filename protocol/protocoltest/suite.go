//go:build unix

package protocoltest

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/protocol"
	"github.com/litoria-fax/litoria/protocol/client"
)

// Peer is a server under test: its address and its spool.
type Peer struct {
	Addr string
	Dir  string
}

// RunSuite runs package client against a server. start starts one on a fresh test spool.
func RunSuite(t *testing.T, start func(*testing.T) Peer) {
	tests := map[string]func(*testing.T, Peer){
		"Login": suiteLogin, "Submit": suiteSubmit, "Lists": suiteLists, "Operations": suiteOperations,
		"Transfers": suiteTransfers, "Watch": suiteWatch, "Passive": suitePassive,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(t, start(t)) })
	}
}

// Dial connects and logs in.
func (p Peer) Dial(t *testing.T, user string, cfg client.Config) *client.Client {
	t.Helper()
	var err error
	if cfg.Host, cfg.Port, err = net.SplitHostPort(p.Addr); err != nil {
		t.Fatal(err)
	}
	cfg.Timeout = timeout
	c, err := client.Dial(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if user == "" {
		return c
	}
	if err := c.Login(user, func(string) (string, error) { return Password, nil }); err != nil {
		t.Fatalf("Login(%s): %v", user, err)
	}
	return c
}

func suiteLogin(t *testing.T, p Peer) {
	c := p.Dial(t, "", client.Config{})
	if err := c.Login("guest", nil); err == nil || !strings.Contains(err.Error(), client.ErrNoPassword.Error()) {
		t.Errorf("Login without a password = %v, want %v", err, client.ErrNoPassword)
	}
	wrong := func(string) (string, error) { return "wrong", nil }
	err := c.Login("guest", wrong)
	if protocol.CodeOf(err) != protocol.CodeNotLoggedIn || err.Error() != "Login failed: 530 Login incorrect." {
		t.Errorf("Login with a wrong password = %v, want 530", err)
	}
	c = p.Dial(t, "boss", client.Config{})
	if err := c.Admin("wrong"); protocol.CodeOf(err) != protocol.CodeNotLoggedIn {
		t.Errorf("Admin(wrong) = %v, want 530", err)
	}
	if err := c.Admin(Password); err != nil {
		t.Errorf("Admin: %v", err)
	}
	if err := c.Quit(); err != nil {
		t.Errorf("Quit: %v", err)
	}
}

// document is PostScript of some size.
func document(size int) string { return "%!PS\n" + strings.Repeat("% fill\n", size/7) + "showpage\n" }

func suiteSubmit(t *testing.T, p Peer) {
	c := p.Dial(t, "joe", client.Config{})
	doc := document(200_000)
	name, err := c.StoreTemp(client.FormPostScript, strings.NewReader(doc))
	if err != nil {
		t.Fatalf("StoreTemp: %v", err)
	}
	tag, ecm, rate := "top", false, 5
	req := &client.Request{
		Number: "9,555-1234", External: "555-1234", SubAddress: "44", Sender: `Joe "Q." User`, Mail: "joe@example.com",
		Receiver: "Ann, of Green Gables", Priority: 63, MaxDials: 4, MaxTries: 2, Resolution: 196, PageWidth: 209,
		PageLength: 296, Notify: client.NotifyRequeue, PageChop: "all", ChopThreshold: 2.5, ECM: &ecm, TagLine: &tag,
		DataFormat: "g31d", DesiredRate: &rate, Lifetime: 3 * time.Hour, RetryTime: 5 * time.Minute,
		SendTime: time.Now().Add(24 * time.Hour), Documents: []string{name}, Polls: []client.Poll{{Selector: "sel", Password: "pwd"}},
	}
	job, group, err := c.SubmitRequest(req)
	if err != nil {
		t.Fatalf("SubmitRequest: %v", err)
	}
	if job != "100" || group != "100" {
		t.Errorf("SubmitRequest = job %s group %s, want 100 100", job, group)
	}
	file, err := os.ReadFile(filepath.Join(p.Dir, "sendq/q100"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"number:9,555-1234", "external:555-1234", "subaddr:44", `sender:Joe "Q." User`, "mailaddr:joe@example.com",
		"receiver:Ann, of Green Gables", "priority:63", "maxdials:4", "maxtries:2", "resolution:196", "pagewidth:209",
		"pagelength:296", "notify:when done+requeued", "pagechop:all", "chopthreshold:2.5", "desiredec:0", "desiredtl:1",
		"tagline:top", "desireddf:0", "desiredbr:5", "retrytime:300", "owner:joe", "jobid:100", "jobtype:facsimile",
		"postscript:0::docq/doc200.ps.100", "poll:0:sel:pwd",
	} {
		if !strings.Contains(string(file), want+"\n") {
			t.Errorf("job file lacks %q", want)
		}
	}
	stored, err := os.ReadFile(filepath.Join(p.Dir, "docq/doc200.ps.100"))
	if err != nil || string(stored) != doc {
		t.Errorf("document = %d octets, %v, want %d", len(stored), err, len(doc))
	}
	if err := c.Quit(); err != nil {
		t.Errorf("Quit: %v", err)
	}
	eventually(t, func() bool { return missing(filepath.Join(p.Dir, name)) })
}

func missing(path string) bool {
	_, err := os.Lstat(path)
	return os.IsNotExist(err)
}

// eventually waits for what a server does after the client has left.
func eventually(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(timeout); !done(); {
		if time.Now().After(deadline) {
			t.Fatal("does not happen")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func suiteLists(t *testing.T, p Peer) {
	c := p.Dial(t, "joe", client.Config{})
	jobs, err := c.Jobs(protocol.DirSend)
	if err != nil || len(jobs) != 1 {
		t.Fatalf("Jobs(sendq) = %v, %v, want one", jobs, err)
	}
	j := jobs[0]
	if j.ID != "10" || j.State != client.StateSuspended || j.Number != "555-1234" || j.PagesSent != 1 || j.TotalPages != 3 ||
		j.TotalDials != 2 || j.MaximumDials != 12 || j.Status != "No answer from remote" || j.SendTime.Unix() != 1700000000 {
		t.Errorf("Jobs(sendq) = %+v", j)
	}
	faxes, err := c.Received(protocol.DirReceive)
	if err != nil || len(faxes) != 1 || faxes[0].File != "fax000000001.tif" || faxes[0].Pages != 2 ||
		faxes[0].Sender != "+1.555.0199" || !faxes[0].Received.Equal(Epoch) {
		t.Errorf("Received = %+v, %v", faxes, err)
	}
	scheduler, modems, err := c.Modems()
	if err != nil || !scheduler || len(modems) != 1 || modems[0].Name != "ttyS0" || modems[0].Status != "Running and idle" {
		t.Errorf("Modems = %v, %+v, %v", scheduler, modems, err)
	}
	files, err := c.Files(protocol.DirDoc)
	if err != nil || len(files) != 2 {
		t.Errorf("Files(docq) = %+v, %v, want two", files, err)
	}
	if format, err := c.Format("JOBFMT"); err != nil || format != protocol.DefaultJobFormat {
		t.Errorf("Format(JOBFMT) = %q, %v: not put back", format, err)
	}
}

func suiteOperations(t *testing.T, p Peer) {
	c := p.Dial(t, "ann", client.Config{})
	if err := c.Suspend("11"); err != nil {
		t.Errorf("Suspend: %v", err)
	}
	if done, err := c.Remove("11"); err != nil || done {
		t.Errorf("Remove(11) = %v, %v, want killed", done, err)
	}
	if done, err := c.Remove("6"); err != nil || !done {
		t.Errorf("Remove(6) = %v, %v, want deleted from doneq", done, err)
	}
	if !missing(filepath.Join(p.Dir, "doneq/q6")) {
		t.Error("doneq/q6 is still there")
	}
	if _, err := c.Remove("10"); protocol.CodeOf(err) != protocol.CodeBadJob {
		t.Errorf("Remove(10), joe's = %v, want 504", err)
	}
	if _, err := c.Remove("999"); protocol.CodeOf(err) != protocol.CodeSyntax {
		t.Errorf("Remove(999) = %v, want 500", err)
	}
	if err := c.Delete("/docq/doc5.tif.10"); protocol.CodeOf(err) != protocol.CodeFileUnavailable {
		t.Errorf("Delete of joe's document = %v, want 550", err)
	}
	// A job that is made and not submitted goes with the session.
	if _, _, err := c.NewJob(); err != nil {
		t.Fatal(err)
	}
	c.Close()
	eventually(t, func() bool { return missing(filepath.Join(p.Dir, "sendq/q100")) })
}

func suiteTransfers(t *testing.T, p Peer) {
	c := p.Dial(t, "joe", client.Config{})
	for _, size := range []int{0, 1, 1 << 20} {
		doc := strings.Repeat("x", size)
		name, err := c.StoreUnique(client.FormTIFF, strings.NewReader(doc))
		if err != nil {
			t.Fatalf("StoreUnique(%d): %v", size, err)
		}
		var back bytes.Buffer
		if err := c.Retrieve(name, &back); err != nil || back.String() != doc {
			t.Errorf("Retrieve(%s) = %d octets, %v, want %d", name, back.Len(), err, size)
		}
	}
	if err := c.Retrieve("/etc/hosts.hfaxd", io.Discard); protocol.CodeOf(err) != protocol.CodeFileUnavailable {
		t.Errorf("Retrieve(hosts.hfaxd) = %v, want 550", err)
	}
}

func suitePassive(t *testing.T, p Peer) {
	c := p.Dial(t, "joe", client.Config{Passive: true})
	var out bytes.Buffer
	for range 3 {
		if err := c.List(protocol.DirDone, &out); err != nil {
			t.Fatalf("List: %v", err)
		}
	}
	if n := strings.Count(out.String(), "\r\n"); n != 6 {
		t.Errorf("List three times = %d lines, want 6", n)
	}
	if _, err := c.StoreTemp(client.FormPDF, strings.NewReader("%PDF-1.4")); err != nil {
		t.Errorf("StoreTemp: %v", err)
	}
}

func suiteWatch(t *testing.T, p Peer) {
	c := p.Dial(t, "joe", client.Config{})
	if err := c.Wait(context.Background(), "5"); err != nil {
		t.Errorf("Wait for a job that is done: %v", err)
	}
	progress, err := c.JobProgress("10")
	if err != nil || progress.State != client.StateSuspended || progress.TotalPages != 3 || progress.Status != "No answer from remote" {
		t.Errorf("JobProgress = %+v, %v", progress, err)
	}
	var states []client.State
	other := p.Dial(t, "joe", client.Config{})
	last, err := c.Watch(context.Background(), "10", 10*time.Millisecond, func(pr client.Progress) {
		if states = append(states, pr.State); len(states) == 1 {
			if err := other.Kill("10"); err != nil {
				t.Errorf("Kill: %v", err)
			}
		}
	})
	if err != nil || last.State != client.StateFailed || last.Status != "Job aborted by request" {
		t.Errorf("Watch = %+v, %v, want failed", last, err)
	}
}
