package command_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/protocol/client"
	"github.com/litoria-fax/litoria/protocol/client/command"
	"github.com/litoria-fax/litoria/protocol/protocoltest"
	"github.com/litoria-fax/litoria/protocol/server"
)

// world is a server and a user's surroundings.
type world struct {
	t    *testing.T
	dir  string // spool
	home string
	addr string
	env  map[string]string
	now  time.Time
	step time.Duration // by which the clock goes on at each look

	terminal bool
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		t: t, dir: t.TempDir(), home: t.TempDir(), env: map[string]string{"FAXUSER": "joe"},
		now: time.Date(2030, time.May, 6, 10, 30, 20, 0, time.UTC),
	}
	if err := protocoltest.MakeSpool(w.dir); err != nil {
		t.Fatal(err)
	}
	scheduler, err := protocoltest.StartScheduler(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	srv, err := server.New(server.Config{
		Spool: w.dir, Hostname: "fax.example.com", NoPasswordDelay: true,
		LookupHost: func(context.Context, string) string { return "localhost" },
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l, false) }()
	t.Cleanup(func() {
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
		<-ended
		scheduler.Close()
	})
	w.addr = l.Addr().String()
	w.env["FAXSERVER"] = w.addr
	return w
}

// faxcoverRun gives Faxcover the form of the others.
func faxcoverRun(_ context.Context, env *command.Env, args []string) int {
	return command.Faxcover(env, args)
}

type run func(context.Context, *command.Env, []string) int

// run runs a command and returns its exit code and outputs.
func (w *world) run(f run, args ...string) (code int, stdout, stderr string) {
	w.t.Helper()
	return w.runWith(f, "", args...)
}

func (w *world) runWith(f run, stdin string, args ...string) (code int, stdout, stderr string) {
	w.t.Helper()
	var out, errOut bytes.Buffer
	env := &command.Env{
		Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &errOut, Getenv: func(k string) string { return w.env[k] },
		ConfigDir: w.home, HomeDir: w.home, LoginName: "login", FullName: "Log In", Hostname: "client.example.com",
		Terminal: w.terminal,
		Now: func() time.Time {
			w.now = w.now.Add(w.step)
			return w.now
		},
		Password: func(string) (string, error) { return protocoltest.Password, nil },
		Interval: 5 * time.Millisecond,
		CheckPDF: func([]byte) error { return &command.Unfit{Err: errors.New("it has no pages left")} },
		Convert: func(data []byte, opts command.ConvertOptions) (*command.Converted, error) {
			if bytes.Contains(data, []byte("cannot")) {
				return nil, errors.New("cannot be converted")
			}
			if bytes.Contains(data, []byte("cut off")) {
				return nil, &command.Unfit{Err: errors.New("it is cut off")}
			}
			return &command.Converted{Form: client.FormTIFF, Data: protocoltest.TIFF(1), Pages: 1}, nil
		},
	}
	code = f(context.Background(), env, append([]string{"command"}, args...))
	return code, out.String(), errOut.String()
}

func (w *world) file(name, text string) string {
	w.t.Helper()
	path := filepath.Join(w.home, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

func (w *world) job(name string) string {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(w.dir, name))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(text)
}

func (w *world) wantFields(name string, fields ...string) {
	w.t.Helper()
	text := "\n" + w.job(name)
	for _, f := range fields {
		if !strings.Contains(text, "\n"+f+"\n") {
			tag, _, _ := strings.Cut(f, ":")
			for _, l := range strings.Split(text, "\n") {
				if strings.HasPrefix(l, tag+":") {
					w.t.Errorf("%s has %q, want %q", name, l, f)
				}
			}
		}
	}
}

func TestSendfax(t *testing.T) {
	w := newWorld(t)
	ps := w.file("doc.ps", "%!PS\n%%Pages: 3\nshowpage\n")
	code, out, errOut := w.run(command.Sendfax, "-n", "-d", "555-1234", ps)
	if code != 0 || out != "request id is 100 (group id 100) for host 127.0.0.1 (1 file)\n" || errOut != "" {
		t.Fatalf("sendfax = %d, %q, %q", code, out, errOut)
	}
	w.wantFields("sendq/q100",
		"number:555-1234", "external:555-1234", "sender:joe", "mailaddr:joe@client.example.com", "maxdials:12", "maxtries:3",
		"priority:127", "resolution:98", "pagewidth:209", "pagelength:296", "notify:none", "pagechop:default", "modem:any",
		"owner:joe", "chopthreshold:3", "postscript:0::docq/doc200.ps.100")
}

// Options hold for the destinations that follow them (sendfax(1)).
func TestSendfaxOrder(t *testing.T) {
	w := newWorld(t)
	list := w.file("list", "# comment\nAnn@1003\n\n1004#77\n")
	code, out, errOut := w.runWith(command.Sendfax, "%!PS\nshowpage\n",
		"-nm", "-x", "A Co", "-d", "1001", "-x", "B Co", "-l", "-P", "high", "-d1002", "-Ddu@1005", "-z", list, "-h", "ttyS0@"+w.addr)
	if code != 0 || errOut != "" {
		t.Fatalf("sendfax = %d, %q, %q", code, out, errOut)
	}
	want := ""
	for _, id := range []string{"100", "101", "102", "103", "104"} {
		want += "request id is " + id + " (group id " + id + ") for host 127.0.0.1 (1 file)\n"
	}
	if out != want {
		t.Errorf("output %q, want %q", out, want)
	}
	w.wantFields("sendq/q100", "number:1001", "company:A Co", "resolution:196", "priority:127", "notify:none", "modem:ttyS0")
	w.wantFields("sendq/q101", "number:1002", "company:B Co", "resolution:98", "priority:63", "notify:none")
	w.wantFields("sendq/q102", "number:1005", "receiver:u", "notify:when done")
	w.wantFields("sendq/q103", "number:1003", "receiver:Ann", "notify:when done")
	w.wantFields("sendq/q104", "number:1004", "subaddr:77")
}

func TestSendfaxOptions(t *testing.T) {
	w := newWorld(t)
	ps := w.file("doc.ps", "%!PS\nshowpage\n")
	code, _, errOut := w.run(command.Sendfax, "-n", "-a", "11:45 PM", "-k", "now + 2 hours", "-I", "5min", "-t", "4", "-T", "6",
		"-B", "9600", "-b", "2400", "-M", "10ms", "-1", "-G", "-A", "-R", "-f", "Ann Other <ann@example.org>", "-i", "tag",
		"-S", "+1 555", "-F", "tag line", "-Z", "1,3-4", "-r", "re", "-y", "there", "-V", "1", "-X", "us", "-Y", "here", "-U", "2",
		"-s", "Japanese Legal", "-o", "ann", "-O", "ChopThreshold: 1.5", "-p", "-d", "Jo@9#1", ps)
	if code != 0 {
		t.Fatalf("sendfax = %d, %q", code, errOut)
	}
	tts := time.Date(2030, time.May, 6, 23, 45, 0, 0, time.UTC).Unix()
	w.wantFields("sendq/q100", "tts:"+itoa(tts), "killtime:"+itoa(tts+2*3600), "retrytime:300", "maxtries:4", "maxdials:6",
		"desiredbr:3", "minbr:0", "desiredst:3", "desireddf:0", "usexvres:1", "doneop:archive", "notify:when done+requeued",
		"sender:Ann Other", "mailaddr:ann@example.org", "jobtag:tag", "tsi:+1 555", "tagline:tag line", "desiredtl:1",
		"pagerange:1,3-4", "regarding:re", "location:there", "voice:1", "fromcompany:us", "fromlocation:here", "fromvoice:2",
		"pagewidth:256", "pagelength:363", "owner:ann", "chopthreshold:1.5", "receiver:Jo", "number:9", "subaddr:1", "poll:0::")
}

func itoa(n int64) string { b, _ := json.Marshal(n); return string(b) }

func TestSendfaxConfig(t *testing.T) {
	w := newWorld(t)
	w.file("hyla.conf", "Host: nosuch.invalid\nAutoCoverPage: no\nVRes: 196\nMaxDials: 7\n")
	w.file("sendfax.conf", "MaxDials: 8\nPriority: bulk\n")
	w.file(".hylarc", "Priority: low\nHost: \""+strings.Split(w.addr, ":")[0]+"\"\nPort: "+strings.Split(w.addr, ":")[1]+"\nPassiveMode: yes\n")
	code, out, errOut := w.runWith(command.Sendfax, "%!PS\nshowpage\n", "-d", "1")
	if code != 0 {
		t.Fatalf("sendfax = %d, %q, %q", code, out, errOut)
	}
	w.wantFields("sendq/q100", "resolution:196", "maxdials:8", "priority:190")
}

// What is wrong is said in one sentence, before anything is sent.
func TestSendfaxFaults(t *testing.T) {
	w := newWorld(t)
	ps := w.file("doc.ps", "%!PS\nshowpage\n")
	tiff := string(protocoltest.TIFF(2))
	tests := []struct {
		args []string
		want string
	}{
		{[]string{"-n", ps}, "sendfax: No destination specified."},
		{[]string{"-d", "1", "-n", ps}, "sendfax: Unused options after last destination."},
		{[]string{"-n", "-d", "", ps}, `sendfax: Null destination for ""`},
		{[]string{"-n", "-d", "1", "/nosuch"}, "/nosuch: Can not open file: no such file or directory"},
		{[]string{"-n", "-d", "1", w.home}, w.home + ": Not a regular file"},
		{[]string{"-n", "-d", "1", w.file("empty", "")}, "empty: Empty file"},
		{[]string{"-n", "-d", "1", w.file("zip", "PK\x03\x04xxxx")}, "zip: not a document that can be faxed: it is a ZIP archive"},
		{[]string{"-n", "-d", "1", w.file("bin", "\x00\x01\x02\x03")}, "bin: not a document that can be faxed"},
		{[]string{"-n", "-d", "1", w.file("cut.tif", tiff[:len(tiff)-40])}, "cut.tif: the TIFF file is damaged or cut off"},
		{[]string{"-n", "-d", "1", w.file("cut.pdf", "%PDF-1.4\n1 0 obj")}, "cut.pdf: the PDF file is damaged or cut off"},
		{[]string{"-n", "-d", "1", w.file("hollow.pdf", "%PDF-1.4\n1 0 obj\n%%EOF\n")}, "hollow.pdf: it has no pages left\n"},
		{[]string{"-n", "-d", "1", w.file("blank.ps", "%!PS-Adobe-3.0\r\n%%Pages: 1\r\n\r\n\x04")}, "blank.ps: the document has no pages\n"},
		{[]string{"-n", "-d", "1", w.file("text", "this cannot be")}, "text: cannot be converted"},
		{[]string{"-n", "-s", "postcard", "-d", "1", ps}, "Unknown page size postcard"},
		{[]string{"-n", "-a", "yesterday", "-d", "1", ps}, `yesterday: Syntax error, unrecognized symbolic time "yesterday"`},
		{[]string{"-n", "-P", "urgent", "-d", "1", ps}, `priority "urgent" is none of`},
		{[]string{"-n", "-B", "1200", "-d", "1", ps}, `speed "1200" is none of`},
		{[]string{"-n", "-q", "-d", "1", ps}, "sendfax: invalid option -- 'q'"},
		{[]string{"-n", "-d"}, "sendfax: option requires an argument -- 'd'"},
		{[]string{"-n", "-h", "127.0.0.1:1", "-d", "1", ps}, `Can not reach service 1 at host "127.0.0.1": connect: connection refused.`},
		{[]string{"-n", "-o", "bad", "-d", "1", ps}, "Login failed: 530 Login incorrect."},
		{[]string{"-n", "-z", "/nosuch", ps}, "sendfax: /nosuch: no such file"},
		{[]string{"-n", "-d", "1"}, "sendfax: No input data; transmission aborted"},
	}
	for _, tt := range tests {
		code, out, errOut := w.run(command.Sendfax, tt.args...)
		if code != 255 || !strings.Contains(errOut, tt.want) || out != "" {
			t.Errorf("sendfax %q = %d, %q, %q, want 255 and %q", tt.args, code, out, errOut, tt.want)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(w.dir, "tmp/doc*")); len(left) > 0 {
		t.Errorf("uploaded: %v", left)
	}
}

func TestSendfaxWait(t *testing.T) {
	w := newWorld(t)
	ps := w.file("doc.ps", "%!PS\nshowpage\n")
	go func() { // the fax is killed when it is there
		c := protocoltest.Peer{Addr: w.addr, Dir: w.dir}.Dial(t, "joe", client.Config{})
		for range 1000 {
			if p, err := c.JobProgress("100"); err == nil && p.State == client.StateWaiting && c.Kill("100") == nil {
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
	}()
	code, _, errOut := w.run(command.Sendfax, "-n", "-w", "-d", "1", ps)
	if code != 255 || !strings.Contains(errOut, "job 100 failed: Job aborted by request") {
		t.Errorf("sendfax -w = %d, %q", code, errOut)
	}
}

// A submission that is made again with its key gives the job of the first time.
func TestSendfaxDupKey(t *testing.T) {
	w := newWorld(t)
	submit := func(args ...string) (string, string) {
		t.Helper()
		code, out, errOut := w.runWith(command.Sendfax, "%!PS\nshowpage\n", append([]string{"-n"}, args...)...)
		if code != 0 {
			t.Fatalf("sendfax %v = %d, %q", args, code, errOut)
		}
		return out, errOut
	}
	first, _ := submit("--dup-key=order 7", "-d", "1", "-d", "2")
	if !strings.Contains(first, "request id is 100 ") || !strings.Contains(first, "request id is 101 ") {
		t.Fatalf("sendfax says %q", first)
	}
	w.wantFields("sendq/q100", "number:1", "dupkey:order 7")
	w.wantFields("sendq/q101", "number:2", "dupkey:order 7/2")
	again, said := submit("--dup-key=order 7", "-d", "1", "-d", "2")
	if !strings.Contains(again, "request id is 100 ") || !strings.Contains(again, "request id is 101 ") || strings.Count(said, "same key") != 2 {
		t.Errorf("the second time sendfax says %q, %q", again, said)
	}
	if _, err := os.Stat(filepath.Join(w.dir, "sendq", "q102")); err == nil {
		t.Error("the second job is still there")
	}
	if other, said := submit("--dup-key=order 8", "-d", "1"); strings.Contains(other, "request id is 100 ") || said != "" {
		t.Errorf("another key: %q, %q", other, said)
	}
	if other, said := submit("-d", "1"); strings.Contains(other, "request id is 100 ") || said != "" {
		t.Errorf("no key: %q, %q", other, said)
	}
	w.env["FAXUSER"] = "ann" // another user's keys are her own
	if other, said := submit("--dup-key=order 7", "-d", "1"); strings.Contains(other, "request id is 100 ") || said != "" {
		t.Errorf("another user: %q, %q", other, said)
	}
}

func TestSendfaxJSON(t *testing.T) {
	w := newWorld(t)
	code, out, _ := w.runWith(command.Sendfax, "%!PS\nshowpage\n", "-n", "--json", "-d", "1")
	var job struct {
		ID, Group, Host, Destination string
		Files                        int
	}
	if err := json.Unmarshal([]byte(out), &job); err != nil || code != 0 || job.ID != "100" || job.Files != 1 {
		t.Errorf("sendfax --json = %d, %q, %v", code, out, err)
	}
}

func TestFaxstat(t *testing.T) {
	w := newWorld(t)
	code, out, errOut := w.run(command.Faxstat, "-sdr")
	const want = `HylaFAX scheduler on fax.example.com: Running
Modem ttyS0 (+1.555.0100): Running and idle

JID  Pri S  Owner Number       Pages Dials     TTS Status
10   120 T    joe 555-1234      1:3   2:12         No answer from remote

JID  Pri S  Owner Number       Pages Dials     TTS Status
5    120 D    joe 555-1234      1:3   2:12         No answer from remote
6    120 F    ann 555-1234      1:3   2:12         No answer from remote

Protect Page  Owner        Sender/TSI  Recvd@ Filename
-rw-r--    2  fax         +1.555.0199 02Jan24 fax000000001.tif
`
	if got := strings.ReplaceAll(out, "\r\n", "\n"); code != 0 || got != want || errOut != "" {
		t.Errorf("faxstat -sdr = %d, %q\n%s\nwant\n%s", code, errOut, got, want)
	}
	code, out, _ = w.run(command.Faxstat, "-i", "-O", `JobFmt: "%j %-5a|"`, "-s")
	if code != 0 || !strings.Contains(out, "HylaFAX test server\nsecond line\n") || !strings.HasSuffix(out, "\n\nJID State|\n10 T    |\r\n") {
		t.Errorf("faxstat -i -s = %d, %q", code, out)
	}
	code, out, _ = w.run(command.Faxstat, "--json", "-sdrf")
	var all struct {
		SchedulerRunning bool
		Modems           []struct{ Modem, Status string }
		Sendq, Doneq     []struct{ ID, State string }
		Recvq            []struct{ File string }
		Docq             []struct{ File string }
	}
	err := json.Unmarshal([]byte(out), &all)
	if code != 0 || err != nil || !all.SchedulerRunning || len(all.Modems) != 1 || len(all.Sendq) != 1 || all.Sendq[0].State != "suspended" ||
		len(all.Doneq) != 2 || len(all.Recvq) != 1 || len(all.Docq) != 2 {
		t.Errorf("faxstat --json = %d, %v, %s", code, err, out)
	}
	if code, _, errOut = w.run(command.Faxstat, "-x"); code != 255 || !strings.Contains(errOut, "usage: faxstat") {
		t.Errorf("faxstat -x = %d, %q", code, errOut)
	}
}

func TestFaxrm(t *testing.T) {
	w := newWorld(t)
	tests := []struct {
		args      []string
		code      int
		out, fail string
	}{
		{[]string{"10"}, 0, "Job 10 removed.\n", ""},
		{[]string{"5"}, 0, "Job 5 removed (from doneq).\n", ""},
		{[]string{"6"}, 0, "", "504 Cannot kill job: Operation not permitted.\n"},
		{[]string{"999"}, 0, "", "500 Cannot kill job 999; job does not exist (No such file or directory).\n"},
		{[]string{"-d", "nosuch"}, 0, "", "550 /docq/nosuch: Operation not permitted.\n"},
		{[]string{}, 255, "", "usage: faxrm [-h server-host] [-adv] id...\n"},
	}
	for _, tt := range tests {
		code, out, errOut := w.run(command.Faxrm, tt.args...)
		if code != tt.code || out != tt.out || errOut != tt.fail {
			t.Errorf("faxrm %q = %d, %q, %q, want %d, %q, %q", tt.args, code, out, errOut, tt.code, tt.out, tt.fail)
		}
	}
	w.env["FAXUSER"] = "boss"
	if code, out, errOut := w.run(command.Faxrm, "-a", "6", "11"); code != 0 || out != "Job 6 removed (from doneq).\nJob 11 removed.\n" {
		t.Errorf("faxrm -a = %d, %q, %q", code, out, errOut)
	}
}

func TestFaxalter(t *testing.T) {
	w := newWorld(t)
	code, out, errOut := w.run(command.Faxalter, "-P", "64", "-t", "3", "-d", "777", "-m", "ttyS9", "-D", "-a", "23:00", "-k", "now + 1 day", "-Z", "2-3", "10")
	if code != 0 || out != "Job 10: done.\n" || errOut != "" {
		t.Fatalf("faxalter = %d, %q, %q", code, out, errOut)
	}
	tts := time.Date(2030, time.May, 6, 23, 0, 0, 0, time.UTC).Unix()
	w.wantFields("sendq/q10", "priority:64", "maxdials:3", "number:777", "external:777", "modem:ttyS9", "notify:when done",
		"tts:"+itoa(tts), "killtime:"+itoa(tts+86400), "pagerange:2-3", "state:5", "pagehandling:")
	code, out, errOut = w.run(command.Faxalter, "-r", "5")
	if code != 0 || out != "Job 5: duplicated as job 100.\nJob 100: done.\n" {
		t.Errorf("faxalter -r = %d, %q, %q", code, out, errOut)
	}
	w.wantFields("sendq/q100", "number:9,555-1234", "postscript:0::docq/doc4.ps.100")
	for _, tt := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"10"}, 255, "No job parameters specified for alteration."},
		{[]string{"-p"}, 255, "usage: faxalter"},
		{[]string{"-p", "6"}, 3, "504 Cannot suspend job: Operation not permitted."},
		{[]string{"-p", "999"}, 3, "500 Cannot set job 999;"},
		{[]string{"-P", "300", "10"}, 255, "Invalid job priority 300"},
		{[]string{"-g", "-p", "10"}, 255, "faxalter: -g is not supported"},
		{[]string{"-t", "99999999999", "10"}, 3, "\nJob 10: goes on without this change.\n"},
		{[]string{"-h", "127.0.0.1:1", "-p", "10"}, 2, "Can not reach service"},
		{[]string{"-t", "-5", "10"}, 255, "Bad number of retries for -t option: -5"},
		{[]string{"-a", "never", "10"}, 1, "never: Syntax error"},
	} {
		if code, _, errOut := w.run(command.Faxalter, tt.args...); code != tt.code || !strings.Contains(errOut, tt.want) {
			t.Errorf("faxalter %q = %d, %q, want %d, %q", tt.args, code, errOut, tt.code, tt.want)
		}
	}
}

func TestHelp(t *testing.T) {
	w := newWorld(t)
	for name, f := range map[string]run{
		"sendfax": command.Sendfax, "faxstat": command.Faxstat, "faxrm": command.Faxrm, "faxalter": command.Faxalter, "faxcover": faxcoverRun,
	} {
		args := []string{"--help"}
		if name == "sendfax" {
			args = append(args, "-d", "1")
		}
		code, out, errOut := w.run(f, args...)
		if code != 0 || !strings.HasPrefix(out, "usage: "+name) || errOut != "" {
			t.Errorf("%s --help = %d, %q, %q", name, code, out, errOut)
		}
		for _, bad := range []string{"--nosuch", "--nosuch=1"} {
			code, out, errOut = w.run(f, bad)
			if code != 255 || out != "" || !strings.Contains(errOut, ": unrecognized option '--nosuch'\nusage: "+name+" ") {
				t.Errorf("%s %s = %d, %q, %q", name, bad, code, out, errOut)
			}
		}
	}
}
