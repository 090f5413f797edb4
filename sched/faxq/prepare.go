package faxq

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/litoria-fax/litoria/sched"
	"github.com/litoria-fax/litoria/spool"
)

// Preparer converts documents into pages.
type Preparer interface {
	// Convert writes the document as TIFF class F. The error is a
	// *ConvertError if the document is at fault.
	Convert(ctx context.Context, c Conversion) error
}

// Conversion is a document to be converted.
type Conversion struct {
	Op       spool.DocumentOp
	Source   string // relative to the spool
	Output   string // relative to the spool; does not exist
	Params   Params
	MaxPages int
}

// ConvertError says why a document cannot be sent.
type ConvertError struct {
	Why  sched.Why // WhyFormatFailed, WhyNoFormatter or WhyRejected
	Text string    // for the sender
}

// Error gives the text.
func (e *ConvertError) Error() string { return e.Text }

// prepare makes a job's documents ready, beside everything else.
func (s *Server) prepare(a sched.Prepare) {
	j := s.jobs[a.Job]
	if j == nil {
		return
	}
	ctx, cancel := context.WithCancel(s.ctx)
	j.stop = cancel
	p := preparation{
		s: s, ctx: ctx, id: a.Job, name: j.name, control: j.control, cfg: s.cfg,
		dest: s.destinationOf(j.dest), maxPages: s.queue.MaxPages(a.Job),
	}
	for _, l := range s.queue.Lines() {
		if l.ID == a.Line && l.Known {
			p.line = &l.Caps
		}
	}
	s.work(func() {
		defer cancel()
		r := p.run()
		if s.ctx.Err() != nil {
			return // the next faxq prepares it
		}
		s.tell(func() {
			j.stop = nil
			s.queue.Prepared(a.Job, r, s.now())
		})
	})
}

// preparation is the preparation of one job.
type preparation struct {
	s        *Server
	ctx      context.Context
	id       sched.ID
	name     string
	control  *jobControl
	cfg      *Config
	line     *sched.Capability
	dest     destination
	maxPages int
}

// run converts what is to be converted and writes the result into the job file
// document by document, so that nothing is done twice.
func (p *preparation) run() sched.Preparation {
	f, err := p.s.spool.ReadJob(p.name)
	if err != nil {
		return later(err)
	}
	params := p.s.chooseParams(f, p.control, p.line, p.dest)
	given := 0
	for _, d := range f.Documents {
		if d.Op != spool.OpFax {
			given++
		}
		if !convertible(d.Op) {
			continue
		}
		out := sourceBase(d.File) + ";" + params.encode()
		c := Conversion{Op: d.Op, Source: d.File, Output: out, Params: params, MaxPages: p.maxPages}
		if err := p.s.convert(p.ctx, c); err != nil {
			return p.failed(err, d.File, whichOf(given, f.Documents))
		}
		if err := p.update(func(f *spool.Job) error { return insertPrepared(f, d.File, out) }); err != nil {
			return later(err)
		}
	}
	if f.Cover != "" {
		p.makeCover(f, params)
	}
	return p.analyse()
}

// analyse looks at the pages and writes pagehandling and totpages.
func (p *preparation) analyse() sched.Preparation {
	var done sched.Preparation
	err := p.update(func(f *spool.Job) error {
		if f.PageHandling == "" && f.Find(spool.OpFax) >= 0 {
			if err := p.s.pageHandling(f, p.dest, p.maxPages, p.cfg); err != nil {
				return err
			}
		}
		done.TotPages = f.TotPages
		return nil
	})
	var bad *ConvertError
	if errors.As(err, &bad) {
		return sched.Preparation{Failed: bad.Why, Note: sched.Note{Code: 314, Text: "Document preparation failed: " + bad.Text}}
	}
	if err != nil {
		return later(err)
	}
	return done
}

// update changes the job file; only preparation does while the job is with it.
func (p *preparation) update(change func(*spool.Job) error) error {
	l, err := p.s.spool.LockJob(p.name)
	if l != nil {
		defer l.Unlock()
	}
	if err != nil {
		return err
	}
	if err := change(l.Job); err != nil {
		return err
	}
	return l.Save()
}

// whichOf names one of several documents by its place in the job.
func whichOf(n int, documents []spool.Document) string {
	all := 0
	for _, d := range documents {
		if d.Op != spool.OpFax && d.Op != spool.OpPoll {
			all++
		}
	}
	if all < 2 {
		return ""
	}
	return fmt.Sprintf(" (document %d of %d)", n, all)
}

// failed turns an error of a conversion into what the queue must know; which
// says of which document.
func (p *preparation) failed(err error, document, which string) sched.Preparation {
	p.s.log.Error().Str("job", string(p.id)).Str("document", document).Err(err).Msg("document cannot be converted")
	var bad *ConvertError
	if errors.As(err, &bad) {
		return sched.Preparation{Failed: bad.Why, Note: sched.Note{Code: 347, Text: bad.Text + which}}
	}
	if _, gone := os.Stat(p.s.spool.Path(document)); errors.Is(gone, fs.ErrNotExist) {
		return sched.Preparation{Failed: sched.WhyRejected, Note: sched.Note{Code: 326, Text: fmt.Sprintf("Can not access document file %q", document)}}
	}
	if p.ctx.Err() != nil {
		return sched.Preparation{Failed: sched.WhyFormatFailed, Note: sched.Note{Code: 347, Text: "Document preparation was stopped"}}
	}
	return later(err)
}

// later is a preparation that could not be tried: full disk, no processes.
func later(err error) sched.Preparation {
	if text := spool.DiskTrouble(err); text != "" { // first: listings show the first words
		text = strings.ToUpper(text[:1]) + text[1:] + ": the document is not prepared yet"
		return sched.Preparation{Later: true, Note: sched.Note{Code: 340, Text: text}}
	}
	return sched.Preparation{Later: true, Note: sched.Note{Code: 340, Text: fmt.Sprintf("Could not prepare job for transmission: %v", err)}}
}

// insertPrepared marks a source as prepared and puts the result behind it.
func insertPrepared(f *spool.Job, source, out string) error {
	for i, d := range f.Documents {
		if d.File != source || !convertible(d.Op) {
			continue
		}
		f.Documents[i].Op = d.Op.AsSaved()
		rest := append([]spool.Document{{Op: spool.OpFax, File: out}}, f.Documents[i+1:]...)
		f.Documents = append(f.Documents[:i+1], rest...)
		f.PageHandling = ""
		return nil
	}
	return fmt.Errorf("document %s is not in the job any more", source)
}

// sourceBase is the common name of a job's document: docq/doc1.ps of
// docq/doc1.ps.12.
func sourceBase(file string) string { return strings.TrimSuffix(file, filepath.Ext(file)) }

// imaging makes sure that the same pages are made once: a second job that
// needs them waits for the first.
var imaging sync.Map // output -> *sync.Mutex

// convert makes the prepared form of a document unless it is there. It appears
// under its name complete or not at all.
func (s *Server) convert(ctx context.Context, c Conversion) error {
	m, _ := imaging.LoadOrStore(s.spool.Path(c.Output), &sync.Mutex{})
	m.(*sync.Mutex).Lock()
	defer m.(*sync.Mutex).Unlock()
	if info, err := os.Stat(s.spool.Path(c.Output)); err == nil && info.Size() > 0 {
		if err := checkPages(s.spool.Path(c.Output)); err == nil {
			return nil
		}
	}
	final := c.Output
	c.Output = spool.Tmp + "/" + filepath.Base(final) + ".tmp"
	os.Remove(s.spool.Path(c.Output))
	defer os.Remove(s.spool.Path(c.Output))
	ctx, cancel := context.WithTimeout(ctx, s.live.Load().PostScriptTimeout)
	defer cancel()
	start := time.Now()
	if err := s.preparer.Convert(ctx, c); err != nil {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return &ConvertError{sched.WhyFormatFailed, fmt.Sprintf("%v\n[Job time limit exceeded]", err)}
		}
		return err
	}
	if err := checkPages(s.spool.Path(c.Output)); err != nil {
		return &ConvertError{sched.WhyFormatFailed, fmt.Sprintf("Converted document is not valid TIFF: %v", err)}
	}
	s.log.Info().Str("document", c.Source).Str("pages", final).Dur("took", time.Since(start)).Msg("document converted")
	if err := syncFile(s.spool.Path(c.Output)); err != nil {
		return err
	}
	return os.Rename(s.spool.Path(c.Output), s.spool.Path(final))
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// makeCover makes a continuation cover page and puts it before the other
// documents (ContCoverCmd). If that fails the job goes without.
func (p *preparation) makeCover(f *spool.Job, params Params) {
	cover := f.Cover
	out := strings.TrimSuffix(cover, ".ps") + ".ps;" + params.encode()
	err := p.s.run(p.cfg.PostScriptTimeout, p.cfg.ContCoverCmd, p.name, p.cfg.ContCoverPage, cover)
	if err == nil {
		err = p.s.convert(p.ctx, Conversion{Op: spool.OpPostScript, Source: cover, Output: out, Params: params, MaxPages: 1})
	}
	p.s.removeDoc(cover)
	if err != nil {
		p.s.log.Error().Str("job", string(p.id)).Err(err).Msg("no continuation cover page")
	}
	if err := p.update(func(f *spool.Job) error {
		f.Cover = ""
		if err == nil {
			f.Cover = out
			f.Documents = append([]spool.Document{{Op: spool.OpFax, File: out}}, f.Documents...)
			f.PageHandling = ""
		}
		return nil
	}); err != nil {
		p.s.warn(err)
	}
}

// unprepare throws the prepared documents of a job away.
func (s *Server) unprepare(id sched.ID) {
	err := s.change(id, func(f *spool.Job) {
		kept := f.Documents[:0:0]
		for _, d := range f.Documents {
			if d.Op == spool.OpFax && len(kept) > 0 && kept[len(kept)-1].Op.Saved() {
				s.unref(d.File)
				kept[len(kept)-1].Op = kept[len(kept)-1].Op.AsUnsaved()
				continue
			}
			kept = append(kept, d)
		}
		f.Documents, f.PageHandling = kept, ""
	})
	if err != nil {
		s.jobFault(id, err)
	}
}

// scripts is the Preparer of a HylaFAX installation: PS2FaxCmd and its kin.
type scripts struct{ s *Server }

// Exit statuses of the conversion scripts (ps2fax(8)).
const (
	exitRejected    = 254
	exitNoFormatter = 255
)

// command is the script for a kind of document, as the configuration has it.
func (p *scripts) command(op spool.DocumentOp) string {
	cfg := p.s.live.Load()
	return map[spool.DocumentOp]string{
		spool.OpPostScript: cfg.PS2FaxCmd, spool.OpPDF: cfg.PDF2FaxCmd, spool.OpPCL: cfg.PCL2FaxCmd, spool.OpTIFF: cfg.TIFF2FaxCmd,
	}[op]
}

// Convert runs the script for the kind of document.
func (p *scripts) Convert(ctx context.Context, c Conversion) error {
	command := p.command(c.Op)
	if command == "" {
		return &ConvertError{sched.WhyNoFormatter, fmt.Sprintf("There is no converter for documents of the kind %q", c.Op)}
	}
	cmd := p.s.command(ctx, command, scriptArgs(c)...)
	out, err := cmd.CombinedOutput()
	text := printable(out)
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission):
		return &ConvertError{sched.WhyNoFormatter, fmt.Sprintf("The converter %s cannot be run: %v", command, err)}
	case errors.As(err, &exit) && exit.ExitCode() == exitRejected:
		return &ConvertError{sched.WhyRejected, text}
	case errors.As(err, &exit) && exit.ExitCode() == exitNoFormatter:
		return &ConvertError{sched.WhyNoFormatter, text}
	case errors.As(err, &exit):
		return &ConvertError{sched.WhyFormatFailed, strings.TrimSpace(text + "\n" + err.Error())}
	}
	return err
}

// scriptArgs are the arguments of a conversion script (ps2fax(8)).
func scriptArgs(c Conversion) []string {
	args := []string{
		"-o", c.Output, "-r", strconv.Itoa(c.Params.VRes), "-w", strconv.Itoa(c.Params.Pixels()),
		"-l", strconv.Itoa(c.Params.Millimetres()), "-m", strconv.Itoa(c.MaxPages),
	}
	if c.Params.Length == lengthUnlimited {
		args = append(args, "-U")
	}
	return append(args, map[int]string{formatMH: "-1", formatMR: "-2", formatMMR: "-3"}[c.Params.Format], c.Source)
}

// printable replaces what cannot be printed: a program's output goes into the
// status and the notice.
func printable(out []byte) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r >= ' ' && r != 0x7f && r != '\uFFFD' {
			return r
		}
		return '?'
	}, strings.TrimSpace(string(out)))
}
