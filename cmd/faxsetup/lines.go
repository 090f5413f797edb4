package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/litoria-fax/litoria/spool"
	"github.com/litoria-fax/litoria/spool/config"
)

// lineMode is the mode of etc/config.DEVID, which may hold a secret.
const lineMode = 0o600

// addLine makes etc/config.DEVID and tells the processes of lines.
func addLine(dir, devid string, parameters []string) error {
	s, err := spool.Open(dir)
	if err != nil {
		return err
	}
	text, err := config.NewLine(devid, parameters)
	if err != nil {
		return fmt.Errorf("line not added: %w", err)
	}
	if err := writeLine(s, s.Path(spool.Etc, "config."+devid), text); err != nil {
		return fmt.Errorf("line not added: %w", err)
	}
	if s.RescanLines() == 0 {
		fmt.Printf("%s is made; no faxgetty runs that could take it up.\n", devid)
		return nil
	}
	fmt.Printf("%s is made, and faxgetty told; faxstat -s shows how it does.\n", devid)
	return nil
}

// writeLine makes a file whole and at once, for the user who serves the spool,
// unless there is one of the name.
func writeLine(s *spool.Spool, path string, text []byte) error {
	f, err := os.CreateTemp(s.Path(spool.Tmp), ".faxsetup")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	if err = errors.Join(err, f.Chmod(lineMode), f.Sync(), f.Close()); err != nil {
		return err
	}
	if os.Getuid() == 0 {
		uid, gid, err := s.Owner()
		if err != nil {
			return err
		}
		if err := os.Chown(f.Name(), uid, gid); err != nil {
			return err
		}
	}
	if err := os.Link(f.Name(), path); errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already", path)
	} else if err != nil {
		return err
	}
	return nil
}

// removeLine takes the file of a line out of use and tells the processes of lines.
func removeLine(dir, devid string) error {
	s, err := spool.Open(dir)
	if err != nil {
		return err
	}
	if err := spool.CheckDevID(devid); err != nil {
		return err
	}
	path := s.Path(spool.Etc, "config."+devid)
	c, err := config.Read(dir, filepath.Join(spool.Etc, "config."+devid))
	if err != nil {
		return fmt.Errorf("line not removed: %w", err)
	}
	if !c.Has("IAXServer") && !c.Has("IAXPeer") {
		return fmt.Errorf("line not removed: %s is not of a line over IAX2", path)
	}
	if err := os.Rename(path, path+"~"); err != nil {
		return err
	}
	s.RescanLines()
	fmt.Printf("%s is removed; a call that it is in comes to its end.\n", devid)
	return nil
}
