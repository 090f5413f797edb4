package server

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/litoria-fax/litoria/protocol"
)

// Settings are the parameters of hfaxd.conf (hfaxd(8)). File names are relative to the spool, with or
// without a leading slash.
type Settings struct {
	LogFacility    string
	ServerTracing  int
	FaxContact     string // mail address for questions; "@hostname" is appended where it has no host
	UserAccessFile string
	ShutdownFile   string
	XferLogFile    string
	FIFO           string // faxq's FIFO, for STAT
	SystemType     string // answer to SYST

	FileFormat, JobFormat, ModemFormat, ReceiveFormat                 string
	FileSortFormat, JobSortFormat, ModemSortFormat, ReceiveSortFormat string
	AllowSorting                                                      bool

	IdleTimeout, MaxIdleTimeout time.Duration
	LockTimeout, MaxLockTimeout time.Duration
	MaxLoginAttempts            int
	MaxAdminAttempts            int
	MaxConsecutiveBadCommands   int

	JobProtection  fs.FileMode // mode of the files in sendq
	PublicJobQueue bool        // everybody sees every job in sendq and doneq
	PublicReceive  bool        // everybody sees every fax in recvq

	// What HylaFAX has not.

	LoginTimeout   time.Duration // how long a client may take to log in
	MaxConnections int           // clients at once
	// MaxConnectionsPerAddress is how many of them one address may have, 0 for any number. The machine
	// itself (loopback) is not limited; of IPv6 a network of 64 bits counts as one address.
	MaxConnectionsPerAddress int
	TLSCertificate           string // file of the certificate chain; "" for no TLS
	TLSKey                   string
	TLSClientCA              string // authorities that clients' certificates must lead to
	TLSUserMap               string // which fax users clients' certificates stand for
	// TLSClientRequired refuses clients without a certificate. Where TLSClientCA or TLSUserMap is set
	// clients are asked for one in any case.
	TLSClientRequired bool
	// RequireTLS refuses logins without TLS, except from ClearTextFrom: addresses and networks.
	RequireTLS    bool
	ClearTextFrom []string
}

// DefaultSettings returns what holds without a configuration file.
func DefaultSettings() *Settings {
	return &Settings{
		LogFacility: "daemon", ServerTracing: 1, FaxContact: "FaxMaster",
		UserAccessFile: "etc/hosts.hfaxd", ShutdownFile: "etc/shutdown", XferLogFile: "etc/clientlog",
		FIFO: "/FIFO", SystemType: "UNIX Type: L8 Version: SVR4",
		FileFormat: protocol.DefaultFileFormat, JobFormat: protocol.DefaultJobFormat,
		ModemFormat: protocol.DefaultModemFormat, ReceiveFormat: protocol.DefaultReceiveFormat,
		AllowSorting: true, IdleTimeout: 900 * time.Second, MaxIdleTimeout: 7200 * time.Second,
		MaxLockTimeout: 60 * time.Second, MaxLoginAttempts: 5, MaxAdminAttempts: 5,
		MaxConsecutiveBadCommands: 10, JobProtection: 0o644,
		LoginTimeout: 120 * time.Second, MaxConnections: 1000, MaxConnectionsPerAddress: 200,
	}
}

// Set sets the parameter of a line of hfaxd.conf; the case of tags does not matter. Parameters that
// exist but do nothing here come back as *UnsupportedError.
func (c *Settings) Set(tag, value string) error {
	tag = strings.ToLower(tag)
	if p := c.text(tag); p != nil {
		*p = value
		return nil
	}
	if p := c.count(tag); p != nil {
		n, err := strconv.ParseInt(value, 0, 32)
		if err != nil || n < 0 {
			return fmt.Errorf("%s: %q is not a number", tag, value)
		}
		*p = int(n)
		return nil
	}
	if p := c.seconds(tag); p != nil {
		n, err := strconv.ParseInt(value, 0, 32)
		if err != nil || n < 0 {
			return fmt.Errorf("%s: %q is not a number of seconds", tag, value)
		}
		*p = time.Duration(n) * time.Second
		return nil
	}
	if p := c.flag(tag); p != nil {
		switch strings.ToLower(value) {
		case "on", "yes", "true":
			*p = true
		default:
			*p = false
		}
		return nil
	}
	return c.setOther(tag, value)
}

// UnsupportedError is a parameter of HylaFAX that this server does not act on.
type UnsupportedError struct{ Tag, Why string }

// Error names the parameter and says why it has no effect.
func (e *UnsupportedError) Error() string { return fmt.Sprintf("%s has no effect: %s", e.Tag, e.Why) }

func (c *Settings) setOther(tag, value string) error {
	switch tag {
	case "jobprotection":
		n, err := strconv.ParseUint(value, 0, 9)
		if err != nil {
			return fmt.Errorf("%s: %q is not a file mode", tag, value)
		}
		c.JobProtection = fs.FileMode(n) | 0o600 // the server itself must read and write
		return nil
	case "cleartextfrom":
		c.ClearTextFrom = strings.Fields(strings.ReplaceAll(value, ",", " "))
		return nil
	case "admingroup":
		return &UnsupportedError{"AdminGroup", "it is for logins by PAM, which are not supported; administrators have an administrator password in hosts.hfaxd"}
	}
	for _, pagers := range []string{"PagerIDMapFile", "PriorityMap", "RetryTimeMap", "KillTimeMap", "MaxMsgLength"} {
		if strings.ToLower(pagers) == tag {
			return &UnsupportedError{pagers, "pagers (SNPP) are not supported"}
		}
	}
	return fmt.Errorf("unknown parameter %s", tag)
}

func (c *Settings) text(tag string) *string {
	return map[string]*string{
		"logfacility": &c.LogFacility, "faxcontact": &c.FaxContact,
		"useraccessfile": &c.UserAccessFile, "shutdownfile": &c.ShutdownFile,
		"xferfaxlogfile": &c.XferLogFile, "xferlogfile": &c.XferLogFile,
		"jobfmt": &c.JobFormat, "jobsortfmt": &c.JobSortFormat,
		"rcvfmt": &c.ReceiveFormat, "rcvsortfmt": &c.ReceiveSortFormat,
		"modemfmt": &c.ModemFormat, "modemsortfmt": &c.ModemSortFormat,
		"filefmt": &c.FileFormat, "filesortfmt": &c.FileSortFormat,
		"faxqfifoname": &c.FIFO, "systemtype": &c.SystemType,
		"tlscertificate": &c.TLSCertificate, "tlskey": &c.TLSKey, "tlsclientca": &c.TLSClientCA,
		"tlsusermap": &c.TLSUserMap,
	}[tag]
}

func (c *Settings) count(tag string) *int {
	return map[string]*int{
		"servertracing": &c.ServerTracing, "maxloginattempts": &c.MaxLoginAttempts,
		"maxadminattempts": &c.MaxAdminAttempts, "maxconsecutivebadcmds": &c.MaxConsecutiveBadCommands,
		"maxconnections": &c.MaxConnections, "maxconnectionsperaddress": &c.MaxConnectionsPerAddress,
	}[tag]
}

func (c *Settings) seconds(tag string) *time.Duration {
	return map[string]*time.Duration{
		"idletimeout": &c.IdleTimeout, "maxidletimeout": &c.MaxIdleTimeout,
		"locktimeout": &c.LockTimeout, "maxlocktimeout": &c.MaxLockTimeout,
		"logintimeout": &c.LoginTimeout,
	}[tag]
}

func (c *Settings) flag(tag string) *bool {
	return map[string]*bool{
		"allowsorting": &c.AllowSorting, "allowsortformat": &c.AllowSorting,
		"publicjobq": &c.PublicJobQueue, "publicrecvq": &c.PublicReceive,
		"requiretls": &c.RequireTLS, "tlsclientrequired": &c.TLSClientRequired,
	}[tag]
}

// contact is the mail address for HELP.
func (c *Settings) contact(hostname string) string {
	if strings.Contains(c.FaxContact, "@") {
		return c.FaxContact
	}
	return c.FaxContact + "@" + hostname
}
