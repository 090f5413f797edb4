package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"syscall"
	"time"
)

// Ages at which what is left in tmp goes.
const (
	CleanTempAge    = 24 * time.Hour      // what a killed program was making
	CleanDamagedAge = 30 * 24 * time.Hour // the original of a damaged job file
)

// temps are the files that our programs make in tmp, and would remove unless they are killed. Others are
// HylaFAX's, or the site's.
var temps = []struct {
	name *regexp.Regexp
	age  time.Duration
	what string
}{
	{regexp.MustCompile(`^q[0-9]+\.new[0-9]+$`), CleanTempAge, "job file in the making"},
	{regexp.MustCompile(`^(doc|cover).*;[0-9a-f]+\.tmp$`), CleanTempAge, "pages in the making"},
	{regexp.MustCompile(`^\.(writable|faxsetup)[0-9]+$`), CleanTempAge, "trial"},
	{regexp.MustCompile(`^q[0-9]+\.damaged$`), CleanDamagedAge, "original of a damaged job file"},
}

// temporary goes through tmp.
func (c *cleaner) temporary() error {
	entries, err := os.ReadDir(c.s.Path(Tmp))
	if err != nil {
		return fmt.Errorf("temporary files: %w", err)
	}
	var bad []error
	for _, e := range entries {
		if err := c.temp(e); err != nil && !errors.Is(err, fs.ErrNotExist) {
			bad = append(bad, err)
		}
	}
	return errors.Join(bad...)
}

func (c *cleaner) temp(e fs.DirEntry) error {
	for _, t := range temps {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || !t.name.MatchString(e.Name()) {
			continue
		}
		name := Tmp + "/" + e.Name()
		if c.now.Sub(info.ModTime()) < t.age || c.inUse(name) {
			c.Say(true, "%s: ignored, it is too new or in use", name)
			return nil
		}
		c.Say(false, "%s: %s removed%s", name, t.what, c.not())
		return c.remove(name)
	}
	return nil
}

// inUse tells whether somebody holds the lock of a file, as the writer of a job file does.
func (c *cleaner) inUse(name string) bool {
	f, err := os.OpenFile(c.s.Path(name), os.O_RDONLY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	return flock(f, syscall.LOCK_SH|syscall.LOCK_NB) != nil
}
