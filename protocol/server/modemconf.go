package server

import (
	"fmt"
	"io"
	"strconv"

	"github.com/litoria-fax/litoria/protocol"
)

// maxModemConfig is the most that is read of a modem's configuration for a listing.
const maxModemConfig = 256 << 10

// readModemConfig reads what clients may know of a modem's configuration (hylafax-config(5)).
func (srv *Server) readModemConfig(m *modemInfo, id string) {
	f, err := srv.root.Open("etc/config." + id)
	if err != nil {
		return
	}
	defer f.Close()
	number := func(value string, p *uint32) error {
		n, err := strconv.ParseInt(value, 0, 64)
		*p = uint32(n)
		return err
	}
	err = protocol.ReadConfig(io.LimitReader(f, maxModemConfig), func(item protocol.ConfigItem) error {
		switch item.Tag {
		case "faxnumber":
			m.number = item.Value
		case "localidentifier":
			m.localID = item.Value
		case "speakervolume":
			m.volume = volumeLetter(item.Value)
		case "tracinglevel":
			return number(item.Value, &m.tracing)
		case "logtracinglevel":
			return number(item.Value, &m.log)
		case "maxrecvpages":
			return number(item.Value, &m.maxPages)
		}
		return nil
	})
	if err != nil {
		srv.trace(TraceConfig).Err(err).Str("modem", id).Msg("configuration")
	}
}

// ReadSettings reads settings from configuration files in their order (hfaxd.conf). Lines that cannot
// be understood and parameters without effect are told to warn; the others hold all the same.
func ReadSettings(warn func(error), files ...io.Reader) (*Settings, error) {
	c := DefaultSettings()
	for _, r := range files {
		err := protocol.ReadConfig(r, func(item protocol.ConfigItem) error {
			if err := c.Set(item.Tag, item.Value); err != nil { // the other lines hold
				warn(fmt.Errorf("line %d: %w", item.Line, err))
			}
			return nil
		})
		if err != nil {
			return c, err
		}
	}
	return c, nil
}
