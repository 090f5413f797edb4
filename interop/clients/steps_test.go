//go:build interop

package clients_test

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"github.com/litoria-fax/litoria/protocol/protocoltest"
)

// step is one call of a client. In line, words in capitals stand for things of the test (see material),
// VAR=VALUE before the command is its environment, and "<NAME" at the end is its standard input.
type step struct {
	op    string // row of the table: what is tried
	line  string
	rc    string // ~/.hylarc
	types string // typed on a terminal
	trace bool   // the protocol is shown, which two clients do not do alike
	alone bool   // HylaFAX's client only: there is none of ours
	ours  string // what ours say instead, on purpose
	why   string
}

// steps are what is done with each pair of client and server: each option of the manual pages at least once.
var steps = []step{
	{op: "sendfax -n -d", line: "sendfax -n -d 5551234 DOC"},
	{op: "sendfax, several destinations and documents", line: "sendfax -n -m -x Acme -d Ann@5551235#44 -l -P high -d 5551236 DOC TIFF PDF"},
	{op: "sendfax -D -E -1 -B -b -M -t -T -i -s -S -F -Z -r -y -V -X -Y -U -A -k -a -f", line: "sendfax -n -D -E -1 -B 9600 -b 4800 -M 20ms -t 4 -T 5 -i tag -s a4 -S 123 -F line -Z 1-2 -r re -y there -V 1 -X us -Y here -U 2 -A -k 'now + 2 days' -a 'now + 1 hour' -f 'Joe <joe@example.com>' -d 5551237 DOC"},
	{op: "sendfax -R -2 -G -I", line: "sendfax -n -R -2 -G -I 5min -P 200 -d 5551240 DOC"},
	{op: "sendfax -N -3 -m -I", line: "sendfax -n -N -3 -m -I 1hour -P bulk -d 5551241 DOC"},
	{op: "sendfax -E with a fast -B", line: "sendfax -n -B 33600 -E -d 5551242 DOC"},
	{op: "sendfax -t -1 -T -1", line: "sendfax -n -t -1 -T -1 -d 5551243 DOC"},
	{op: "sendfax -P, other names", line: "sendfax -n -P junk -d 1 -P low -d 2 -P normal -d 3 -P default -d 4 -P 0 -d 5 DOC"},
	{op: "sendfax -M, -b, -B, other values", line: "sendfax -n -M 0ms -B 14400 -b 2400 -d 1 -M 5ms -B 28800 -d 2 -M 10ms2 -d 3 -M 20ms2 -d 4 -M 40ms2 -d 5 -M 40ms -d 6 DOC"},
	{op: "sendfax -z", line: "sendfax -n -z LIST -d 5551245 DOC"},
	{op: "sendfax -o", line: "sendfax -n -o ann -d 5551246 DOC"},
	{op: "sendfax -h MODEM@HOST", line: "sendfax -h ttyS0@ADDR -n -d 5551247 DOC"},
	{op: "sendfax, settings of .hylarc", line: "sendfax -d 5551248 DOC", rc: "ChopThreshold: 1.5\nPageChop: last\nMaxDials: 3\nNotify: \"when requeued\"\nDesiredEC: 0\nVRes: 196\nSendTime: \"now + 2 hours\"\nAutoCoverPage: no\nMailAddr: m@example.com\nModem: any\nRetryTime: 90\nMinSpeed: 4800\nDesiredSpeed: 9600\nDesiredMST: 20ms\nKillTime: \"now + 5 hours\"\nTagLine: tag\n"},
	{op: "sendfax, other settings of .hylarc", line: "sendfax -n -d 5551249 DOC", rc: "PageWidth: 200\nPageLength: 280\nFrom: \"Zoe <zoe@example.com>\"\nMaxTries: 2\nPriority: high\n"},
	{op: "sendfax -f, other forms", line: "sendfax -n -f 'bob@example.com (Bob B)' -d 5551250 DOC"},
	{op: "sendfax -f, a login name", line: "sendfax -n -f carol -d 5551251 DOC"},
	{op: "sendfax -s, other sizes", line: "sendfax -n -s legal -d 1 -s 'ISO B4' -d 2 -s na-let -d 3 DOC"},
	{op: "sendfax -p", line: "sendfax -n -p -d 5551238 DOC"},
	{op: "sendfax -p without a document", line: "sendfax -n -p -d 5551252"},
	{op: "sendfax, standard input", line: "sendfax -n -d 5551253 <DOC"},
	{op: "sendfax, cover page: -c -C -r -x -y -V -X -Y -U -W", line: "sendfax -C COVER -c 'one (1)\\ntwo' -r re -x Acme -y there -V 1 -X us -Y here -U 2 -W 3 -d Ann@5551254 DOC PDF"},
	{op: "sendfax, cover page for each destination", line: "sendfax -c first -d Ann@5551255 -c second -d Bob@5551256 -n -d 5551257 DOC"},
	{op: "sendfax, DateFormat and CoverCmd", line: "sendfax -d 5551258 DOC", rc: "DateFormat: %Y\nCoverCmd: SCRIPT\n"},
	{op: "sendfax, a cover program that fails", line: "sendfax -d 5551258 DOC", rc: "CoverCmd: /bin/false\n"},
	{op: "sendfax, TypeRules", line: "sendfax -n -m -s a4 -d 5551259 MAGIC", rc: "TypeRules: RULES\n"},
	{
		op: "sendfax, TypeRules, an error rule", line: "sendfax -n -d 5551259 REFUSED", rc: "TypeRules: RULES\n", ours: "refused: not sent here (line ",
		why: "ours names the rule and tells what to do",
	},
	{op: "sendfax, TypeRules that are missing", line: "sendfax -n -d 5551259 DOC", rc: "TypeRules: /nosuch\n"},
	{op: "sendfax, text by the default rules", line: "sendfax -n -d 5551260 TEXT"},
	{op: "sendfax, .faxdb", line: "sendfax -n -d 'ann other' -d Bob@purchasing#7 DOC"},
	{op: "sendfax, DialRules", line: "sendfax -n -d 9,,5551261 DOC", rc: "DialRules: DIAL\n"},
	{op: "sendfax -v", line: "sendfax -v -n -d 5551262 DOC", trace: true},
	{op: "sendfax -v -v", line: "sendfax -v -v -n -d 5551263 DOC", trace: true},
	{op: "sendfax, options over settings", line: "sendfax -n -P high -r re -d 5551264 DOC", rc: "# mine\nMaxDials: 4\nPriority: low\nCover-Regarding: \"by the file\"\n"},
	{op: "sendfax, FAXSERVER", line: "FAXSERVER=ttyS0@ADDR sendfax -n -d 5551265 DOC", rc: "Host: \"\"\n"},
	{op: "sendfax, FAXUSER", line: "FAXUSER=ann sendfax -n -d 5551266 DOC"},
	{op: "sendfax, FAXCOVER", line: "FAXCOVER=COVER sendfax -d 5551267 DOC"},
	{op: "sendfax, passive mode", line: "sendfax -n -d 5551268 DOC", rc: "PassiveMode: yes\n"},
	{op: "sendfax, a login that is refused", line: "sendfax -n -o bad -d 1 DOC", types: "x"},
	{op: "sendfax, a password", line: "sendfax -n -o guest -d 5551269 DOC", types: protocoltest.Password},
	{op: "sendfax, a wrong password", line: "sendfax -n -o guest -d 5551269 DOC", types: "wrong"},
	{op: "sendfax without a destination", line: "sendfax -n DOC"},
	{op: "sendfax, options behind the last destination", line: "sendfax -d 1 -n DOC"},
	{op: "sendfax, a file that is missing", line: "sendfax -n -d 1 /nosuch"},
	{op: "sendfax, a directory", line: "sendfax -n -d 1 /tmp"},
	{op: "sendfax, an empty file", line: "sendfax -n -d 1 /dev/null EMPTY"},
	{op: "sendfax, empty standard input", line: "sendfax -n -d 1 <EMPTY"},
	{op: "sendfax, an empty number", line: "sendfax -n -d '' DOC"},
	{op: "sendfax, no server", line: "sendfax -h 127.0.0.1:1 -n -d 1 DOC"},

	{op: "faxstat", line: "faxstat"},
	{op: "faxstat -s -d -r", line: "faxstat -s -d -r"},
	{op: "faxstat -l", line: "faxstat -s -d -r -l"},
	{op: "faxstat -g -f -i -a", line: "faxstat -g -f -i -a"},
	{op: "faxstat, formats of .hylarc", line: "faxstat -s -d", rc: "JobFmt: \"%-4j|%a|%o|%e|%P|%D|%s|%J|%I|%K%N%O%X%h%n|%A|%B|%C|%E|%F|%G|%H|%L|%M|%Q|%R|%S|%T|%U|%V|%W|%b|%c|%d|%f|%g|%i|%l|%m|%p|%q|%r|%t|%u|%v|%w|%x|%y\"\n"},
	// HylaFAX's hfaxd dies of %q in RcvFmt and of %r in ModemFmt.
	{op: "faxstat, other formats of .hylarc", line: "faxstat -r", rc: "RcvFmt: \"%f|%a|%b|%d|%e|%h|%i|%j|%l|%m|%n|%o|%p|%r|%s|%t|%w|%z|%Y\"\nModemFmt: \"%m|%h|%l|%n|%s|%t|%v|%z\"\n"},
	{
		op: "faxstat, FileFmt", line: "faxstat -f", rc: "FileFmt: \"%f|%s|%p|%l\"\n", ours: "doc5.tif.10|13|-rw----|1",
		why: "HylaFAX's faxstat reads the setting and does not use it",
	},
	{op: "faxstat, TimeZone", line: "faxstat -r", rc: "TimeZone: gmt\n"},
	{op: "faxstat -v", line: "faxstat -v", trace: true},
	{op: "faxstat, passive mode", line: "faxstat -s", rc: "PassiveMode: yes\n"},
	{op: "faxstat, a password", line: "FAXUSER=guest faxstat -s", types: protocoltest.Password},
	{op: "faxstat, an unknown option", line: "faxstat -q"},
	{op: "faxstat, no server", line: "faxstat -h 127.0.0.1:1"},

	{op: "faxalter -P -t -D -m", line: "faxalter -P 100 -t 7 -D -m any 100"},
	{op: "faxalter -a -k -d -Z", line: "faxalter -a 'now + 2 hours' -k 'now + 1 day' -d 999 -Z 1 100"},
	{op: "faxalter -n", line: "faxalter -n done 101"},
	{op: "faxalter -n requeued", line: "faxalter -n requeued 101"},
	{op: "faxalter -n none", line: "faxalter -n none 101"},
	{op: "faxalter -R", line: "faxalter -R 102"},
	{op: "faxalter -r", line: "faxalter -r 5"},
	{op: "faxalter -r of a queued job", line: "faxalter -r -P 3 100"},
	{op: "faxalter -p", line: "faxalter -p 100"},
	{op: "faxalter -a now", line: "faxalter -a NOW 100 101"},
	{op: "faxalter, passive mode", line: "faxalter -p 100", rc: "PassiveMode: yes\n"},
	{op: "faxalter, a job that is done", line: "faxalter -p 6"},
	{op: "faxalter, a job that is missing", line: "faxalter -p 9999 100"},
	{op: "faxalter -C", line: "FAXUSER=boss faxalter -C -p 9999 100", types: protocoltest.Password},
	{op: "faxalter -A", line: "FAXUSER=boss faxalter -A -P 9 11", types: protocoltest.Password},
	{op: "faxalter -A, a wrong password", line: "FAXUSER=boss faxalter -A -P 9 11", types: "wrong"},
	{op: "faxalter, another's job", line: "faxalter -P 9 11"},
	{op: "faxalter -v", line: "faxalter -v -P 9 100", trace: true},
	{op: "faxalter without options", line: "faxalter 100"},
	{op: "faxalter without a job", line: "faxalter -p"},
	{op: "faxalter -P 300", line: "faxalter -P 300 100"},
	{op: "faxalter -t -5", line: "faxalter -t -5 100"},
	{op: "faxalter, no server", line: "faxalter -h 127.0.0.1:1 -p 100"},

	{op: "faxrm", line: "faxrm 100 101"},
	{op: "faxrm, a job that is done", line: "faxrm 5"},
	{op: "faxrm, another's job", line: "faxrm 6"},
	{op: "faxrm, a job that is missing", line: "faxrm 9999"},
	{op: "faxrm -a", line: "FAXUSER=boss faxrm -a 6 11", types: protocoltest.Password},
	{op: "faxrm -d", line: "faxrm -d doc5.tif.10"},
	{op: "faxrm -d, a document that is missing", line: "faxrm -d nosuch"},
	{op: "faxrm -v", line: "faxrm -v 102", rc: "PassiveMode: yes\n", trace: true},
	{op: "faxrm without a job", line: "faxrm"},
	{op: "faxrm, no server", line: "faxrm -h 127.0.0.1:1 100"},

	{op: "faxstat, all at the end", line: "faxstat -s -d"},
	{op: "faxmail -d", line: "faxmail -n -d 5551270 <MAIL", alone: true},
	{op: "faxmail with a cover page", line: "faxmail -d 5551271 joe@example.com <MAIL", alone: true},
	{op: "faxmail, formatting", line: "faxmail -n -N -T -1 -R -p 12 -s a4 -u joe -t done -d Ann@5551272 <MAIL", alone: true},
	{
		op: "sendfax, an unknown page size", line: "sendfax -n -s postcard -d 1 DOC", ours: "Unknown page size postcard",
		why: "HylaFAX's sendfax takes the default size without a word",
	},
	{
		op: "sendfax, a picture where the programs of its rule are missing", line: "sendfax -n -d 5551280 PNG", ours: "request id is",
		why: "ours converts by itself where HylaFAX's cannot",
	},
	{
		op: "faxalter -Q", line: "faxalter -Q 104", ours: "notify:none",
		why: "HylaFAX's faxalter asks for mail when the job is done, against its manual page",
	},
	{
		op: "faxalter -g", line: "faxalter -g -p 105", ours: "faxalter: -g is not supported",
		why: "no server knows the commands for groups, and HylaFAX's faxalter leaves the job suspended",
	},
}

// material makes what the words in capitals stand for.
func material(t *testing.T) map[string]string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	words := map[string]string{}
	put := func(word, name, text string, mode os.FileMode) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		words[word] = path
	}
	put("DOC", "doc.ps", "%!PS\n%%Pages: 1\nshowpage\n", 0o644)
	put("TIFF", "doc.tif", string(protocoltest.TIFF(2)), 0o644)
	put("PDF", "doc.pdf", "%PDF-1.4\n1 0 obj <</Type /Catalog /Pages 3 0 R>> endobj\n2 0 obj <</Type /Page /Parent 3 0 R /MediaBox [0 0 595 842]>> endobj\n"+
		"3 0 obj <</Type /Pages /Kids [2 0 R] /Count 1>> endobj\nxref\n1 3\n0000000009 00000 n \n0000000056 00000 n \n0000000125 00000 n \n"+
		"trailer <</Root 1 0 R>>\nstartxref\n180\n%%EOF\n", 0o644)
	put("TEXT", "doc.txt", "plain text\n", 0o644)
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 20, 30))); err != nil {
		t.Fatal(err)
	}
	put("PNG", "doc.png", picture.String(), 0o644)
	put("EMPTY", "empty", "", 0o644)
	put("LIST", "list", "# friends\nZoe@5550001\n5550002#9\n\n5550003  \n", 0o644)
	put("COVER", "cover.ps", "% the template\nshowpage\n", 0o644)
	put("SCRIPT", "cover.sh", "#!/bin/sh\necho '%!PS'; for a; do echo \"/<$a>\"; done\n", 0o755)
	put("RULES", "rules", "#offset\ttype\n0\tstring\tMAGIC\tps\techo '%%!PS' %r %R %v %V %f %w %W %l %L %s %F %i %% \\\n\t\t>%o # to be compared\n"+
		">6\tstring\t2\tps\t(echo '%%!PS second' %w; cat %i) >%o\n0\tstring\tREFUSED\terror\tnot sent here\n", 0o644)
	put("MAGIC", "magic", "MAGIC 1\n", 0o644)
	put("REFUSED", "refused", "REFUSED\n", 0o644)
	put("DIAL", "dialrules", "CanonicalNumber := [\n[^+0-9]+ = \"\"\n]\nDialString := [\n]\nDisplayNumber := [\n^9,* = \"\"\n]\n", 0o644)
	put("MAIL", "mail", "From: Joe User <joe@example.com>\nTo: fax@example.com\nSubject: a letter\nDate: Mon, 6 May 2030 10:00:00 +0000\n"+
		"MIME-Version: 1.0\nContent-Type: text/plain; charset=us-ascii\n\nDear reader.\n", 0o644)
	return words
}

// addressBook is ~/.faxdb.
const addressBook = "[ Company: Acme [ Name: \"Ann Other\" FAX-Number: 5559901 ] [ Name: Purchasing FAX-Number: 5559902 ] ]\n"

// accountHome is where HylaFAX's faxcover looks, whatever HOME says.
func accountHome(t *testing.T) string {
	t.Helper()
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	return u.HomeDir
}

// TestEveryOption fails where the steps leave an option of a manual page out.
func TestEveryOption(t *testing.T) {
	for name, options := range map[string]string{
		"sendfax": "123aAbBcCdDEfFGhiIklmMnNopPrRsStTUVwWxXyYzvZ", "faxstat": "adfghilrsv",
		"faxalter": "aAdDghkmnpPQrRtvZC", "faxrm": "adhv",
	} {
		all := ""
		for _, s := range steps {
			words := splitWords(s.line)
			for len(words) > 0 && strings.Contains(words[0], "=") {
				words = words[1:]
			}
			if words[0] == name {
				all += " " + strings.Join(words, " ") + " "
			}
		}
		for _, o := range options {
			if o == 'h' || name == "sendfax" && o == 'w' { // each step has -h; TestWait has -w
				continue
			}
			if !strings.Contains(all, " -"+string(o)+" ") {
				t.Errorf("no step tries %s -%c", name, o)
			}
		}
	}
}
