package command_test

import (
	"context"
	"strings"
	"testing"

	"github.com/litoria-fax/litoria/protocol/client/command"
)

// Each parameter of the manual pages' tables is known, and a wrong value of those that have rules is told.
func TestSettings(t *testing.T) {
	w := newWorld(t)
	ps := w.file("doc.ps", "%!PS\nshowpage\n")
	common := "Host: 127.0.0.1|Port: " + strings.Split(w.addr, ":")[1] + "|PassiveMode: yes|Protocol: tcp|Verbose: no"
	for name, tt := range map[string]struct {
		run  func(context.Context, *command.Env, []string) int
		tags string
		args []string
	}{
		"sendfax": {command.Sendfax, "AutoCoverPage: no|ChopThreshold: 2|CoverCmd: /bin/true|Cover-Comments: c|Cover-Company: c|Cover-Location: l|" +
			"Cover-Regarding: r|Cover-Template: t|Cover-Voice: v|Cover-From-Company: c|Cover-From-Location: l|Cover-From-Voice: v|Cover-From-Fax: f|" +
			"DateFormat: %Y|DesiredEC: 1|DesiredMST: 20ms|DesiredSpeed: 9600|DialRules: /nosuch|From: joe|HRes: 204|KillTime: \"now + 1 day\"|MailAddr: m|" +
			"MaxDials: 3|MaxTries: 2|MinSpeed: 2400|Modem: any|Notify: \"when done\"|PageChop: all|PageLength: 280|PageSize: a4|PageWidth: 200|Priority: low|" +
			"RetryTime: 60|SendTime: \"now + 1 hour\"|TagLine: t|TypeRules: " + w.file("rules", "") + "|VRes: 196|FaxDB: /nosuch", []string{"-d", "1", ps}},
		"faxstat":  {command.Faxstat, "FileFmt: %f|JobFmt: %j|ModemFmt: %m|RcvFmt: %f|TimeZone: local|JobSortFmt: %j|FileSortFmt: %f|RcvSortFmt: %f|ModemSortFmt: %m", []string{"-s"}},
		"faxrm":    {command.Faxrm, "", []string{"10"}},
		"faxalter": {command.Faxalter, "", []string{"-P", "9", "10"}},
	} {
		var args []string
		for _, tag := range strings.Split(common+"|"+tt.tags, "|") {
			if tag != "" {
				args = append(args, "-O", tag)
			}
		}
		code, _, errOut := w.run(tt.run, append(args, tt.args...)...)
		if code != 0 && name != "faxalter" || strings.Contains(errOut, "unknown") {
			t.Errorf("%s = %d, %q", name, code, errOut)
		}
	}
	w.wantFields("sendq/q100", "chopthreshold:2", "desiredec:2", "desiredst:5", "desiredbr:3", "minbr:0", "maxdials:3", "maxtries:2", "notify:when done",
		"pagechop:all", "pagelength:280", "pagewidth:200", "priority:190", "retrytime:60", "tagline:t", "resolution:196", "mailaddr:m@client.example.com", "sender:joe")
	for _, tt := range []struct{ tag, want string }{
		{"Nonsense: 1", `unknown configuration parameter "nonsense"`},
		{"Protocol: decnet", "only tcp is"},
		{"Priority: urgent", `priority "urgent" is none of`},
		{"Notify: never", `notification "never" is none of`},
		{"DesiredSpeed: 1200", `speed "1200" is none of`},
		{"DesiredMST: 1ms", `minimum scanline time "1ms" is none of`},
		{"MaxDials: many", "maxdials"},
		{"TLS: perhaps", `"perhaps" is none of`},
		{"no colon", "missing ':'"},
	} {
		if _, _, errOut := w.run(command.Sendfax, "-n", "-O", tt.tag, "-d", "1", ps); !strings.Contains(errOut, tt.want) {
			t.Errorf("-O %q says %q, want %q", tt.tag, errOut, tt.want)
		}
	}
}
