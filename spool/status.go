package spool

import (
	"fmt"
	"os"
	"strings"
	"syscall"
)

// The texts that HylaFAX's faxgetty has for the states of a line (status(5)).
// Clients look for some of them.
const (
	StatusInitializing = "Initializing server and modem"
	StatusIdle         = "Running and idle"
	StatusRefused      = "Not running: " // the reason follows; ours
	StatusModemWait    = "Waiting for modem to come ready"
	StatusLockWait     = "Waiting for modem to come free"
	StatusGettyWait    = "Waiting for login session to terminate"
	StatusSending      = "Sending facsimile"
	StatusAnswering    = "Answering the phone"
	StatusReceiving    = "Receiving facsimile"
	StatusListening    = "Listening to rings from modem"
)

// statusMode lets hfaxd, under another user, read.
const statusMode = 0o644

// SetStatus writes what a line is doing into status/DEVID: one line of text
// (status(5)). faxstat -s shows it.
func (s *Spool) SetStatus(devid, text string) error {
	f, err := os.OpenFile(s.Path(Status, devid), os.O_RDWR|os.O_CREATE, statusMode)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := flock(f, syscall.LOCK_EX); err != nil {
		return err
	}
	text, _, _ = strings.Cut(strings.TrimSpace(text), "\n")
	return replaceText(f, []byte(text+"\n"))
}

// ReadStatus reads status/DEVID.
func (s *Spool) ReadStatus(devid string) (string, error) {
	f, err := os.Open(s.Path(Status, devid))
	if err != nil {
		return "", err
	}
	defer f.Close()
	if err := flock(f, syscall.LOCK_SH); err != nil {
		return "", err
	}
	b := make([]byte, 1024)
	n, _ := f.Read(b) // an empty file is an empty status
	return strings.TrimSpace(string(b[:n])), nil
}

// DevID is the identifier of a device: its path without /dev/, with each slash
// made an underscore (faxgetty(8)).
func DevID(device string) string {
	return strings.ReplaceAll(strings.TrimPrefix(device, "/dev/"), "/", "_")
}

// CheckDevID refuses identifiers that cannot be the name of a file.
func CheckDevID(devid string) error {
	if devid == "" || devid[0] == '.' || strings.ContainsAny(devid, "/\x00\r\n \t") {
		return fmt.Errorf("%q is not a device identifier", devid)
	}
	return nil
}
