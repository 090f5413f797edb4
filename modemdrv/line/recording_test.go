package line

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/litoria-fax/litoria/iax/wire"
	"github.com/litoria-fax/litoria/modemdrv"
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

// TestRecordOverLoss: a call over a network that loses sound is recorded with what
// was made up in its place, and runs again bit for bit, with the same requests for
// a repetition.
func TestRecordOverLoss(t *testing.T) {
	inWorld(t, func(w *world) {
		sound := 0
		w.net.lost = func(b []byte) bool {
			if b[0]&0x80 != 0 || len(b) < 160 { // signalling
				return false
			}
			sound++
			return sound > 1000 && sound%97 == 0
		}
		w.config("ttyIAX0", "FAXNumber: 1000", "IAXRecord: log/rec")
		w.config("ttyIAX1", "FAXNumber: 1001", "IAXRecord: log/rec")
		a, b := w.both()
		pages := []*t4.Bitmap{dotted(900, 1), dotted(900, 2)}
		w.sent(a, w.job("1001", nil, w.document("doc1.ps;00", pages...)))
		idle(a, b)
		sessions := w.sessionLogs()
		logs, _ := filepath.Glob(w.spool.Path("log", "rec", "*.rec"))
		if len(logs) != 2 || len(sessions) != 2 {
			t.Fatalf("%d recordings of %d sessions", len(logs), len(sessions))
		}
		again := 0
		for i, log := range logs {
			base := strings.TrimSuffix(log, ".rec")
			text := read(t, log)
			m := statistics.FindStringSubmatch(sessions[i])
			if m == nil {
				t.Fatalf("no statistics in\n%s", sessions[i])
			}
			lost, _ := strconv.Atoi(m[3])
			if made := madeUp(text); lost == 0 || made != 160*lost {
				t.Errorf("%s: %d samples are marked as made up, %d packets were lost", filepath.Base(log), made, lost)
			}
			result, err := record.Replay(strings.NewReader(text), strings.NewReader(read(t, base+tapeNames[1])), strings.NewReader(read(t, base+tapeNames[2])),
				modemdrv.ObserverFunc(func(_ t30.Samples, n t30.News) {
					if n, ok := n.(t30.FrameReceivedNews); ok && strings.HasPrefix(fmt.Sprint(n.Frame), "PPR") {
						again++
					}
				}))
			if err != nil || result.Outcome != t30.Done || result.Sent+result.Received != len(pages) {
				t.Errorf("%s: %v, %v", filepath.Base(log), result, err)
			}
		}
		if again == 0 || again != strings.Count(sessions[0], "SEND recv PPR") {
			t.Errorf("%d requests when run again, %d in the call", again, strings.Count(sessions[0], "SEND recv PPR"))
		}
	})
}

var conceals = regexp.MustCompile(`(?m)^c (\d+)\n`)

// madeUp is how many samples a recording marks as made up.
func madeUp(log string) (n int) {
	for _, m := range conceals.FindAllStringSubmatch(log, -1) {
		k, _ := strconv.Atoi(m[1])
		n += k
	}
	return n
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
