package line

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/litoria-fax/litoria/iax"
	"github.com/litoria-fax/litoria/modemdrv/t30"
	"github.com/litoria-fax/litoria/spool"
)

// tracer writes what happens in a session into its log, in HylaFAX's manner:
// the role in the session first, then what was sent or came.
type tracer struct {
	log     *spool.SessionLog
	role    string // SEND or RECV
	id      string // what the far end's identity is called: CSI or TSI
	remote  string // the identity that was written
	station string
	use     string // the parameters that were written
}

func (t *tracer) printf(format string, args ...any) {
	t.log.Printf(time.Now(), format, args...)
}

func (t *tracer) news(n t30.News) {
	switch n := n.(type) {
	case t30.StateNews:
		t.printf("STATE CHANGE: %v -> %v", n.From, n.To)
	case t30.RemoteNews:
		t.known(n.Remote)
	case t30.FramesSentNews:
		t.printf("%s %v", t.role, n) // "send ..."
	case t30.FrameReceivedNews:
		if n.Good {
			t.printf("%s recv %v", t.role, n.Frame)
		} else {
			t.printf("%s recv a damaged frame", t.role)
		}
	case t30.NegotiatedNews:
		if use := n.Parameters.String(); use != t.use {
			t.use = use
			t.printf("USE %s", use)
		}
	case t30.TrainingNews:
		outcome := "failed"
		if n.OK {
			outcome = "succeeded"
		}
		t.printf("%s training at %v %s (%s)", t.role, n.Rate, outcome, n.Reason)
	case t30.PageStartNews:
		if n.Again {
			t.printf("%s begin page %d again", t.role, n.Page)
		} else {
			t.printf("%s begin page %d", t.role, n.Page)
		}
	case t30.PageNews:
		t.page(n)
	case t30.PageProgressNews:
		t.printf("%s page %d: block %d through, %d frames, %d of them again", t.role, n.Page, n.Block, n.Frames, n.Again)
	case t30.RequestNews:
		t.printf("%s page %d: block %d: request %d for %d damaged frames", t.role, n.Page, n.Block, n.Count, n.Bad)
	case t30.EndNews: // told with the call's result
	default:
		t.printf("%s %v", t.role, n)
	}
}

// known writes what was learned of the far end, once.
func (t *tracer) known(r t30.Remote) {
	if r.ID != "" && r.ID != t.remote {
		t.remote = r.ID
		t.printf("REMOTE %s %q", t.id, clean(r.ID))
	}
	if r.StationID != "" && r.StationID != t.station {
		t.station = r.StationID
		t.printf("REMOTE NSF STATION %q", clean(r.StationID))
	}
}

func (t *tracer) page(n t30.PageNews) {
	quality := ""
	if q := n.Quality; q.BadRows > 0 {
		quality = fmt.Sprintf(", %d of %d rows damaged, at most %d together", q.BadRows, q.Rows, q.LongestBad)
	}
	switch {
	case n.Response == t30.NULL:
		t.printf("%s end page %d: cut off by the end of the call%s", t.role, n.Page, quality)
	case n.Sending && !n.Confirmed:
		t.printf("%s end page %d: refused (%v)", t.role, n.Page, n.Response)
	default:
		t.printf("%s end page %d: %v%s", t.role, n.Page, n.Response, quality)
	}
}

// statusText is the reason of a result as job files and records hold it.
func statusText(r t30.Result) string {
	if r.Status.Text != "" {
		return r.Status.String()
	}
	if r.Reason != "" {
		return r.Reason
	}
	return r.Outcome.String()
}

// carriage is how a call that was answered is carried: codec, proof and
// encryption.
func carriage(info iax.CallInfo) string {
	s := fmt.Sprintf("codec %v", info.Codec)
	if info.Auth != 0 {
		s += fmt.Sprintf(", authenticated by %v", info.Auth)
	}
	if info.Encrypt {
		s += ", encrypted"
	}
	return s
}

// callStats is what the network did to a call, in one line.
func callStats(c *iax.Call) string {
	s := c.Stats()
	return fmt.Sprintf("IAX2 %v: sent %d, received %d, lost %d, late %d, reordered %d, duplicates %d, jitter %.1f ms, skew %+.0f ppm, round trip %.1f ms, sent late by at most %.1f ms",
		s.Duration.Round(time.Millisecond), s.Sent, s.Received, s.Lost, s.Late, s.Reordered, s.Duplicates, ms(s.Jitter), s.SkewPPM, ms(s.RTT), ms(s.MaxLate))
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// qualifies looks a value up in a file of patterns (tsi(5)): regular
// expressions, the first that matches decides; one behind ! refuses. A file
// that is not there refuses nobody, as in HylaFAX.
func qualifies(path, value string) (bool, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return true, err
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	line := 0
	for sc := bufio.NewScanner(f); sc.Scan(); {
		line++
		pattern, _, _ := strings.Cut(sc.Text(), "#")
		pattern = strings.TrimSpace(pattern)
		if pattern == "" {
			continue
		}
		pattern, refuse := strings.CutPrefix(pattern, "!")
		re, err := regexp.CompilePOSIX(pattern)
		if err != nil {
			return false, fmt.Errorf("%s:%d: %w", path, line, err)
		}
		if re.MatchString(value) {
			return !refuse, nil
		}
	}
	return false, nil
}
