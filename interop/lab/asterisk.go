//go:build interop

package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/interop/ports"
)

// Asterisk is a running Asterisk of Debian sid.
type Asterisk struct {
	*Process
	Port int    // of IAX2, on 127.0.0.1
	Dir  string // its state, seen from outside the chroot
	in   string // the same, seen from inside
}

// asteriskModules are what the dial plans of the tests need, and no more.
var asteriskModules = []string{
	"pbx_config", "pbx_spool", "chan_iax2", "app_dial", "app_verbose", "app_echo", "app_playback", "app_stack",
	"app_system", "app_playtones", "app_exec", "app_originate", "app_milliwatt", "func_callerid", "func_channel",
	"func_logic", "func_strings", "func_math", "func_global", "codec_ulaw", "codec_alaw", "codec_a_mu", "codec_resample",
	"format_pcm", "format_wav", "format_sln", "res_timing_timerfd", "res_crypto", "res_clioriginate", "res_fax",
	"res_fax_spandsp", "bridge_simple", "bridge_builtin_features", "bridge_holding", "bridge_softmix",
	"chan_bridge_media", "res_features",
}

// faxExtensions is the part of the dial plan that every test has: ReceiveFAX
// at 2000 and 21xx, SendFAX to a number by a call file, and numbers that are
// busy, silent, unknown or give a cause.
const faxExtensions = `
exten => 2000,1,Answer()
 same => n,Set(RXFILE=%[1]s/fax/rx-${CALLERID(num)}-${UNIQUEID}.tif)
 same => n,ReceiveFAX(${RXFILE})
 same => n,Hangup()
exten => _21XX,1,Goto(2000,1)
exten => 600,1,Answer()
 same => n,Echo()
exten => 601,1,Answer()
 same => n,Milliwatt()
exten => 602,1,Answer()
 same => n,Wait(600)
exten => 408,1,Ringing()
 same => n,Wait(300)
exten => 486,1,Busy(5)
exten => 503,1,Congestion(5)
exten => _404X.,1,Hangup(${EXTEN:3})
exten => 4081,1,Wait(300)
exten => h,1,ExecIf($["${FAXSTATUS}" != ""]?Verbose(0,FAXRESULT number=${CALLERID(num)} status=${FAXSTATUS} error=${FAXERROR} pages=${FAXPAGES} rate=${FAXBITRATE} file=${RXFILE} ecm=${FAXOPT(ecm)}))

[astsend]
exten => s,1,Set(FAXOPT(ecm)=${FAXECM})
 same => n,Set(FAXOPT(modem)=${FAXMODEMS})
 same => n,Set(FAXOPT(minrate)=2400)
 same => n,Set(FAXOPT(maxrate)=${FAXRATE})
 same => n,Set(FAXOPT(localstationid)=Asterisk)
 same => n,SendFAX(${FAXFILE})
 same => n,Hangup()
exten => h,1,ExecIf($["${FAXSTATUS}" != ""]?Verbose(0,FAXRESULT tag=${FAXTAG} status=${FAXSTATUS} error=${FAXERROR} pages=${FAXPAGES} rate=${FAXBITRATE} ecm=${FAXOPT(ecm)}))
exten => failed,1,Verbose(0,FAXRESULT tag=${FAXTAG} status=NOCALL error=${REASON})
`

// envName is put before the names of Asterisk's folders: a long run that has a
// name of its own is not taken for what a killed one left.
const envName = "LITORIA_INTEROP_NAME"

// InOrder are settings of iax.conf, [general], by which Asterisk handles packets in
// the order in which they come. As it is delivered, each packet is given to a
// thread of its own, and after a stall of the machine the threads overtake each
// other: two frames of audio change places, and ReceiveFAX without ECM loses rows.
const InOrder = "iaxthreadcount=1\niaxmaxthreadcount=0\n"

// StartAsterisk starts an Asterisk whose iax.conf has the given peer sections
// after a [general] for loopback with further settings, and whose context [fax]
// has the given extensions besides those of the lab.
func StartAsterisk(t testing.TB, peers, extensions string, general ...string) *Asterisk {
	t.Helper()
	chroot := filepath.Join(Dir(), "sid")
	if _, err := os.Stat(filepath.Join(chroot, "usr/sbin/asterisk")); err != nil {
		t.Fatalf("no Asterisk in %s: run interop/setup first", chroot)
	}
	Need(t, "chroot")
	dir, err := os.MkdirTemp(chroot, os.Getenv(envName)+"lab-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !t.Failed() || os.Getenv("LITORIA_INTEROP_KEEP") == "" {
			os.RemoveAll(dir)
		}
	})
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("what Asterisk warns of:\n%s", warnings(filepath.Join(dir, "log", "full")))
		}
	})
	a := &Asterisk{Port: ports.UDP(t), Dir: dir, in: "/" + filepath.Base(dir)}
	for _, d := range []string{"etc", "run", "log", "spool/outgoing", "spool/tmp", "db", "lib/keys", "fax"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	modules, _ := filepath.Glob(filepath.Join(chroot, "usr/lib/*/asterisk/modules"))
	if len(modules) == 0 {
		t.Fatalf("no modules of Asterisk in %s: run interop/setup again", chroot)
	}
	a.write(t, "asterisk.conf", fmt.Sprintf(`[directories]
astetcdir => %[1]s/etc
astmoddir => %[2]s
astvarlibdir => /var/lib/asterisk
astdbdir => %[1]s/db
astkeydir => %[1]s/lib
astdatadir => /usr/share/asterisk
astagidir => /usr/share/asterisk/agi-bin
astspooldir => %[1]s/spool
astrundir => %[1]s/run
astlogdir => %[1]s/log
[options]
verbose = 3
runuser = root
rungroup = root
`, a.in, strings.TrimPrefix(modules[0], chroot)))
	a.write(t, "logger.conf", "[general]\ndateformat=%F %T.%3q\n[logfiles]\nfull => notice,warning,error,verbose,fax\n")
	load := "[modules]\nautoload=no\n"
	for _, m := range asteriskModules {
		load += "load=" + m + ".so\n"
	}
	a.write(t, "modules.conf", load)
	a.write(t, "res_fax.conf", "[general]\nminrate=2400\nmaxrate=14400\nmodems=v17,v27,v29\necm=yes\n")
	a.write(t, "iax.conf", fmt.Sprintf(`[general]
bindport=%d
bindaddr=127.0.0.1
disallow=all
allow=ulaw
allow=alaw
allow=slin
jitterbuffer=no
forcejitterbuffer=no
autokill=yes
transfer=no
minregexpire=30
maxregexpire=3600
%s
%s
`, a.Port, strings.Join(general, ""), peers))
	a.write(t, "extensions.conf", "[general]\nstatic=yes\nwriteprotect=yes\n\n[fax]\n"+extensions+fmt.Sprintf(faxExtensions, a.in))
	a.Process = Start(t, dir, "asterisk", "chroot", chroot, "asterisk", "-C", a.in+"/etc/asterisk.conf", "-f", "-n")
	Wait(t, 20*time.Second, "Asterisk to boot", func() bool {
		out, _ := a.TryCLI("core waitfullybooted")
		return strings.Contains(out, "fully booted")
	})
	return a
}

// warnings are the last lines of Asterisk's log that are no mere account of what it does.
func warnings(log string) string {
	b, err := os.ReadFile(log)
	if err != nil {
		return err.Error()
	}
	var found []string
	for _, l := range strings.Split(string(b), "\n") {
		if strings.Contains(l, "WARNING[") || strings.Contains(l, "ERROR[") || strings.Contains(l, "NOTICE[") || strings.Contains(l, "congested") {
			found = append(found, l)
		}
	}
	return strings.Join(found[max(0, len(found)-60):], "\n")
}

func (a *Asterisk) write(t testing.TB, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(a.Dir, "etc", name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TryCLI gives a command to Asterisk's console.
func (a *Asterisk) TryCLI(command string) (string, error) {
	return TryRun("chroot", filepath.Join(Dir(), "sid"), "asterisk", "-C", a.in+"/etc/asterisk.conf", "-rx", command)
}

// CLI is TryCLI that fails the test.
func (a *Asterisk) CLI(t testing.TB, command string) string {
	t.Helper()
	out, err := a.TryCLI(command)
	if err != nil {
		t.Fatalf("asterisk %q: %v\n%s", command, err, out)
	}
	return out
}

// FullLog is the path of Asterisk's log.
func (a *Asterisk) FullLog() string { return filepath.Join(a.Dir, "log", "full") }

// Registered tells whether a peer is registered and answers its qualify.
func (a *Asterisk) Registered(peer string) bool {
	out, err := a.TryCLI("iax2 show peer " + peer)
	return err == nil && strings.Contains(out, "Status       : OK")
}

// Fax is what Asterisk logged at the end of a fax.
type Fax struct {
	Status, Error, Pages, Rate, File, ECM string
}

// FaxResult finds the FAXRESULT line with a given word (tag=x, number=1001).
func (a *Asterisk) FaxResult(word string) (Fax, bool) {
	b, err := os.ReadFile(a.FullLog())
	if err != nil {
		return Fax{}, false
	}
	var f Fax
	found := false
	for _, line := range strings.Split(string(b), "\n") {
		_, line, ok := strings.Cut(line, "FAXRESULT ")
		if !ok || !strings.Contains(" "+line+" ", " "+word+" ") {
			continue
		}
		if r := parseFaxResult(line); r.Status != "" { // without: the line that says what is being executed
			f, found = r, true
		}
	}
	if f.File != "" {
		f.File = filepath.Join(a.Dir, strings.TrimPrefix(f.File, a.in))
	}
	return f, found
}

func parseFaxResult(line string) Fax {
	value := func(name string) string {
		_, v, ok := strings.Cut(" "+line, " "+name+"=")
		if !ok {
			return ""
		}
		if i := strings.Index(v, "="); i >= 0 { // values may have spaces: up to the next name
			if j := strings.LastIndex(v[:i], " "); j >= 0 {
				v = v[:j]
			}
		}
		return strings.TrimSpace(v)
	}
	return Fax{Status: value("status"), Error: value("error"), Pages: value("pages"), Rate: value("rate"),
		File: value("file"), ECM: strings.TrimSuffix(value("ecm"), ")")}
}

// SendOptions are what SendFAX of Asterisk is told.
type SendOptions struct {
	Rate   int    // bit/s at most; 0: 14400
	Modems string // v17,v29,v27; empty: all
	NoECM  bool
}

// SendFax lets Asterisk call a number of its dial plan and send a TIFF file.
// The result is found by FaxResult("tag=" + tag).
func (a *Asterisk) SendFax(t testing.TB, tag, number, tif string, o SendOptions) {
	t.Helper()
	b, err := os.ReadFile(tif)
	if err != nil {
		t.Fatal(err)
	}
	file := "/fax/" + tag + ".tif"
	if err := os.WriteFile(filepath.Join(a.Dir, file), b, 0o644); err != nil {
		t.Fatal(err)
	}
	if o.Rate == 0 {
		o.Rate = 14400
	}
	if o.Modems == "" {
		o.Modems = "v17,v27,v29"
	}
	ecm := "yes"
	if o.NoECM {
		ecm = "no"
	}
	call := fmt.Sprintf("Channel: Local/%s@fax/n\nContext: astsend\nExtension: s\nPriority: 1\nWaitTime: 60\nCallerID: \"Asterisk\" <2000>\n"+
		"Set: FAXFILE=%s\nSet: FAXTAG=%s\nSet: FAXRATE=%d\nSet: FAXECM=%s\nSet: FAXMODEMS=%s\n", number, a.in+file, tag, o.Rate, ecm, o.Modems)
	tmp := filepath.Join(a.Dir, "spool/tmp", tag)
	if err := os.WriteFile(tmp, []byte(call), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(tmp, filepath.Join(a.Dir, "spool/outgoing", tag+".call")); err != nil {
		t.Fatal(err)
	}
}
