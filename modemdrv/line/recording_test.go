package line

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/litoria-fax/litoria/iax/wire"
	"github.com/litoria-fax/litoria/modemdrv/record"
	"github.com/litoria-fax/litoria/modemdrv/t30"
	"github.com/litoria-fax/litoria/modemdrv/t4"
)

// TestRecord: both ends of a call are recorded, and the recordings run again bit
// for bit; a changed sample is noticed.
func TestRecord(t *testing.T) {
	inWorld(t, func(w *world) {
		w.config("ttyIAX0", "FAXNumber: 1000", "IAXRecord: log/rec")
		w.config("ttyIAX1", "FAXNumber: 1001", "IAXRecord: "+w.spool.Path("log", "rec"))
		a, b := w.both()
		pages := []*t4.Bitmap{dotted(300, 1), dotted(200, 2)}
		w.sent(a, w.job("1001", nil, w.document("doc1.ps;00", pages...)))
		idle(a, b)
		logs, _ := filepath.Glob(w.spool.Path("log", "rec", "*.rec"))
		if len(logs) != 2 {
			t.Fatalf("%d recordings", len(logs))
		}
		for _, log := range logs {
			base := strings.TrimSuffix(log, ".rec")
			var parts [len(tapeNames)][]byte
			for i, name := range tapeNames {
				var err error
				if parts[i], err = os.ReadFile(base + name); err != nil {
					t.Fatal(err)
				}
			}
			if size := int64(len(parts[1])-record.WAVHeaderLength) / 2; !bytes.Equal(parts[1][:record.WAVHeaderLength], record.Header(size)) {
				t.Error("the WAV file's header does not tell its length")
			}
			var frames []string
			if err := wire.ReadCapture(bytes.NewReader(parts[3]), func(c wire.Captured) { frames = append(frames, wire.Describe(c.Frame)) }); err != nil {
				t.Fatal(err)
			}
			text := strings.Join(frames, "\n")
			for _, want := range []string{"NEW", "ACCEPT", "ANSWER", "VOICE", "MINI", "HANGUP"} {
				if !strings.Contains(text, want) {
					t.Errorf("%s: no %s among %d frames", filepath.Base(log), want, len(frames))
				}
			}
			run := func() (t30.Result, error) {
				return record.Replay(bytes.NewReader(parts[0]), bytes.NewReader(parts[1]), bytes.NewReader(parts[2]), nil)
			}
			result, err := run()
			if err != nil || result.Outcome != t30.Done || result.Sent+result.Received != len(pages) {
				t.Errorf("%s: %v, %v", filepath.Base(log), result, err)
			}
			parts[2][len(parts[2])/2] ^= 1
			if _, err := run(); !errors.Is(err, record.ErrDeparts) {
				t.Errorf("%s: a changed sample: %v", filepath.Base(log), err)
			}
		}
	})
}
