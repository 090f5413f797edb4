//go:build interop

package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/litoria-fax/litoria/interop/spandsp"
	"github.com/litoria-fax/litoria/modemdrv"
	"github.com/litoria-fax/litoria/modemdrv/linesim"
	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/study"
	"github.com/litoria-fax/litoria/modemdrv/t30"
)

// result is how long the calls of a row were, in seconds.
type result struct {
	row
	bits           float64 // of the code that ours sent
	octets         int64
	ours, to, from float64 // ours to ours, ours to spandsp, spandsp to ours
	pages          int
	phases         phases // of ours to ours
}

// line is clean, with u-law and 40 ms of delay each way.
func line() linesim.Parameters {
	p := linesim.Defaults()
	p.ULaw = true
	return p
}

// callLimit ends a call that does not end, samples.
const callLimit = 15 * 60 * modem.SampleRate

func seconds(samples int) float64 { return float64(samples) / modem.SampleRate }

func (r row) config() modemdrv.Config {
	var c modemdrv.Config
	c.ID, c.NoECM = "1000", !r.ecm
	if r.rate != v17 {
		c.MaxRate = r.rate.BitRate
	}
	c.Capabilities.MaxLength = t30.Unlimited
	return c
}

func (r row) settings(more string) []string {
	s := []string{more, "ident=1001", "modems=" + map[modem.Rate]string{v17: "297", v29: "29", v27ter: "2"}[r.rate]}
	if r.ecm {
		return append(s, "ecm=1", "code=mmr")
	}
	return append(s, "ecm=0", "code=mr")
}

func (r row) caller(d *faxDocument) (*modemdrv.Session, error) {
	c := r.config()
	c.Document = modemdrv.NewDocument(d)
	return modemdrv.NewCaller(c)
}

func (r row) answerer(in *tray) (*modemdrv.Session, error) {
	c := r.config()
	c.Pages = modemdrv.NewPages(in)
	return modemdrv.NewAnswerer(c)
}

// measure makes the three calls of a row.
func (r row) measure(d *faxDocument, dir string) (result, error) {
	res := result{row: r, pages: len(d.pages)}
	var p t30.Parameters
	var err error
	if res.ours, p, res.phases, err = r.between(d); err != nil {
		return res, fmt.Errorf("ours to ours: %w", err)
	}
	if res.octets, err = d.size(p); err != nil {
		return res, err
	}
	res.bits = float64(res.octets) * 8 / float64(r.rate.BitRate)
	if res.to, err = r.toSpandsp(d, filepath.Join(dir, "received.tif")); err != nil {
		return res, fmt.Errorf("ours to spandsp: %w", err)
	}
	if res.from, err = r.fromSpandsp(d); err != nil {
		return res, fmt.Errorf("spandsp to ours: %w", err)
	}
	return res, nil
}

// between makes the call between two of ours.
func (r row) between(d *faxDocument) (float64, t30.Parameters, phases, error) {
	in := &tray{}
	a, b, result, n, err := r.taped(d, in)
	p := result.Parameters
	if err != nil {
		return 0, p, phases{}, err
	}
	if p.Rate != r.rate || p.ECM() != r.ecm {
		return 0, p, phases{}, fmt.Errorf("sent with %v", p)
	}
	if len(a.mcf) == 0 {
		return 0, p, phases{}, errors.New("nothing was confirmed")
	}
	times := r.phases(a, b)
	var bits int
	if bits, times.frames, err = sentBits(d, p); err != nil {
		return 0, p, times, err
	}
	times.sent = float64(bits) / float64(r.rate.BitRate)
	return seconds(n), p, times, same(d.pages, in.pages)
}

func (r row) toSpandsp(d *faxDocument, file string) (float64, error) {
	a, err := r.caller(d)
	if err != nil {
		return 0, err
	}
	peer, err := spandsp.StartFax("answer", r.settings("receive="+file)...)
	if err != nil {
		return 0, err
	}
	n, err := study.Call(study.Session{Session: a, Told: true}, peer, line(), line(), callLimit)
	if _, hangup := peer.Hangup(); err == nil {
		err = hangup
	}
	if err != nil {
		return 0, err
	}
	pages, err := read(file)
	if err != nil {
		return 0, err
	}
	return seconds(n), same(d.pages, pages)
}

func (r row) fromSpandsp(d *faxDocument) (float64, error) {
	in := &tray{}
	b, err := r.answerer(in)
	if err != nil {
		return 0, err
	}
	peer, err := spandsp.StartFax("caller", r.settings("send="+d.file)...)
	if err != nil {
		return 0, err
	}
	n, err := study.Call(peer, study.Session{Session: b, Told: true}, line(), line(), callLimit)
	if _, hangup := peer.Hangup(); err == nil {
		err = hangup
	}
	if err != nil {
		return 0, err
	}
	return seconds(n), same(d.pages, in.pages)
}
