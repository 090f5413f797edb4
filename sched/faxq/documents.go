package faxq

import (
	"context"
	"errors"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/litoria-fax/litoria/document"
	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/sched"
	"github.com/litoria-fax/litoria/spool"
)

// documents is the Preparer that converts within this process, by package
// document. Where a site has put a script of its own (PS2FaxCmd and its kin)
// into the spool, that is run instead.
type documents struct{ scripts }

// Convert implements Preparer.
func (d *documents) Convert(ctx context.Context, c Conversion) error {
	if d.hasScript(c.Op) {
		return d.scripts.Convert(ctx, c)
	}
	opts := document.Options{
		Output: d.s.spool.Path(c.Output), Exact: true, Recode: true, MaxPages: c.MaxPages, Software: "Litoria",
		Res:    document.ResolutionFor(float64(c.Params.VRes)),
		Size:   document.PageSizeFor([...]int{pixelsA4, pixelsB4, pixelsA3}[c.Params.Width%3], float64(max(0, c.Params.Millimetres()))),
		Coding: map[int]t4.Coding{formatMH: t4.MH, formatMR: t4.MR, formatMMR: t4.MMR}[c.Params.Format],
	}
	_, err := document.Prepare(ctx, d.s.spool.Path(c.Source), opts)
	switch {
	case err == nil || ctx.Err() != nil:
		return err
	case errors.Is(err, document.ErrNoConverter):
		return &ConvertError{sched.WhyNoFormatter, reason(err)}
	case errors.Is(err, document.ErrEmpty), errors.Is(err, document.ErrNotDocument), errors.Is(err, document.ErrDamaged),
		errors.Is(err, document.ErrEncrypted), errors.Is(err, document.ErrNoPages), errors.Is(err, document.ErrUnsupported), errors.Is(err, document.ErrTooLarge):
		return &ConvertError{sched.WhyRejected, reason(err)}
	case errors.Is(err, document.ErrTimeout):
		return &ConvertError{sched.WhyFormatFailed, reason(err)}
	}
	return err
}

// reason is a sentence for the sender, who does not know the document by its
// name here. It begins with what matters: listings show its first words.
func reason(err error) string {
	text := err.Error()
	var wrong *document.Error
	if errors.As(err, &wrong) {
		text = wrong.Err.Error()
	}
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

func (d *documents) hasScript(op spool.DocumentOp) bool {
	program, _, _ := strings.Cut(d.command(op), " ")
	if program == "" {
		return false
	}
	info, err := os.Stat(d.s.spool.Path(program))
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}
