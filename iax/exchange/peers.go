package exchange

import (
	"crypto/rsa"
	"fmt"
	"maps"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/litoria-fax/litoria/iax"
)

// peerConfig is one section of iax.conf.
type peerConfig struct {
	name       string
	user, peer bool // may call us; may be called
	dynamic    bool // registers; otherwise host is fixed
	host       string
	port       int
	// registrations: from how many addresses at once it may be registered.
	registrations int
	username      string // we call ourselves so at this peer
	secret        string
	methods       iax.AuthMethods
	keys          []*rsa.PublicKey
	outKey        *rsa.PrivateKey
	context       string
	peerContext   string
	codecs        []iax.Codec
	callerFirst   bool
	token         bool
	encryption    iax.Encryption
	callerID      iax.CallerID
	hasCallerID   bool
	qualify       time.Duration // longest round trip that is well; 0: not watched
	transfer      transferMode
	trunk         bool
	permits       []acl
	file          string
	line          int
}

// acl is a permit or deny line.
type acl struct {
	permit bool
	prefix netip.Prefix
}

// generalConfig is what [general] says.
type generalConfig struct {
	listen       string
	minRefresh   time.Duration
	maxRefresh   time.Duration
	qualifyOK    time.Duration // between two looks at a peer that is well
	qualifyNotOK time.Duration
	trunkPlain   bool       // trunktimestamps=no
	defaults     peerConfig // what peers begin with
}

// peerFile is iax.conf.
type peerFile struct {
	general  generalConfig
	peers    map[string]*peerConfig
	problems []Problem
	keyDir   string
}

// Defaults of [general], as Asterisk has them.
const (
	defaultMinExpire    = 60 * time.Second
	defaultMaxExpire    = 3600 * time.Second
	defaultQualifyOK    = 60 * time.Second
	defaultQualifyNotOK = 10 * time.Second
	defaultQualifyLimit = 2000 * time.Millisecond
)

// readPeers reads iax.conf; RSA keys are looked for in keyDir.
func readPeers(path, keyDir string) *peerFile {
	var r confReader
	r.readFile(path)
	return buildPeers(&r, keyDir)
}

func buildPeers(r *confReader, keyDir string) *peerFile {
	f := &peerFile{peers: make(map[string]*peerConfig), problems: r.problems, keyDir: keyDir}
	f.general = generalConfig{
		minRefresh: defaultMinExpire, maxRefresh: defaultMaxExpire, qualifyOK: defaultQualifyOK, qualifyNotOK: defaultQualifyNotOK,
		defaults: peerConfig{codecs: iax.AllCodecs(), token: true, methods: iax.AuthMD5 | iax.AuthPlaintext},
	}
	port := strconv.Itoa(iax.DefaultPort)
	addr := ""
	for _, s := range r.unique() {
		if s.name != "general" || s.template {
			continue
		}
		for _, v := range s.settings {
			switch strings.ToLower(v.key) {
			case "bindaddr":
				addr = v.value
			case "bindport", "port":
				port = v.value
			default:
				f.generalSetting(v)
			}
		}
	}
	f.general.listen = addr + ":" + port
	if strings.Contains(addr, ":") {
		f.general.listen = addr // bindaddr with a port
	}
	for _, s := range r.unique() {
		if s.name != "general" && !s.template {
			f.readPeer(s)
		}
	}
	return f
}

func (f *peerFile) problem(v setting, fatal bool, format string, args ...any) {
	f.problems = append(f.problems, Problem{v.file, v.line, fmt.Sprintf(format, args...), fatal})
}

// number reads a time given as a number of units.
func (f *peerFile) number(v setting, unit time.Duration) time.Duration {
	n, err := strconv.Atoi(v.value)
	if err != nil || n < 0 {
		f.problem(v, true, "%s = %q: a number is expected", v.key, v.value)
		return 0
	}
	return time.Duration(n) * unit
}

func (f *peerFile) generalSetting(v setting) {
	g := &f.general
	switch strings.ToLower(v.key) {
	case "minregexpire":
		g.minRefresh = f.number(v, time.Second)
	case "maxregexpire":
		g.maxRefresh = f.number(v, time.Second)
	case "trunktimestamps":
		g.trunkPlain = !isYes(v.value)
	case "qualifyfreqok":
		g.qualifyOK = f.number(v, time.Millisecond)
	case "qualifyfreqnotok":
		g.qualifyNotOK = f.number(v, time.Millisecond)
	case "iaxthreadcount", "iaxmaxthreadcount": // packets keep their order here, however many threads Asterisk has
	default:
		f.peerSetting(&g.defaults, v)
	}
}

func (f *peerFile) readPeer(s *section) {
	if old := f.peers[s.name]; old != nil {
		f.problems = append(f.problems, Problem{s.file, s.line, fmt.Sprintf("[%s] is there already, at %s:%d; this one is left out", s.name, old.file, old.line), true})
		return
	}
	p := f.general.defaults
	p.name, p.file, p.line = s.name, s.file, s.line
	p.codecs = slices.Clone(p.codecs)
	for _, v := range s.settings {
		f.peerSetting(&p, v)
	}
	if !p.user && !p.peer {
		f.problems = append(f.problems, Problem{s.file, s.line, fmt.Sprintf("[%s] has no type: friend, user or peer", s.name), true})
	}
	if p.methods == iax.AuthRSA && len(p.keys) == 0 {
		f.problems = append(f.problems, Problem{s.file, s.line, fmt.Sprintf("[%s] has auth=rsa, but no inkeys", s.name), true})
	}
	if p.secret == "" {
		p.methods &^= iax.AuthMD5 | iax.AuthPlaintext
	}
	if len(p.keys) == 0 {
		p.methods &^= iax.AuthRSA
	}
	if len(p.codecs) == 0 {
		f.problems = append(f.problems, Problem{s.file, s.line, fmt.Sprintf("[%s] allows no codec that can carry fax: ulaw, alaw, slin", s.name), true})
	}
	f.peers[s.name] = &p
}

// peerSetting reads one line of a peer or a default of [general].
func (f *peerFile) peerSetting(p *peerConfig, v setting) {
	set, ok := peerSettings[strings.ToLower(v.key)]
	if !ok {
		f.problem(v, false, "%q is not known here and left out", v.key)
		return
	}
	set(f, p, v)
}

// peerSettings are the lines that a peer may have.
var peerSettings = map[string]func(f *peerFile, p *peerConfig, v setting){
	"type":              (*peerFile).setType,
	"host":              (*peerFile).setHost,
	"port":              func(f *peerFile, p *peerConfig, v setting) { p.port = int(f.number(v, 1)) },
	"username":          func(_ *peerFile, p *peerConfig, v setting) { p.username = v.value },
	"defaultuser":       func(_ *peerFile, p *peerConfig, v setting) { p.username = v.value },
	"registrations":     func(f *peerFile, p *peerConfig, v setting) { p.registrations = int(f.number(v, 1)) },
	"secret":            func(_ *peerFile, p *peerConfig, v setting) { p.secret = v.value },
	"auth":              (*peerFile).setAuth,
	"inkeys":            (*peerFile).setInKeys,
	"outkey":            (*peerFile).setOutKey,
	"context":           func(_ *peerFile, p *peerConfig, v setting) { p.context = v.value },
	"peercontext":       func(_ *peerFile, p *peerConfig, v setting) { p.peerContext = v.value },
	"allow":             (*peerFile).setAllow,
	"disallow":          (*peerFile).setDisallow,
	"codecpriority":     (*peerFile).setPriority,
	"requirecalltoken":  (*peerFile).setToken,
	"encryption":        (*peerFile).setEncryption,
	"forceencryption":   (*peerFile).setForceEncryption,
	"callerid":          (*peerFile).setCallerID,
	"fullname":          func(_ *peerFile, p *peerConfig, v setting) { p.callerID.Name, p.hasCallerID = v.value, true },
	"cid_number":        func(_ *peerFile, p *peerConfig, v setting) { p.callerID.Number, p.hasCallerID = v.value, true },
	"qualify":           (*peerFile).setQualify,
	"permit":            func(f *peerFile, p *peerConfig, v setting) { f.addACL(p, v, true) },
	"deny":              func(f *peerFile, p *peerConfig, v setting) { f.addACL(p, v, false) },
	"jitterbuffer":      only("no", "audio goes through with its true time stamps; the buffer is at the ends"),
	"forcejitterbuffer": only("no", "audio goes through with its true time stamps; the buffer is at the ends"),
	"transfer":          (*peerFile).setTransfer,
	"notransfer":        (*peerFile).setNoTransfer,
	"trunk":             func(_ *peerFile, p *peerConfig, v setting) { p.trunk = isYes(v.value) },
	"autokill":          only("yes", "an end that does not answer is always given up"),
}

// only accepts a setting that has one meaning here.
func only(value, why string) func(*peerFile, *peerConfig, setting) {
	return func(f *peerFile, _ *peerConfig, v setting) {
		if isYes(v.value) != isYes(value) {
			f.problem(v, false, "%s = %s is not possible here: %s", v.key, v.value, why)
		}
	}
}

// isYes is Asterisk's idea of true.
func isYes(s string) bool {
	switch strings.ToLower(s) {
	case "yes", "true", "y", "t", "1", "on":
		return true
	}
	return false
}

func (f *peerFile) setType(p *peerConfig, v setting) {
	p.user, p.peer = false, false
	switch strings.ToLower(v.value) {
	case "friend":
		p.user, p.peer = true, true
	case "user":
		p.user = true
	case "peer":
		p.peer = true
	default:
		f.problem(v, true, "type = %q: friend, user or peer is expected", v.value)
	}
}

func (f *peerFile) setHost(p *peerConfig, v setting) {
	if strings.EqualFold(v.value, "dynamic") {
		p.dynamic, p.host = true, ""
		return
	}
	p.dynamic, p.host = false, v.value
	if host, port, ok := strings.Cut(v.value, ":"); ok && !strings.Contains(port, ":") {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			f.problem(v, true, "host = %q: the port is no number", v.value)
		}
		p.host, p.port = host, int(n)
	}
}

func (f *peerFile) setAuth(p *peerConfig, v setting) {
	p.methods = 0
	for _, m := range strings.Split(v.value, ",") {
		switch strings.ToLower(strings.TrimSpace(m)) {
		case "md5":
			p.methods |= iax.AuthMD5
		case "plaintext":
			p.methods |= iax.AuthPlaintext
		case "rsa":
			p.methods |= iax.AuthRSA
		default:
			f.problem(v, true, "auth = %q: md5, plaintext and rsa are known", v.value)
		}
	}
}

func (f *peerFile) setInKeys(p *peerConfig, v setting) {
	p.keys = nil
	for _, name := range strings.Split(v.value, ":") {
		k, err := iax.ReadPublicKey(filepath.Join(f.keyDir, name+".pub"))
		if err != nil {
			f.problem(v, true, "inkeys: %v", err)
			continue
		}
		p.keys = append(p.keys, k)
	}
}

func (f *peerFile) setOutKey(p *peerConfig, v setting) {
	k, err := iax.ReadPrivateKey(filepath.Join(f.keyDir, v.value+".key"))
	if err != nil {
		f.problem(v, true, "outkey: %v", err)
		return
	}
	p.outKey = k
}

func (f *peerFile) setAllow(p *peerConfig, v setting) {
	for _, name := range strings.Split(v.value, ",") {
		name = strings.TrimSpace(name)
		if strings.EqualFold(name, "all") {
			p.codecs = iax.AllCodecs()
			continue
		}
		c, ok := iax.ParseCodec(name)
		switch {
		case !ok:
			f.problem(v, false, "the codec %q cannot carry fax and is left out", name)
		case !slices.Contains(p.codecs, c):
			p.codecs = append(p.codecs, c)
		}
	}
}

func (f *peerFile) setDisallow(p *peerConfig, v setting) {
	for _, name := range strings.Split(v.value, ",") {
		name = strings.TrimSpace(name)
		if strings.EqualFold(name, "all") {
			p.codecs = nil
			continue
		}
		if c, ok := iax.ParseCodec(name); ok {
			p.codecs = slices.DeleteFunc(p.codecs, func(o iax.Codec) bool { return o == c })
		}
	}
}

func (f *peerFile) setPriority(p *peerConfig, v setting) {
	switch strings.ToLower(v.value) {
	case "host":
		p.callerFirst = false
	case "caller", "disabled", "reqonly":
		p.callerFirst = true
	default:
		f.problem(v, true, "codecpriority = %q: host, caller, disabled and reqonly are known", v.value)
	}
}

func (f *peerFile) setToken(p *peerConfig, v setting) {
	switch strings.ToLower(v.value) {
	case "auto":
		p.token = false
		f.problem(v, false, "requirecalltoken = auto is taken as no: who knows call tokens has to show one anyway")
	default:
		p.token = isYes(v.value)
	}
}

func (f *peerFile) setEncryption(p *peerConfig, v setting) {
	switch {
	case isYes(v.value) || strings.EqualFold(v.value, "aes128"):
		p.encryption = max(p.encryption, iax.EncryptAllow)
	default:
		p.encryption = iax.EncryptNever
	}
}

func (f *peerFile) setForceEncryption(p *peerConfig, v setting) {
	if isYes(v.value) {
		p.encryption = iax.EncryptDemand
	}
}

// setCallerID reads `"Name" <number>`, `Name <number>` or a number.
func (f *peerFile) setCallerID(p *peerConfig, v setting) {
	name, rest, ok := strings.Cut(v.value, "<")
	if !ok {
		p.callerID = iax.CallerID{Number: strings.TrimSpace(v.value)}
	} else {
		p.callerID = iax.CallerID{Name: strings.Trim(strings.TrimSpace(name), `"`), Number: strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), ">"))}
	}
	p.hasCallerID = true
}

func (f *peerFile) setQualify(p *peerConfig, v setting) {
	switch {
	case isYes(v.value):
		p.qualify = defaultQualifyLimit
	case strings.EqualFold(v.value, "no"):
		p.qualify = 0
	default:
		p.qualify = f.number(v, time.Millisecond)
	}
}

// addACL reads permit and deny: address, address/bits or address/mask.
func (f *peerFile) addACL(p *peerConfig, v setting, permit bool) {
	prefix, err := parsePrefix(v.value)
	if err != nil {
		f.problem(v, true, "%s = %q: %v", v.key, v.value, err)
		return
	}
	p.permits = append(slices.Clone(p.permits), acl{permit, prefix})
}

func parsePrefix(s string) (netip.Prefix, error) {
	addrText, maskText, ok := strings.Cut(s, "/")
	addr, err := netip.ParseAddr(addrText)
	if err != nil {
		return netip.Prefix{}, err
	}
	if !ok {
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	if bits, err := strconv.Atoi(maskText); err == nil {
		return addr.Prefix(bits)
	}
	mask, err := netip.ParseAddr(maskText)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is neither a number of bits nor a mask", maskText)
	}
	ones := 0
	for _, b := range mask.AsSlice() {
		for ; b&0x80 != 0; b <<= 1 {
			ones++
		}
	}
	return addr.Prefix(ones)
}

// allowed tells whether an address passes permit and deny; the last line that
// fits decides, as in Asterisk.
func (p *peerConfig) allowed(a netip.Addr) bool {
	good := true
	for _, l := range p.permits {
		if l.prefix.Contains(a) {
			good = l.permit
		}
	}
	return good
}

// names gives the peers in order.
func (f *peerFile) names() []string { return slices.Sorted(maps.Keys(f.peers)) }
