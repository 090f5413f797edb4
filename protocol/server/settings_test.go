package server

import (
	"errors"
	"testing"
)

// Each parameter that HylaFAX's hfaxd knows is taken, or said to have no effect.
func TestEveryParameter(t *testing.T) {
	for _, tag := range []string{
		"LogFacility", "FaxContact", "UserAccessFile", "ShutdownFile", "XferFaxLogFile", "XferLogFile", "JobFmt", "JobSortFmt", "RcvFmt",
		"RcvSortFmt", "ModemFmt", "ModemSortFmt", "FileFmt", "FileSortFmt", "FaxqFIFOName", "SystemType", "JobProtection", "ServerTracing",
		"IdleTimeout", "MaxIdleTimeout", "LockTimeout", "MaxLockTimeout", "MaxLoginAttempts", "MaxAdminAttempts", "MaxConsecutiveBadCmds",
		"AllowSorting", "PublicJobQ", "PublicRecvQ",
	} {
		if err := DefaultSettings().Set(tag, "1"); err != nil {
			t.Errorf("%s: %v", tag, err)
		}
	}
	for tag, want := range map[string]string{
		"AdminGroup":     "AdminGroup has no effect: it is for logins by PAM, which are not supported; administrators have an administrator password in hosts.hfaxd",
		"PagerIDMapFile": "PagerIDMapFile has no effect: pagers (SNPP) are not supported",
		"PriorityMap":    "PriorityMap has no effect: pagers (SNPP) are not supported",
		"RetryTimeMap":   "RetryTimeMap has no effect: pagers (SNPP) are not supported",
		"KillTimeMap":    "KillTimeMap has no effect: pagers (SNPP) are not supported",
		"MaxMsgLength":   "MaxMsgLength has no effect: pagers (SNPP) are not supported",
	} {
		var none *UnsupportedError
		if err := DefaultSettings().Set(tag, "1"); !errors.As(err, &none) || err.Error() != want {
			t.Errorf("%s: %v, want %q", tag, err, want)
		}
	}
}
