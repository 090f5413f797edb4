package exchange

import (
	"strconv"
	"strings"

	"github.com/litoria-fax/litoria/iax"
)

// FaxMachines makes the fax machines behind ReceiveFAX and SendFAX. The exchange
// itself knows no fax.
type FaxMachines interface {
	// Receive makes one that takes a fax into a file, or into a new file if path
	// is a directory. id is what it calls itself.
	Receive(path, id string) (FaxMachine, error)
	// Send makes one that lets the caller poll a file.
	Send(path, id string) (FaxMachine, error)
}

// FaxMachine is one in a call.
type FaxMachine interface {
	iax.Media
	// End is called once, when the call is over, and tells what became of it.
	End() FaxOutcome
}

// FaxOutcome is what the plan may look at after the call.
type FaxOutcome struct {
	Err    error // nil: all pages went through
	Pages  int
	Remote string // identity of the far end
	Rate   int    // bit/s
	File   string
}

// fax runs ReceiveFAX(file or directory) and SendFAX(file): the caller talks to a
// fax machine of our own until one of them hangs up.
func (ch *channel) fax(s *step, args string, send bool) {
	path, options, _ := strings.Cut(args, ",")
	path = strings.TrimSpace(path)
	log := ch.log.With().Str("app", s.app).Str("file", path).Logger()
	if options = strings.TrimSpace(options); options != "" {
		log.Warn().Str("options", options).Msg("exchange: options of a fax machine are not known here and left out")
	}
	outcome := func(status, why string) {
		ch.vars["FAXSTATUS"], ch.vars["FAXERROR"] = status, why
	}
	machines := ch.x.cfg.Fax
	if machines == nil {
		log.Error().Msg("exchange: there are no fax machines here")
		outcome("FAILED", "no fax machines")
		return
	}
	make := machines.Receive
	if send {
		make = machines.Send
	}
	m, err := make(path, ch.look("LOCALSTATIONID"))
	if err != nil {
		log.Error().Err(err).Msg("exchange: fax")
		outcome("FAILED", err.Error())
		return
	}
	ch.answer()
	ch.call.Attach(m)
	<-ch.call.Done()
	ch.over = true
	o := m.End()
	status, why := "SUCCESS", ""
	if o.Err != nil {
		status, why = "FAILED", o.Err.Error()
	}
	outcome(status, why)
	ch.vars["FAXPAGES"], ch.vars["REMOTESTATIONID"], ch.vars["FAXBITRATE"] = strconv.Itoa(o.Pages), o.Remote, strconv.Itoa(o.Rate)
	log.Info().Str("status", status).Str("error", why).Int("pages", o.Pages).Str("remote", o.Remote).Int("rate", o.Rate).Str("into", o.File).Msg("exchange: fax")
}
