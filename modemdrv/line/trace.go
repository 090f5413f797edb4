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

// traceNews writes what happens in a session into its log.
func traceNews(log *spool.SessionLog, n t30.News) {
	direction := "RECV"
	switch n := n.(type) {
	case t30.StateNews:
		log.Printf(time.Now(), "STATE %v -> %v", n.From, n.To)
		return
	case t30.FramesSentNews, t30.PageStartNews, t30.TrainingNews, t30.RequestNews, t30.PageProgressNews, t30.PageNews, t30.NegotiatedNews:
		if isSending(n) {
			direction = "SEND"
		}
	case t30.RemoteNews:
		log.Printf(time.Now(), "REMOTE ID %q", n.Remote.ID)
		if n.Remote.StationID != "" {
			log.Printf(time.Now(), "REMOTE STATION %q", n.Remote.StationID)
		}
		return
	}
	log.Printf(time.Now(), "%s %s", direction, n)
}

func isSending(n t30.News) bool {
	switch n := n.(type) {
	case t30.FramesSentNews:
		return true
	case t30.PageStartNews:
		return n.Sending
	case t30.TrainingNews:
		return n.Sending
	case t30.RequestNews:
		return n.Sending
	case t30.PageProgressNews:
		return n.Sending
	case t30.PageNews:
		return n.Sending
	case t30.NegotiatedNews:
		return n.Sending
	}
	return false
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
