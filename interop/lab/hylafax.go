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

// HylaFAX is a running HylaFAX 6.0.7 of Debian on a spool of its own.
type HylaFAX struct {
	Spool string
	Port  int // of hfaxd, on 127.0.0.1
	dir   string
}

// IAXModem is a running iaxmodem.
type IAXModem struct {
	*Process
	Device string // devid: ttyIAX...
}

// IAXModemPeer is the section of iax.conf that iaxmodem needs: it knows no
// call tokens.
func IAXModemPeer(name, secret string) string {
	return fmt.Sprintf("[%s]\ntype=friend\nhost=dynamic\ncontext=fax\nrequirecalltoken=no\nqualify=yes\nsecret=%s\ndisallow=all\nallow=ulaw\n\n", name, secret)
}

// StartIAXModem starts an iaxmodem that registers as peer at a server of
// loopback. Its device name must be unique on the machine.
func StartIAXModem(t testing.TB, devid string, serverPort int, peer, secret, number string) *IAXModem {
	t.Helper()
	Need(t, "iaxmodem")
	conf := filepath.Join("/etc/iaxmodem", devid)
	text := fmt.Sprintf("device /dev/%s\nowner uucp:uucp\nmode 660\nport %d\nrefresh 50\nserver 127.0.0.1:%d\npeername %s\nsecret %s\ncidname %s\ncidnumber %s\ncodec ulaw\n",
		devid, ports.UDP(t), serverPort, peer, secret, peer, number)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatalf("%v: run interop/setup first", err)
	}
	t.Cleanup(func() { os.Remove(conf); os.Remove("/dev/" + devid) })
	m := &IAXModem{Device: devid}
	m.Process = Start(t, TempDir(t), "iaxmodem-"+devid, "iaxmodem", devid)
	Wait(t, 10*time.Second, "iaxmodem to make /dev/"+devid, func() bool {
		_, err := os.Stat("/dev/" + devid)
		return err == nil
	})
	return m
}

// modemConfig is config.<devid> for an iaxmodem: no tag line, so that pages
// can be compared bit by bit.
const modemConfig = `CountryCode: 1
AreaCode: 800
FAXNumber: %[1]s
LongDistancePrefix: 1
InternationalPrefix: 011
DialStringRules: etc/dialrules
ServerTracing: 0xFFF
SessionTracing: 0xFFF
RecvFileMode: 0644
LogFileMode: 0644
DeviceMode: 0600
RingsBeforeAnswer: 1
SpeakerVolume: off
GettyArgs: "-h %%l dx_%%s"
LocalIdentifier: "%[2]s"
TagLineFormat: ""
MaxRecvPages: 200
ModemType: Class1
Class1AdaptRecvCmd: AT+FAR=1
Class1TMConnectDelay: 400
ModemResetCmds: AT+VCID=1
CallIDPattern: "NMBR="
CallIDPattern: "NAME="
CallIDPattern: "ANID="
CallIDPattern: "NDID="
`

// NewHylaFAXSpool copies the spool of Debian's package into a folder of the
// test and configures it for the given modems (devid -> number).
func NewHylaFAXSpool(t testing.TB, modems map[string]string) string {
	t.Helper()
	Need(t, "faxq", "hfaxd", "faxgetty")
	spool := filepath.Join(TempDir(t), "spool")
	Run(t, "cp", "-a", "/var/spool/hylafax/.", spool)
	for _, pattern := range []string{"sendq/*", "doneq/*", "docq/*", "recvq/*", "log/*", "info/*", "status/*", "FIFO*", "etc/config*"} {
		files, _ := filepath.Glob(filepath.Join(spool, pattern))
		for _, f := range files {
			os.RemoveAll(f)
		}
	}
	Run(t, "cp", "-a", "/etc/hylafax/.", filepath.Join(spool, "etc"))
	put := func(name, text string, mode os.FileMode) {
		f := filepath.Join(spool, name)
		if err := os.WriteFile(f, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(f, mode); err != nil {
			t.Fatal(err)
		}
		Run(t, "chown", "uucp:uucp", f)
	}
	put("etc/config", "LogFacility: daemon\nCountryCode: 1\nAreaCode: 800\nLongDistancePrefix: 1\nInternationalPrefix: 011\nDialStringRules: etc/dialrules\nServerTracing: 0xFFF\n", 0o644)
	put("etc/hosts.hfaxd", "localhost:21::\n127.0.0.1\n", 0o600)
	for _, d := range []string{"log", "sendq", "docq", "recvq"} {
		put(d+"/seqf", "0\n", 0o660) // made by the first user of it otherwise, perhaps root, and then nobody else's
	}
	for devid, number := range modems {
		put("etc/config."+devid, fmt.Sprintf(modemConfig, number, devid), 0o644)
	}
	return spool
}

// StartHylaFAX starts faxq, hfaxd and one faxgetty for each modem of a spool,
// and waits until all are idle.
func StartHylaFAX(t testing.TB, spool string, devids ...string) *HylaFAX {
	t.Helper()
	h := &HylaFAX{Spool: spool, Port: ports.TCP(t), dir: filepath.Dir(spool)}
	Start(t, h.dir, "faxq", "faxq", "-q", spool, "-D")
	Start(t, h.dir, "hfaxd", append(HylaFAXd(t), "-q", spool, "-i", fmt.Sprint(h.Port), "-d")...)
	for _, d := range devids {
		Start(t, h.dir, "faxgetty-"+d, "faxgetty", "-q", spool, d)
		t.Cleanup(func() { os.Remove("/var/lock/LCK.." + d) })
	}
	Wait(t, 40*time.Second, "HylaFAX's modems to be idle", func() bool {
		out, _ := TryRun("faxstat", "-h", h.Host(), "-s")
		return strings.Count(out, "Running and idle") >= len(devids)
	})
	return h
}

// Host is the server in the form that HylaFAX's clients take with -h.
func (h *HylaFAX) Host() string { return fmt.Sprintf("127.0.0.1:%d", h.Port) }

// Job gives the fields of a job file, wherever the job is.
func Job(spool, id string) map[string]string {
	for _, q := range []string{"doneq", "sendq"} {
		b, err := os.ReadFile(filepath.Join(spool, q, "q"+id))
		if err != nil || len(b) == 0 {
			continue
		}
		f := map[string]string{"queue": q}
		for _, line := range strings.Split(string(b), "\n") {
			if k, v, ok := strings.Cut(line, ":"); ok {
				f[k] = v
			}
		}
		return f
	}
	return nil
}

// WaitDone waits until a job is in doneq and gives its fields.
func WaitDone(t testing.TB, spool, id string, limit time.Duration) map[string]string {
	t.Helper()
	Wait(t, limit, "job "+id+" to be done", func() bool { return Job(spool, id)["queue"] == "doneq" })
	return Job(spool, id)
}

// RequestID finds the job id in sendfax's answer.
func RequestID(t testing.TB, out string) string {
	t.Helper()
	_, rest, ok := strings.Cut(out, "request id is ")
	if !ok {
		t.Fatalf("sendfax gave no job id: %s", out)
	}
	return strings.Fields(rest)[0]
}
