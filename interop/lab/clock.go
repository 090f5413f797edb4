//go:build interop

package lab

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// exactClock is a time(2) that is not behind the times of files. The kernel's is by up to 4 ms, while from Linux
// 6.13 the times of files are exact. In 4 of 1,000 jobs HylaFAX's hfaxd finds its job file newer than the moment after it
// wrote it, reads it before each parameter, and so forgets the one before: "null or missing DIALSTRING
// parameter".
const exactClock = `#include <time.h>
time_t time(time_t *t)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	if (t)
		*t = now.tv_sec;
	return now.tv_sec;
}
`

// HylaFAXd is the begin of a command that starts HylaFAX's hfaxd with a clock as exact as the times of files.
func HylaFAXd(t testing.TB) []string {
	t.Helper()
	library := filepath.Join(Dir(), "exactclock.so")
	if _, err := os.Stat(library); err != nil {
		made := library + "." + filepath.Base(t.TempDir()) + ".new"
		cc := exec.Command("cc", "-shared", "-fPIC", "-O2", "-x", "c", "-o", made, "-")
		cc.Stdin = strings.NewReader(exactClock)
		if out, err := cc.CombinedOutput(); err != nil {
			t.Fatalf("building a clock for hfaxd (run interop/setup first): %v\n%s", err, out)
		}
		if err := os.Rename(made, library); err != nil {
			t.Fatal(err)
		}
	}
	return []string{"env", "LD_PRELOAD=" + library, "/usr/sbin/hfaxd"}
}
