package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/litoria-fax/litoria/iax/exchange"
	"github.com/litoria-fax/litoria/modemdrv"
	"github.com/litoria-fax/litoria/modemdrv/t30"
	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/modemdrv/tiff"
)

// machines makes the exchange's own fax machines of our soft modems.
type machines struct{}

// machine is one in a call.
type machine struct {
	*modemdrv.Session
	file   string
	remote string
	closer func() error
}

// serial tells files of one second apart.
var serial atomic.Int64

// Receive implements exchange.FaxMachines. The file is made with the first page.
func (machines) Receive(path, id string) (exchange.FaxMachine, error) {
	if path == "" {
		return nil, errors.New("ReceiveFAX needs a file or a directory")
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, fmt.Sprintf("fax-%s-%d.tif", time.Now().Format("20060102-150405"), serial.Add(1)))
	}
	t := &tray{path: path}
	cfg := modemdrv.Config{}
	cfg.ID, cfg.Pages = id, modemdrv.NewPages(t)
	return answer(&machine{file: path, closer: t.close}, cfg)
}

// Send implements exchange.FaxMachines.
func (machines) Send(path, id string) (exchange.FaxMachine, error) {
	r, err := tiff.Open(path)
	if err != nil {
		return nil, err
	}
	cfg := modemdrv.Config{}
	cfg.ID, cfg.Document = id, modemdrv.NewDocument(pages{r})
	m, err := answer(&machine{file: path, closer: r.Close}, cfg)
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return m, nil
}

func answer(m *machine, cfg modemdrv.Config) (exchange.FaxMachine, error) {
	cfg.Observer = modemdrv.ObserverFunc(func(_ t30.Samples, n t30.News) {
		if n, ok := n.(t30.RemoteNews); ok && n.Remote.ID != "" {
			m.remote = n.Remote.ID
		}
	})
	var err error
	m.Session, err = modemdrv.NewAnswerer(cfg)
	return m, err
}

// End implements exchange.FaxMachine.
func (m *machine) End() exchange.FaxOutcome {
	if !m.Done() {
		m.LineDown()
	}
	r := m.Result()
	o := exchange.FaxOutcome{Pages: r.Sent + r.Received, Remote: m.remote, Rate: r.Parameters.Rate.BitRate, File: m.file}
	if r.Outcome != t30.Done {
		o.Err = fmt.Errorf("%v (%s)", r.Outcome, r.Reason)
	}
	o.Err = errors.Join(o.Err, m.closer())
	return o
}

// pages are those of a TIFF file (modemdrv.PageSource).
type pages struct{ r *tiff.Reader }

// Page implements modemdrv.PageSource.
func (p pages) Page(n int) (t30.PageInfo, bool) {
	all := p.r.Pages()
	if n >= len(all) {
		return t30.PageInfo{}, false
	}
	info := t30.PageInfo{Resolution: t30.Standard, Width: t30.Width215, Length: t30.Unlimited}
	switch y := all[n].YRes; {
	case y > 350:
		info.Resolution = t30.Superfine
	case y > 150:
		info.Resolution = t30.Fine
	}
	for info.Width < t30.Width303 && all[n].Width > info.Width.Dots(info.Resolution) {
		info.Width++
	}
	return info, true
}

// Bitmap implements modemdrv.PageSource.
func (p pages) Bitmap(n int) (*t4.Bitmap, error) {
	b, _, err := p.r.Decode(n)
	return b, err
}

// tray writes received pages into a TIFF file.
type tray struct {
	path string
	f    *os.File
	out  *tiff.Writer
	n    int
}

// Store implements modemdrv.PageStore.
func (t *tray) Store(p modemdrv.ReceivedPage) (err error) {
	if t.f == nil {
		if t.f, err = os.OpenFile(t.path, os.O_CREATE|os.O_RDWR|os.O_TRUNC, 0o600); err != nil {
			return err
		}
		if t.out, err = tiff.NewWriter(t.f); err != nil {
			return err
		}
	}
	x, y := p.Parameters.Resolution.DPI(p.Parameters.Inch)
	page := tiff.Page{XRes: float64(x), YRes: float64(y), Number: t.n}
	page.SetCoding(t4.MMR)
	t.n++
	return t.out.WriteBitmap(page, p.Bitmap)
}

func (t *tray) close() error {
	if t.f == nil {
		return nil
	}
	return t.f.Close()
}
