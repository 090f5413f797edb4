//go:build interop

package clients_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/litoria-fax/litoria/protocol/protocoltest"
)

// other is an operation of a program that is not HylaFAX's. In args, HOST, PORT, ADDR and DOC are put in.
type other struct {
	name, stdin string
	args        []string
	want        string // a regular expression for the output; "" for the received fax itself
	job         string // a regular expression for the job that is left
}

const recvFile = "fax000000001.tif"

// python begins a program with ftplib.
const python = "import ftplib,sys,io\nf=ftplib.FTP()\nf.connect('HOST',PORT,20)\nf.login('joe','x')\n"

// perl begins a program with HylaFAX's Perl client.
const perl = "use Fax::Hylafax::Client qw(sendfax faxstat faxinfo faxrm); my %h=(host=>'HOST',port=>'PORT',user=>'joe',password=>'x');"

var others = []other{
	{name: "curl, fetch a received fax", args: []string{"curl", "-sS", "-u", "joe:x", "ftp://ADDR/recvq/" + recvFile}},
	{name: "curl, with PORT", args: []string{"curl", "-sS", "-P", "-", "-u", "joe:x", "ftp://ADDR/recvq/" + recvFile}},
	{name: "curl, without EPSV", args: []string{"curl", "-sS", "--disable-epsv", "-u", "joe:x", "ftp://ADDR/recvq/" + recvFile}},
	{name: "curl, list recvq", args: []string{"curl", "-sS", "-u", "joe:x", "ftp://ADDR/recvq/"}, want: recvFile},
	{name: "curl, names in recvq", args: []string{"curl", "-sS", "-l", "-u", "joe:x", "ftp://ADDR/recvq/"}, want: recvFile},
	{name: "curl, list sendq", args: []string{"curl", "-sS", "-u", "joe:x", "ftp://ADDR/sendq/"}, want: "555-1234"},
	{name: "curl, the rest of a file", args: []string{"curl", "-sS", "-C", "4", "-u", "joe:x", "ftp://ADDR/status/any.info"}, want: `^FAX test server`},
	{name: "curl, size and time", args: []string{"curl", "-sSI", "-u", "joe:x", "ftp://ADDR/recvq/" + recvFile}, want: `Content-Length: [0-9]+`},
	{name: "lftp, fetch a received fax", args: []string{"lftp", "-u", "joe,x", "-e", "cat recvq/" + recvFile + "; bye", "ftp://ADDR"}},
	{name: "lftp, list recvq", args: []string{"lftp", "-u", "joe,x", "-e", "ls recvq; bye", "ftp://ADDR"}, want: recvFile},
	{name: "lftp, change folder and fetch", args: []string{"lftp", "-u", "joe,x", "-e", "cd recvq; cat " + recvFile + "; bye", "ftp://ADDR"}},
	{name: "lftp, active", args: []string{"lftp", "-u", "joe,x", "-e", "set ftp:passive-mode no; cat recvq/" + recvFile + "; bye", "ftp://ADDR"}},
	{
		name: "Python's ftplib, fetch a received fax",
		args: []string{"python3", "-c", python + "f.retrbinary('RETR recvq/" + recvFile + "', sys.stdout.buffer.write)\nf.quit()"},
	},
	{
		name: "Python's ftplib, active", args: []string{"python3", "-c", python + "f.set_pasv(False)\nf.retrbinary('RETR recvq/" + recvFile + "', sys.stdout.buffer.write)\nf.quit()"},
	},
	{
		name: "Python's ftplib, nlst, size, cwd, pwd", want: "True True /recvq",
		args: []string{"python3", "-c", python + "f.voidcmd('TYPE I')\nn=f.nlst('recvq')\ns=f.size('recvq/" + recvFile + "')\nf.cwd('recvq')\nprint('" + recvFile + "' in n, s>0, f.pwd().rstrip('/'))\nf.quit()"},
	},
	{
		name: "Python's ftplib, submit a job", want: "jobid: 1[0-9][0-9]", job: `(?s)number:77.*owner:joe.*postscript:0::docq/doc[0-9.]+ps`,
		args: []string{"python3", "-c", python + "f.voidcmd('FORM PS')\nf.voidcmd('TYPE I')\n" +
			"c=f.transfercmd('STOT')\nc.sendall(b'%!PS\\nshowpage\\n')\nc.close()\nr=f.voidresp()\nname=r.split('FILE: ')[1].split()[0].rstrip('.)') if 'FILE: ' in r else r.split()[1]\n" +
			"j=f.sendcmd('JNEW')\nprint(j)\n[f.voidcmd('JPARM '+p) for p in ('FROMUSER joe','DIALSTRING 77','EXTERNAL 77','NOTIFY none','DOCUMENT '+name)]\nf.voidcmd('JSUBM')\nf.quit()"},
	},
	{
		name: "Fax::Hylafax::Client, sendfax", want: "job 1[0-9][0-9] ok=1", job: `(?s)number:5551234.*owner:joe`,
		args: []string{"perl", "-e", perl + "my $r=sendfax(%h,dialstring=>'5551234',docfile=>'DOC'); print 'job ',$r->jobid,' ok=',$r->success;"},
	},
	{
		name: "Fax::Hylafax::Client, sendfax with a cover page", want: "job 1[0-9][0-9] ok=1", job: `(?s)number:5551235.*\.cover`,
		args: []string{"perl", "-e", perl + "my $r=sendfax(%h,dialstring=>'5551235',docfile=>['DOC','DOC'],coverfile=>'DOC',passive=>1); print 'job ',$r->jobid,' ok=',$r->success;"},
	},
	{
		name: "Fax::Hylafax::Client, faxstat", want: `(?s)HylaFAX test server.*Running and idle.*555-1234.*` + recvFile,
		args: []string{"perl", "-e", perl + "print faxstat(%h,info=>1,queue=>1,done=>1,received=>1)->content;"},
	},
	{name: "Fax::Hylafax::Client, faxinfo", want: "DONE", args: []string{"perl", "-e", perl + "print faxinfo(%h,jobid=>5)->content;"}},
	{name: "Fax::Hylafax::Client, faxrm", want: "ok=1", args: []string{"perl", "-e", perl + "print 'ok=',faxrm(%h,jobid=>10)->success;"}},
}

// otherResults tells for each of others what HylaFAX's hfaxd made of it, for the table.
var otherResults []string

// TestOtherPrograms runs programs that are not HylaFAX's against both servers. All must work with ours; with
// HylaFAX's the outcome is noted.
func TestOtherPrograms(t *testing.T) {
	for _, program := range []string{"curl", "lftp", "python3", "perl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("%s is not installed: run interop/setup first", program)
		}
	}
	doc := filepath.Join(t.TempDir(), "doc.ps")
	if err := os.WriteFile(doc, []byte("%!PS\n%%Pages: 1\nshowpage\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	hylaSpool, spool := makeSpool(t), makeSpool(t)
	hylafax, ours := startHylaFAX(t, hylaSpool), startOurs(t, spool)
	for _, o := range others {
		fault := o.run(t, hylaSpool, hylafax, doc)
		if fault == "" {
			fault = "works"
		}
		otherResults = append(otherResults, fault)
		if fault := o.run(t, spool, ours, doc); fault != "" {
			t.Errorf("%s: %s (with HylaFAX's hfaxd: %s)", o.name, fault, otherResults[len(otherResults)-1])
		}
	}
}

var jobLine = regexp.MustCompile(`\b1[0-9][0-9]\b`)

// run tries an operation; it returns what is wrong, "" for nothing.
func (o other) run(t *testing.T, dir, addr, doc string) string {
	t.Helper()
	host, port, _ := strings.Cut(addr, ":")
	put := strings.NewReplacer("'HOST'", "'"+host+"'", ",PORT,", ","+port+",", "'PORT'", "'"+port+"'", "//ADDR", "//"+addr, "'DOC'", "'"+doc+"'")
	var args []string
	for _, a := range o.args {
		args = append(args, put.Replace(a))
	}
	cmd := exec.Command("timeout", append([]string{"20"}, args...)...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "LC_ALL=C")
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	switch {
	case err != nil:
		return "fails: " + err.Error() + ": " + lastLine(said.String())
	case o.want == "" && string(out) != string(protocoltest.TIFF(2)):
		return "fetches something else"
	case !regexp.MustCompile(o.want).Match(out):
		return "says " + lastLine(string(out))
	case o.job == "":
		return ""
	}
	job, err := os.ReadFile(filepath.Join(dir, "sendq", "q"+jobLine.FindString(string(out))))
	if err != nil || !regexp.MustCompile(o.job).Match(job) {
		return "leaves another job"
	}
	return ""
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return s[strings.LastIndexByte(s, '\n')+1:]
}
