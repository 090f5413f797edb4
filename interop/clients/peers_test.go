//go:build interop

package clients_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/litoria-fax/litoria/protocol/server"
)

// startOurs starts this module's server on a spool, as HylaFAX's is set up by default.
func startOurs(t *testing.T, dir string) string {
	t.Helper()
	srv, err := server.New(server.Config{Spool: dir, NoPasswordDelay: true, LookupHost: func(context.Context, string) string { return "localhost" }})
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
		srv.Close()
		if err := <-ended; !errors.Is(err, server.ErrClosed) {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// buildClients builds this module's client commands, and hfaxd.
func buildClients(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"sendfax", "faxstat", "faxrm", "faxalter", "faxcover", "hfaxd"} {
		cmd := exec.Command("go", "build", "-o", dir, "github.com/litoria-fax/litoria/cmd/"+name)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("build %s: %v\n%s", name, err, out)
		}
	}
	return dir
}

var (
	minutes = regexp.MustCompile(`\b[0-2][0-9]:[0-5][0-9]\b`)
	days    = regexp.MustCompile(`\b(Sun|Mon|Tue|Wed|Thu|Fri|Sat)[0-9][0-9][AP]M\b`)
	word    = regexp.MustCompile(`'[^']*'|[^ ]+`)
	capital = regexp.MustCompile(`\b[A-Z]{3,}\b`)
)

// splitWords splits a line as a shell does with single quote marks.
func splitWords(line string) []string {
	args := word.FindAllString(line, -1)
	for i := range args {
		args[i] = strings.Trim(args[i], "'")
	}
	return args
}

// pair is a maker of clients and a maker of the server.
type pair struct {
	name, clients string
	start         func(*testing.T, string) string
}

// clientsRan tells that TestClients was not left out, for the table.
var clientsRan bool

// TestClients runs HylaFAX's clients and ours against HylaFAX's server and ours. All four must say the
// same, end alike and leave the same jobs.
func TestClients(t *testing.T) {
	if _, err := os.Stat("/usr/bin/faxmail"); err != nil {
		t.Fatal("HylaFAX's clients are not installed: run interop/setup first")
	}
	if _, err := os.Stat(filepath.Join(accountHome(t), ".faxdb")); err == nil {
		t.Fatal("HylaFAX's faxcover reads this account's .faxdb, which must not be there")
	}
	ours := buildClients(t)
	words := material(t)
	pairs := []pair{
		{"hylafax-hylafax", "/usr/bin", startHylaFAX},
		{"hylafax-ours", "/usr/bin", startOurs},
		{"ours-hylafax", ours, startHylaFAX},
		{"ours-ours", ours, startOurs},
	}
	clientsRan = true
	results := make([][]string, len(pairs))
	t.Run("run", func(t *testing.T) {
		for i, p := range pairs {
			t.Run(p.name, func(t *testing.T) {
				t.Parallel()
				dir := makeSpool(t)
				r := runner{t: t, dir: dir, clients: p.clients, words: maps.Clone(words), clean: cleaner(t)}
				r.words["ADDR"] = p.start(t, dir)
				for _, s := range steps {
					results[i] = append(results[i], r.do(s))
				}
			})
		}
	})
	for i, p := range pairs[1:] {
		t.Run(p.name, func(t *testing.T) {
			for n, got := range results[i+1] {
				s := steps[n]
				switch {
				case s.ours != "" && p.clients == ours:
					if !strings.Contains(got, s.ours) {
						t.Errorf("%s\n  got %q\n want %q", s.op, got, s.ours)
					}
				case got != results[0][n] && got != "":
					diff(t, s.op, results[0][n], got)
				}
			}
		})
	}
}

// runner runs steps with one pair.
type runner struct {
	t            *testing.T
	dir, clients string
	words        map[string]string
	clean        func(string) string
	jobs         map[string]string // what their files held when they were looked at
}

// do does a step and returns what was said, the exit code and the jobs that are new, without what differs by
// the moment; "" where the step is not for this pair.
func (r *runner) do(s step) string {
	clients := r.clients
	if s.alone && clients != "/usr/bin" {
		return ""
	}
	args := splitWords(r.expand(s.line))
	env := append(os.Environ(), "FAXUSER=joe", "HOME="+r.home(s), "LC_ALL=C", "TMPDIR=/tmp")
	for strings.Contains(args[0], "=") {
		env, args = append(env, args[0]), args[1:]
	}
	stdin := ""
	if last := args[len(args)-1]; strings.HasPrefix(last, "<") {
		stdin, args = last[1:], args[:len(args)-1]
	}
	host := []string{"-h", r.words["ADDR"]}
	switch {
	case args[0] == "faxmail": // has no such option
		host = nil
	case strings.Contains(s.line, "FAXSERVER="), strings.Contains(s.line, " -h "):
		host = nil
	case args[0] == "faxalter", args[0] == "faxrm":
		r.ageJobs(args[1:])
	}
	cmd := exec.Command(filepath.Join(clients, args[0]), append(host, args[1:]...)...)
	cmd.Env = env
	out, code := r.run(cmd, stdin, s)
	var b strings.Builder
	for _, l := range r.tidy(out, s, args[0]) {
		b.WriteString("  " + l + "\n")
	}
	b.WriteString("  exit " + exitCode(args[0], b.String(), code) + "\n")
	return b.String() + r.newJobs()
}

// ageJobs waits until a second has passed since the jobs among the arguments were changed: HylaFAX's server
// takes a job file changed within a second for unchanged.
func (r *runner) ageJobs(args []string) {
	for _, id := range args {
		info, err := os.Stat(filepath.Join(r.dir, "sendq", "q"+id))
		if err == nil {
			time.Sleep(time.Until(info.ModTime().Add(1100 * time.Millisecond)))
		}
	}
}

// home makes a home directory with the step's settings. faxmail learns of the server there.
func (r *runner) home(s step) string {
	r.t.Helper()
	dir := r.t.TempDir()
	rc := r.expand(s.rc)
	if s.alone {
		host, port, _ := strings.Cut(r.words["ADDR"], ":")
		rc += "Host: " + host + "\nPort: " + port + "\n"
	}
	for name, text := range map[string]string{".hylarc": rc, ".faxdb": addressBook} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			r.t.Fatal(err)
		}
	}
	return dir
}

// expand puts in what words in capitals stand for.
func (r *runner) expand(line string) string {
	return capital.ReplaceAllStringFunc(line, func(w string) string {
		if v, ok := r.words[w]; ok {
			return v
		}
		return w
	})
}

// exitCode gives the code for comparison. HylaFAX's faxalter returns a variable that it never set where all
// went well.
func exitCode(name, said string, code int) string {
	if name == "faxalter" && (strings.HasSuffix(said, ": done.\n") || strings.HasSuffix(said, "shown: true\n")) {
		return "0"
	}
	return strconv.Itoa(code)
}

// run runs a command, on a terminal where something is typed.
func (r *runner) run(cmd *exec.Cmd, stdin string, s step) (out string, code int) {
	r.t.Helper()
	var b bytes.Buffer
	if s.types == "" {
		if stdin != "" {
			f, err := os.Open(stdin)
			if err != nil {
				r.t.Fatal(err)
			}
			defer f.Close()
			cmd.Stdin = f
		}
		cmd.Stdout, cmd.Stderr = &b, &b
		waitLimited(r.t, cmd)
		return b.String(), cmd.ProcessState.ExitCode()
	}
	terminal, err := pty.Start(cmd)
	if err != nil {
		r.t.Fatal(err)
	}
	defer terminal.Close()
	typed := false
	buf := make([]byte, 4096)
	for {
		n, err := terminal.Read(buf)
		b.Write(buf[:n])
		if !typed && strings.Contains(strings.ToLower(b.String()), "password:") {
			typed = true
			terminal.WriteString(s.types + "\n")
		}
		if err != nil {
			break
		}
	}
	cmd.Wait()
	_, said, _ := strings.Cut(strings.ReplaceAll(b.String(), "\r\n", "\n"), ":")
	return said, cmd.ProcessState.ExitCode()
}

// waitLimited runs a command for a minute at most.
func waitLimited(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
	defer timer.Stop()
	cmd.Wait()
}

// tidy takes out what differs by the moment, the machine, and our clearer words.
func (r *runner) tidy(text string, s step, name string) []string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	for _, more := range []string{ // ours tells why, and where more is to be read; and names without their folder
		": no such file or directory", ": connect: connection refused", "; exit status 100", "; exit status 1", r.clients + "/",
	} {
		text = strings.ReplaceAll(text, more, "")
	}
	text = strings.ReplaceAll(text, "[-adfgilrsvw] [--json].", "[-adfgilrsv]")
	if s.trace {
		return []string{fmt.Sprint("the protocol is shown: ", strings.Contains(text, "-> USER") || strings.Contains(text, "USER joe"))}
	}
	var lines []string
	for _, l := range strings.Split(strings.TrimSpace(text), "\n") {
		l = strings.TrimRight(r.clean(days.ReplaceAllString(minutes.ReplaceAllString(l, "HH:MM"), "DDDHHPM")), " ")
		l = temporary.ReplaceAllString(l, "TEMP")
		if l != "" && !strings.HasSuffix(l, ": not found") && !strings.Contains(l, "sh: 1:") { // of shells, in any order and mixed
			lines = append(lines, strings.ReplaceAll(l, r.words["ADDR"], "ADDR"))
		}
	}
	if name == "faxstat" {
		sort.Strings(lines) // HylaFAX lists in the order of the directory
	}
	return lines
}

// newJobs returns what matters of the job files that are new or changed, and of what they send.
func (r *runner) newJobs() string {
	if r.jobs == nil {
		r.jobs = map[string]string{}
	}
	var b strings.Builder
	for id := 10; id < 250; id++ {
		name := filepath.Join(r.dir, "sendq", fmt.Sprint("q", id))
		text, err := os.ReadFile(name)
		before, known := r.jobs[name]
		if err != nil || before == string(text) {
			continue
		}
		r.jobs[name] = string(text)
		if id < 100 && !known {
			continue // was there at the beginning
		}
		b.WriteString("  q" + strconv.Itoa(id) + "\n")
		for _, l := range strings.Split(string(text), "\n") {
			if !strings.Contains("\n"+before, "\n"+l+"\n") {
				b.WriteString(r.jobLine(l))
			}
		}
	}
	return b.String()
}

// jobLine is a line of a job file without what differs by the moment.
func (r *runner) jobLine(l string) string {
	tag, value, _ := strings.Cut(l, ":")
	document := ""
	switch tag {
	case "tts", "killtime": // to ten minutes
		n, _ := strconv.Atoi(value)
		left := time.Until(time.Unix(int64(n), 0)).Round(10 * time.Minute)
		if n == 0 || left == 0 {
			return "" // HylaFAX's hfaxd writes the present time for 0 when it reads a job again
		}
		l = tag + ": in " + left.String()
	case "schedpri", "": // HylaFAX's faxq sets it
		return ""
	case "postscript":
		document = r.document(value[strings.LastIndexByte(value, ':')+1:])
	}
	return "    " + r.clean(l) + "\n" + document
}

// document returns what the test's own converters and cover pages say.
func (r *runner) document(name string) string {
	text, err := os.ReadFile(filepath.Join(r.dir, name))
	if err != nil {
		return "      " + name + " is missing\n"
	}
	var b strings.Builder
	for _, l := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(l, "/") && (strings.HasSuffix(l, ") def") || strings.HasPrefix(l, "/<")) && !strings.HasPrefix(l, "/todays-date") ||
			strings.HasPrefix(l, "%!PS ") {
			b.WriteString("      " + r.clean(temporary.ReplaceAllString(l, "TEMP")) + "\n")
		}
	}
	return b.String()
}

var temporary = regexp.MustCompile(`/tmp//?sndfax[0-9A-Za-z]*(/document)?`)

// diff reports lines that differ.
func diff(t *testing.T, op, want, got string) {
	t.Helper()
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	n := 0
	for i := 0; i < max(len(w), len(g)) && n < 6; i++ {
		a, b := "", ""
		if i < len(w) {
			a = w[i]
		}
		if i < len(g) {
			b = g[i]
		}
		if a != b {
			t.Errorf("%s\n  got  %q\n  want %q", op, b, a)
			n++
		}
	}
}
