package line

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/litoria-fax/litoria/spool"
	"github.com/litoria-fax/litoria/spool/config"
)

// iaxmodems lists the files of iaxmodem(1) in a directory by the lines that they
// are for: the names of their devices. Those that iaxmodem would not start by
// itself (nodaemon) are left out. A file that cannot be read is named in err; the
// others are listed.
func iaxmodems(dir string) (ids map[string]string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	ids = map[string]string{}
	for _, e := range entries {
		if !e.Type().IsRegular() || strings.HasPrefix(e.Name(), ".") || strings.HasSuffix(e.Name(), "~") {
			continue
		}
		path := filepath.Join(dir, e.Name())
		m, bad := config.ReadIAXModem(path)
		switch {
		case bad != nil:
			err = errors.Join(err, bad)
		case m.NoDaemon:
		case spool.CheckDevID(m.Device) != nil:
			err = errors.Join(err, fmt.Errorf("%s: device %q is no name of a line", path, m.Device))
		case ids[m.Device] != "":
			err = errors.Join(err, fmt.Errorf("%s and %s are both for %s; the first counts", ids[m.Device], path, m.Device))
		default:
			ids[m.Device] = path
		}
	}
	return ids, err
}

// readConfig reads the configuration of a line: etc/config.DEVID, with the
// account of iaxmodem's file where it has none of its own; that file alone where
// there is no other.
func (p *Process) readConfig(devid string) (*config.Config, error) {
	conf, err := config.ReadLine(p.o.Spool.Dir(), devid, p.o.IAXModem)
	if p.o.IAXModem == "" || !errors.Is(err, fs.ErrNotExist) {
		return conf, err
	}
	files, _ := iaxmodems(p.o.IAXModem) // what is wrong there was named when they were listed
	if files[devid] == "" {
		return conf, err
	}
	m, err := config.ReadIAXModem(files[devid])
	if err != nil {
		return nil, err
	}
	return &m.Config, nil
}

// configured lists the lines over IAX2 that have a configuration.
func (p *Process) configured() ([]string, error) {
	if p.o.IAXModem == "" {
		return configured(p.o.Spool)
	}
	ids, err := configured(p.o.Spool)
	if err != nil {
		return nil, err
	}
	files, err := iaxmodems(p.o.IAXModem)
	if err != nil {
		p.log.Error().Err(err).Msg("files of iaxmodem")
	}
	for id := range files {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}
