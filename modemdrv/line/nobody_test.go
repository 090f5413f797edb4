package line

import (
	"testing"

	"github.com/litoria-fax/litoria/sched"
)

// TestNobodyThere: what was heard in place of a fax decides when the job comes again.
func TestNobodyThere(t *testing.T) {
	for _, row := range []struct {
		status string
		cause  sched.Cause
		code   int
		text   string
	}{
		{"Busy signal detected", sched.CauseBusy, 1, "Busy signal detected"},
		{"No answer from remote", sched.CauseNoAnswer, 3, "No answer from remote"},
		{"No receiver protocol (T.30 T1 timeout)", sched.CauseNoCarrier, 2, "No carrier detected"},
	} {
		if cause, code, text := nobody(row.status); cause != row.cause || code != row.code || text != row.text {
			t.Errorf("nobody(%q) = %v, %d, %q, want %v, %d, %q", row.status, cause, code, text, row.cause, row.code, row.text)
		}
	}
}
