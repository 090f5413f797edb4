package daemon

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/litoria-fax/litoria/internal/faxlog"
	"github.com/litoria-fax/litoria/protocol"
	"github.com/litoria-fax/litoria/protocol/server"
)

// traceEverything is what --debug adds to ServerTracing.
const traceEverything = 0x1ff

// configuration reads hfaxd.conf, of the spool's etc or else of /etc/hylafax, for each new client, and
// parses it when it has changed. The lines of -c come behind it.
type configuration struct {
	options  *options
	spool    string
	log      zerolog.Logger
	facility *faxlog.Syslog // nil where the log does not go to syslog

	mu     sync.Mutex // guards what follows
	stamp  fileStamp
	latest *server.Settings
}

// fileStamp tells versions of a file apart; it is zero for a file that is not there.
type fileStamp struct {
	name     string
	modified time.Time
	size     int64
}

// find returns the file that is to be read.
func (c *configuration) find() fileStamp {
	for _, dir := range []string{filepath.Join(c.spool, "etc"), c.options.configDir} {
		name := filepath.Join(dir, "hfaxd.conf")
		if info, err := os.Stat(name); err == nil {
			return fileStamp{name, info.ModTime(), info.Size()}
		}
	}
	return fileStamp{}
}

// settled is how old a file must be, so that a change of the same moment does not go unnoticed.
const settled = 2 * time.Second

// read returns the settings of now. Lines of the file that are wrong are logged and left out; a wrong
// line of -c is an error.
func (c *configuration) read() (*server.Settings, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	stamp := c.find()
	if c.latest != nil && stamp == c.stamp {
		return c.latest, nil
	}
	var file []io.Reader
	if stamp.name != "" {
		text, err := os.ReadFile(stamp.name)
		if err != nil {
			c.log.Error().Err(err).Msg("configuration")
		}
		file = append(file, bytes.NewReader(text))
	}
	settings, err := server.ReadSettings(func(err error) {
		c.log.Warn().Err(err).Str("file", stamp.name).Msg("configuration")
	}, file...)
	if err != nil {
		c.log.Error().Err(err).Str("file", stamp.name).Msg("configuration")
	}
	if err := c.options.set(settings); err != nil {
		return nil, err
	}
	if settings.ServerTracing&int(server.TraceConfig) != 0 {
		c.log.Info().Str("file", stamp.name).Msg("configuration read")
	}
	if c.facility != nil {
		if err := c.facility.SetFacility(settings.LogFacility); err != nil {
			c.log.Warn().Err(err).Msg("configuration")
		}
	}
	c.latest = settings
	if c.stamp = stamp; time.Since(stamp.modified) < settled {
		c.stamp.modified = time.Time{} // read it once more
	}
	return settings, nil
}

// set applies the options of the command line.
func (o *options) set(settings *server.Settings) error {
	for _, line := range o.items {
		item, ok, err := protocol.ParseConfigLine(line)
		if err == nil && ok {
			err = settings.Set(item.Tag, item.Value)
		}
		if err != nil {
			return fmt.Errorf("-c %q: %w", line, err)
		}
	}
	if o.debug {
		settings.ServerTracing |= traceEverything
	}
	return nil
}
