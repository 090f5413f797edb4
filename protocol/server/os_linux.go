package server

import (
	"syscall"
	"time"
)

func statTimes(st *syscall.Stat_t) (accessed, changed time.Time) {
	return time.Unix(st.Atim.Unix()), time.Unix(st.Ctim.Unix())
}
