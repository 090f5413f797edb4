package line

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/litoria-fax/litoria/iax"
	"github.com/litoria-fax/litoria/modemdrv/t30"
	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/sched"
	"github.com/litoria-fax/litoria/spool"
	"github.com/litoria-fax/litoria/spool/config"
	"github.com/litoria-fax/litoria/spool/dialrules"
)

// Settings are what the configuration says of one line: etc/config.DEVID, over
// nothing else, as faxgetty(8) reads it.
type Settings struct {
	DevID    string
	Number   string // FAXNumber
	LocalID  string // LocalIdentifier, or the number
	UseTSI   bool   // UseJobTSI
	Priority int    // ModemPriority
	Ready    string // ModemReadyState: R, B or D

	Bind         string // UDP address of the socket
	Registration iax.Registration
	Dial         iax.DialParams
	Answer       time.Duration  // how long a call may ring
	Channels     int            // IAXChannels: calls at once on the account
	ServerKey    *rsa.PublicKey // IAXServerKeyFile: callers prove themselves by it; nil: not

	RecvMode, LogMode fs.FileMode
	RecvCoding        t4.Coding // RecvDataFormat, of pages without error correction
	RecvCoded         bool      // false: as they came
	LogCalls          bool
	FaxRcvdCmd        string
	PollRcvdCmd       string
	DynamicConfig     string
	RejectCall        bool
	QualifyTSI        string
	QualifyPWD        string
	QualifyCIG        string // file of patterns for callers that poll
	PollPassword      string // PWD that they must give; "": none

	Session t30.Config // without documents and identities of the call
	Codings t30.Set    // DesiredDF of a batch, which goes before the job's own; 0: none
	Redial  sched.Redial
	Rules   *dialrules.Rules
	Level   float64 // dBm0 of what we send

	TagLineFormat, TagLineCoverNum string
	UseJobTagLine                  bool

	Rings        int           // RingsBeforeAnswer; 0: answered on order only
	CountSkipped bool          // CountSkippedPages
	Record       string        // IAXRecord: directory for recordings of all calls; "": none
	Congestion   time.Duration // JobReqCongestion
}

// ErrNoIAX says that a configuration is not of a line over IAX2.
var ErrNoIAX = errors.New("no IAXServer and no IAXPeer in it: this is not a line over IAX2")

// ReadSettings makes Settings of a configuration. problems are what is wrong
// but does not hinder; the error is what does.
func ReadSettings(s *spool.Spool, devid string, c *config.Config) (set *Settings, problems []error, err error) {
	if !c.Has("IAXServer") && !c.Has("IAXPeer") {
		return nil, nil, fmt.Errorf("etc/config.%s: %w", devid, ErrNoIAX)
	}
	for _, p := range c.Problems {
		problems = append(problems, p)
	}
	set = &Settings{
		DevID: devid, Number: c.String("FAXNumber"), LocalID: c.String("LocalIdentifier"), UseTSI: c.Bool("UseJobTSI"),
		Priority: c.Int("ModemPriority"), Ready: c.String("ModemReadyState"),
		Answer:   c.Seconds("IAXAnswerTimeout"),
		RecvMode: c.Mode("RecvFileMode"), LogMode: c.Mode("LogFileMode"), LogCalls: c.Bool("LogCalls"),
		FaxRcvdCmd: c.String("FaxRcvdCmd"), PollRcvdCmd: c.String("PollRcvdCmd"), DynamicConfig: c.String("DynamicConfig"), RejectCall: c.Bool("RejectCall"),
		QualifyTSI: c.String("QualifyTSI"), QualifyPWD: c.String("QualifyPWD"),
		QualifyCIG: c.String("QualifyCIG"), PollPassword: c.String("PollPassword"),
		Session: session(c), Redial: redial(c), Level: c.Float("IAXTransmitLevel"),
		TagLineFormat: c.String("TagLineFormat"), TagLineCoverNum: c.String("TagLineCoverNumString"), UseJobTagLine: c.Bool("UseJobTagLine"),
		Rings:        1, // of a line that does not say it: there is nobody else to answer
		CountSkipped: c.Bool("CountSkippedPages"), Record: c.String("IAXRecord"), Congestion: c.Seconds("JobReqCongestion"),
	}
	if c.Has("TagLineFont") && c.String("TagLineFont") == "" { // the way to have no tag lines; other fonts give way to ours
		set.TagLineFormat, set.UseJobTagLine = "", false
	}
	if c.Has("RingsBeforeAnswer") {
		set.Rings = c.Int("RingsBeforeAnswer")
	}
	if set.LocalID == "" {
		set.LocalID = set.Number
	}
	if set.LocalID == "" {
		set.LocalID = "NothingSetup" // HylaFAX's word for a line that nobody named
	}
	set.Bind = net.JoinHostPort(c.String("IAXBindAddress"), strconv.Itoa(c.Int("IAXPort")))
	if set.Channels, err = readChannels(c.Int("IAXChannels")); err != nil {
		problems = append(problems, fmt.Errorf("etc/config.%s: %w", devid, err))
	}
	if set.RecvCoding, set.RecvCoded, err = recvFormat(c.String("RecvDataFormat")); err != nil {
		problems = append(problems, fmt.Errorf("etc/config.%s: %w; pages are kept as they come", devid, err))
	}
	if c.Has("ModemSoftRTFCC") && !c.Bool("ModemSoftRTFCC") {
		problems = append(problems, fmt.Errorf("etc/config.%s: ModemSoftRTFCC: no is not supported; pages are coded as the far end takes them", devid))
	}
	if c.Has("DesiredST") {
		problems = append(problems, fmt.Errorf("etc/config.%s: DesiredST is not supported; rows last as long as the far end needs", devid))
	}
	if err := set.account(s, c); err != nil {
		return nil, problems, fmt.Errorf("etc/config.%s: %w", devid, err)
	}
	if file := c.String("DialStringRules"); file != "" {
		if set.Rules, err = readRules(s, c, file); err != nil {
			problems = append(problems, fmt.Errorf("etc/config.%s: DialStringRules: %w; numbers are dialled as given", devid, err))
		}
	}
	return set, problems, nil
}

// account reads who we are at the exchange, and how calls are placed.
func (set *Settings) account(s *spool.Spool, c *config.Config) error {
	a := iax.Account{Username: c.String("IAXPeer"), Secret: c.String("IAXSecret")}
	if a.Username == "" {
		a.Username = set.DevID
	}
	if file := c.String("IAXSecretFile"); file != "" {
		b, err := os.ReadFile(below(s, file))
		if err != nil {
			return fmt.Errorf("IAXSecretFile: %w", err)
		}
		a.Secret = strings.TrimSpace(string(b))
	}
	if file := c.String("IAXKeyFile"); file != "" {
		key, err := iax.ReadPrivateKey(below(s, file))
		if err != nil {
			return fmt.Errorf("IAXKeyFile: %w", err)
		}
		a.Key = key
	}
	if file := c.String("IAXServerKeyFile"); file != "" {
		key, err := iax.ReadPublicKey(below(s, file))
		if err != nil {
			return fmt.Errorf("IAXServerKeyFile: %w", err)
		}
		set.ServerKey = key
	}
	for name := range strings.SplitSeq(c.String("IAXAuth"), ",") {
		m, ok := map[string]iax.AuthMethods{"md5": iax.AuthMD5, "rsa": iax.AuthRSA, "plaintext": iax.AuthPlaintext}[strings.ToLower(strings.TrimSpace(name))]
		if !ok {
			return fmt.Errorf("IAXAuth: %q is none of md5, rsa, plaintext", name)
		}
		a.Allow |= m
	}
	codecs, err := readCodecs(c.String("IAXCodec"))
	if err != nil {
		return err
	}
	encryption, ok := map[string]iax.Encryption{"no": iax.EncryptNever, "yes": iax.EncryptAllow, "force": iax.EncryptDemand}[strings.ToLower(c.String("IAXEncryption"))]
	if !ok {
		return fmt.Errorf("IAXEncryption: %q is none of no, yes, force", c.String("IAXEncryption"))
	}
	if encryption != iax.EncryptNever && a.Secret == "" {
		return fmt.Errorf("IAXEncryption: %s needs IAXSecret or IAXSecretFile: the key is made of it", c.String("IAXEncryption"))
	}
	trunk, ok := map[string]iax.TrunkMode{"no": iax.TrunkNo, "yes": iax.TrunkYes, "notimestamps": iax.TrunkPlain}[strings.ToLower(c.String("IAXTrunk"))]
	if !ok {
		return fmt.Errorf("IAXTrunk: %q is none of no, yes, notimestamps", c.String("IAXTrunk"))
	}
	number := c.String("IAXCallerIDNumber")
	if number == "" {
		number = set.Number
	}
	var presentation uint8
	if c.Bool("IAXCallerIDWithheld") {
		presentation = iax.PresentationRestricted
	}
	set.Registration = iax.Registration{Account: a, Server: c.String("IAXServer"), Backups: c.All("IAXBackupServer"), Refresh: c.Seconds("IAXRefresh")}
	set.Dial = iax.DialParams{Account: a, Server: c.String("IAXServer"), Context: c.String("IAXContext"), Codecs: codecs, Encryption: encryption,
		Caller: iax.CallerID{Number: number, Name: c.String("IAXCallerIDName"), Presentation: presentation}, Timeout: set.Answer, NoTransfer: !c.Bool("IAXTransfer"), Trunk: trunk}
	return nil
}

// registers tells whether the line keeps a registration. IAXRefresh 0 means a
// static address, as with iaxmodem.
func (set *Settings) registers() bool {
	return set.Registration.Server != "" && set.Registration.Refresh > 0
}

func readCodecs(list string) ([]iax.Codec, error) {
	var codecs []iax.Codec
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		codec, ok := iax.ParseCodec(name)
		if !ok {
			return nil, fmt.Errorf("IAXCodec: %q cannot carry fax; choose of ulaw, alaw, slinear", name)
		}
		codecs = append(codecs, codec)
	}
	return codecs, nil
}

func readRules(s *spool.Spool, c *config.Config, file string) (*dialrules.Rules, error) {
	f, err := os.Open(below(s, file))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	vars := map[string]string{}
	for _, v := range []string{"AreaCode", "CountryCode", "LongDistancePrefix", "InternationalPrefix"} {
		vars[v] = c.String(v)
	}
	return dialrules.Parse(f, file, vars)
}

// below makes a path of the configuration, relative to the spool, absolute.
func below(s *spool.Spool, file string) string {
	if filepath.IsAbs(file) {
		return file
	}
	return s.Path(file)
}

// session reads what T.30 is told by the configuration.
func session(c *config.Config) t30.Config {
	return t30.Config{
		NoECM:                  !c.Bool("Class1ECMSupport"),
		FrameSize:              frameSize(c.Int("Class1ECMFrameSize")),
		GiveUpECM:              !c.Bool("Class1PersistentECM"),
		Capabilities:           abilities(c),
		PercentGoodLines:       c.Int("PercentGoodLines"),
		MaxConsecutiveBadLines: c.Int("MaxConsecutiveBadLines"),
		MinAcceptedLineCount:   c.Int("MinAcceptedLineCount"),
		MaxRecvPages:           c.Int("MaxRecvPages"),
		DropUnconfirmed:        !c.Bool("SaveUnconfirmedPages"),
		BadPage: map[string]t30.BadPageHandling{
			"rtn": t30.RTNDiscard, "rtn-save": t30.RTNSave, "dcn": t30.SendDCN,
		}[strings.ToLower(c.String("BadPageHandlingMethod"))],
		RTN: map[string]t30.RTNHandling{
			"retransmit": t30.Retransmit, "retransmit-ignore": t30.RetransmitIgnore, "giveup": t30.GiveUp, "ignore": t30.Ignore,
		}[strings.ToLower(c.String("RTNHandlingMethod"))],
	}
}

// frameSize is the size of ECM frames that is asked for: 64 octets, or 0 for 256.
func frameSize(octets int) int {
	if octets == 64 {
		return octets
	}
	return 0
}

// abilities reads what the line offers of T.30, by the Class1 parameters that are
// not about the modem itself. Their values are sets of bits, as in T.32.
func abilities(c *config.Config) t30.Capabilities {
	a := t30.Capabilities{Octets64: frameSize(c.Int("Class1ECMFrameSize")) != 0, Codings: t30.SetOf(t4.MH), Resolutions: t30.SetOf(t30.Standard)}
	if c.Bool("Class1MRSupport") {
		a.Codings |= t30.SetOf(t4.MR)
	}
	if c.Bool("Class1MMRSupport") {
		a.Codings |= t30.SetOf(t4.MMR)
	}
	switch wide := c.Int("Class1PageWidthSupport"); {
	case wide&4 != 0:
		a.MaxWidth = t30.Width303
	case wide&2 != 0:
		a.MaxWidth = t30.Width255
	}
	switch long := c.Int("Class1PageLengthSupport"); {
	case long&4 != 0:
		a.MaxLength = t30.Unlimited
	case long&2 != 0:
		a.MaxLength = t30.LengthB4
	}
	have := c.Int("Class1Resolutions")
	if c.Has("Class1ExtendedRes") && !c.Has("Class1Resolutions") && !c.Bool("Class1ExtendedRes") { // its former name
		have = spool.VRFine
	}
	for r, bits := range map[t30.Resolution]int{
		t30.Fine: spool.VRFine | spool.VR200x200, t30.Superfine: spool.VRR8 | spool.VR200x400, t30.R400: spool.VRR16, t30.R300: spool.VR300x300,
	} {
		if have&bits != 0 {
			a.Resolutions |= t30.SetOf(r)
		}
	}
	return a
}

// recvFormat reads RecvDataFormat: the coding in which pages are kept that came
// without error correction; ok is false for adaptive, which is as they came.
func recvFormat(name string) (coding t4.Coding, ok bool, err error) {
	switch strings.ToLower(name) {
	case "adaptive":
		return 0, false, nil
	case "1-d mh":
		return t4.MH, true, nil
	case "2-d mr":
		return t4.MR, true, nil
	case "2-d mmr":
		return t4.MMR, true, nil
	}
	return 0, false, fmt.Errorf("RecvDataFormat: %q is none of 1-D MH, 2-D MR, 2-D MMR, adaptive", name)
}

// redial reads the JobReq* and JobRetry* parameters.
func redial(c *config.Config) sched.Redial {
	r := sched.DefaultRedial()
	for cause, name := range map[sched.Cause]string{
		sched.CauseBusy: "Busy", sched.CauseNoAnswer: "NoAnswer", sched.CauseNoCarrier: "NoCarrier", sched.CauseDataConn: "DataConn",
		sched.CauseError: "Error", sched.CauseNoFCon: "NoFCon", sched.CauseNoDialtone: "Other", sched.CauseOther: "Other",
	} {
		r.Wait[cause] = c.Seconds("JobReq" + name)
		if _, ok := config.Lookup("JobRetry" + name); ok {
			r.Retry[cause] = c.IntOr("JobRetry"+name, -1)
		}
	}
	if c.Has("NoCarrierRetrys") && !c.Has("JobRetryNoCarrier") { // its former name
		r.Retry[sched.CauseNoCarrier] = c.Int("NoCarrierRetrys")
	}
	r.Proto = c.Seconds("JobReqProto")
	return r
}
