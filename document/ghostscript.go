package document

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/modemdrv/tiff"
)

// afterKill is how long a converter may take to end after it was told to.
const afterKill = 5 * time.Second

// maxComplaint is how much of a converter's output goes into an error.
const maxComplaint = 200

// convertPostScript has Ghostscript, or GhostPCL for PCL, draw the pages.
func convertPostScript(ctx context.Context, src *source, out *output) error {
	program, hint := out.opts.Ghostscript, "install the package ghostscript"
	if src.kind == PCL {
		program, hint = out.opts.GhostPCL, "install GhostPCL (gpcl6), or print to PostScript or PDF"
	}
	path, err := exec.LookPath(program)
	if err != nil {
		return fmt.Errorf("%w: %v needs %s: %s", ErrNoConverter, src.kind, program, hint)
	}
	dir, err := os.MkdirTemp(filepath.Dir(out.opts.Output), "gs")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	made := filepath.Join(dir, "pages.tif")
	in, err := filepath.Abs(src.path)
	if err != nil {
		return err
	}
	var said complaint
	cmd := exec.CommandContext(ctx, path, out.ghostscriptArgs(made, in)...)
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.WaitDelay = afterKill
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("%w: %s says: %s", ErrDamaged, program, said.String())
	}
	return out.addDrawn(ctx, made)
}

// ghostscriptArgs are the same for both programs: fixed paper, no access to
// other files.
func (o *output) ghostscriptArgs(made, in string) []string {
	r := o.raster
	points := func(mm float64) string { return fmt.Sprintf("%.2f", mm/25.4*72) }
	return []string{
		"-q", "-dNOPAUSE", "-dBATCH", "-dSAFER", "-sDEVICE=tiffg4", "-dAdjustWidth=0", "-dMaxStripSize=0",
		fmt.Sprintf("-r%gx%g", r.res.X, r.res.Y),
		"-dDEVICEWIDTHPOINTS=" + points(r.size.Width), "-dDEVICEHEIGHTPOINTS=" + points(r.size.Height), "-dFIXEDMEDIA",
		"-sOutputFile=" + strings.ReplaceAll(made, "%", "%%"), "-f", in,
	}
}

// addDrawn adds the pages that a program drew, brought to the width of a row.
func (o *output) addDrawn(ctx context.Context, name string) error {
	r, err := tiff.Open(name)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, tiff.ErrNotTIFF) {
		return ErrNoPages
	}
	if err != nil {
		return tiffError(err)
	}
	defer r.Close()
	for i := range r.Pages() {
		if err := ctx.Err(); err != nil {
			return err
		}
		b, _, err := r.Decode(i)
		if err != nil {
			return tiffError(err)
		}
		if err := o.add(centre(b, o.raster.width, o.raster.height), o.raster.res); err != nil {
			return err
		}
	}
	return nil
}

// centre brings a page to a size without scaling: white is added on both sides
// or pels are cut off there; rows are added or cut off at the bottom.
func centre(b *t4.Bitmap, width, height int) *t4.Bitmap {
	if b.Width == width && b.Height == height {
		return b
	}
	out := t4.NewBitmap(width, height)
	shift := (width - b.Width) / 2
	for y := range min(height, b.Height) {
		shiftRow(out.Row(y), b.Row(y), shift, width)
	}
	return out
}

// shiftRow copies pels to a place shift further right, cutting at width.
func shiftRow(dst, src []byte, shift, width int) {
	for i, v := range src {
		for k := 0; v != 0; k, v = k+1, v<<1 {
			if x := i*8 + k + shift; v&0x80 != 0 && x >= 0 && x < width {
				dst[x>>3] |= 0x80 >> (x & 7)
			}
		}
	}
}

// complaint keeps the beginning of a program's output for an error text.
type complaint struct{ bytes.Buffer }

// Write takes everything and keeps the first part.
func (t *complaint) Write(p []byte) (int, error) {
	if room := maxComplaint - t.Len(); room > 0 {
		t.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

// String is the line that names the error, or the first one: what follows it
// in Ghostscript's output are its stacks, of no use to the person who asked.
func (t *complaint) String() string {
	said := "nothing"
	for line := range strings.Lines(strings.ToValidUTF8(t.Buffer.String(), "?")) {
		line = strings.Join(strings.Fields(line), " ")
		if strings.Contains(line, "rror: ") {
			return line
		}
		if said == "nothing" && line != "" {
			said = line
		}
	}
	return said
}
