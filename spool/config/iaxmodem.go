package config

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// IAXModemDir is where iaxmodem(1) has its configurations, one file a modem.
const IAXModemDir = "/etc/iaxmodem"

// iaxmodemKeys are the entries of an iaxmodem file (its README): our parameter,
// or "" where the entry means nothing without a device between modem and
// server.
var iaxmodemKeys = map[string]string{
	"server": "IAXServer", "peername": "IAXPeer", "secret": "IAXSecret", "port": "IAXPort", "refresh": "IAXRefresh", "codec": "IAXCodec",
	"cidname": "IAXCallerIDName", "cidnumber": "IAXCallerIDNumber", "record": "IAXRecord",
	"device": "", "owner": "", "mode": "", "nojitterbuffer": "", "iax2debug": "", "dspdebug": "", "nodaemon": "",
}

// IAXModem is a file of iaxmodem.
type IAXModem struct {
	Config          // its entries as our parameters
	Device   string // device, without /dev/ and with slashes made underscores: the id of the line
	NoDaemon bool   // iaxmodem does not start it by itself
}

// ReadIAXModem reads a file of iaxmodem, so that a site that moves from it
// keeps its accounts. Entries that are wrong or unknown are problems.
func ReadIAXModem(path string) (*IAXModem, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	m := parseIAXModem(f, path)
	m.files[path] = info.ModTime()
	return m, nil
}

func parseIAXModem(r io.Reader, path string) *IAXModem {
	m := &IAXModem{Config: *New(), Device: filepath.Base(path)}
	sc := bufio.NewScanner(r)
	line := 0
	for sc.Scan() {
		line++
		text, _, _ := strings.Cut(sc.Text(), ";")
		if text = strings.TrimSpace(text); text != "" {
			m.entry(text, path, line)
		}
	}
	if err := sc.Err(); err != nil {
		m.problem(path, line+1, "%v", err)
	}
	return m
}

func (m *IAXModem) entry(text, path string, line int) {
	name, value := text, ""
	if i := strings.IndexAny(text, " \t"); i >= 0 {
		name, value = text[:i], strings.TrimSpace(text[i:])
	}
	tag, known := iaxmodemKeys[strings.ToLower(name)]
	switch {
	case strings.EqualFold(name, "replay"):
		m.problem(path, line, "replay of recorded calls is not supported")
	case !known:
		m.problem(path, line, "unknown entry %q", name)
	case strings.EqualFold(name, "device"):
		m.Device = strings.ReplaceAll(strings.TrimPrefix(value, "/dev/"), "/", "_")
	case strings.EqualFold(name, "nodaemon"):
		m.NoDaemon = true
	case tag == "IAXRecord":
		m.add(Item{tag, filepath.Join(os.TempDir(), filepath.Base(path)), path, line})
	case tag != "":
		m.add(Item{tag, value, path, line})
	}
}

// ReadLine reads the configuration of a line: etc/config.DEVID. Where that says
// nothing of an IAX2 account, because it comes from an installation with
// iaxmodem, the account of the file in iaxmodemDir ("" for IAXModemDir) is
// taken whose device the line is.
func ReadLine(spool, devid, iaxmodemDir string) (*Config, error) {
	c, err := Read(spool, filepath.Join("etc", "config."+devid))
	if err != nil || c.Has("IAXServer") || c.Has("IAXPeer") {
		return c, err
	}
	if iaxmodemDir == "" {
		iaxmodemDir = IAXModemDir
	}
	modems, err := os.ReadDir(iaxmodemDir)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return c, err
	}
	for _, e := range modems {
		if !e.Type().IsRegular() || strings.HasSuffix(e.Name(), "~") {
			continue
		}
		m, err := ReadIAXModem(filepath.Join(iaxmodemDir, e.Name()))
		if err != nil {
			c.problem(filepath.Join(iaxmodemDir, e.Name()), 1, "%v", err)
			continue
		}
		if m.Device == devid {
			c.underlay(&m.Config)
			return c, nil
		}
	}
	return c, nil
}

// underlay adds the parameters of another file that c has not.
func (c *Config) underlay(other *Config) {
	for _, i := range other.Items {
		if !c.Has(i.Tag) {
			c.add(i)
		}
	}
	c.Problems = append(c.Problems, other.Problems...)
	for f, t := range other.files {
		c.files[f] = t
	}
}
