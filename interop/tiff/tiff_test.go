//go:build interop

// Package tiff lets libtiff's tools judge our fax files, and reads theirs.
package tiff

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/modemdrv/tiff"
)

// page draws text-like strokes, grey by chance, and rows of all lengths of runs.
func page(width, height, seed int) *t4.Bitmap {
	b := t4.NewBitmap(width, height)
	state := uint32(seed*2654435761 + 1)
	random := func(n int) int {
		state = state*1664525 + 1013904223
		return int(state>>8) % n
	}
	for y := range height {
		switch {
		case y%97 < 60: // strokes
			for x := 40 + (y/20*13)%40; x < width-60; x += 9 + (x*y/20)%23 {
				b.SetBlack(x, y)
				b.SetBlack(x+1+random(2), y)
			}
		case y%97 < 64: // noise
			for x := range width {
				if random(2) == 0 {
					b.SetBlack(x, y)
				}
			}
		case y%97 < 80: // one long run
			for x, n := random(width), random(width); n > 0; x, n = x+1, n-1 {
				b.SetBlack(x, y)
			}
		}
	}
	return b
}

var widths = []int{t4.WidthA4, t4.WidthB4, t4.WidthA3, 1733}

// run runs one of libtiff's tools. Its warnings are errors here.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil || bytes.Contains(bytes.ToLower(out), []byte("warning")) || bytes.Contains(out, []byte("error")) {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func TestMain(m *testing.M) {
	if _, err := exec.LookPath("tiffcp"); err != nil {
		fmt.Fprintln(os.Stderr, "libtiff's tools are not installed: apt-get install libtiff-tools")
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// libtiff decodes what we write: tiffcp makes uncompressed pages of them.
func TestTheyReadOurs(t *testing.T) {
	for _, coding := range []t4.Coding{t4.MH, t4.MR, t4.MMR} {
		for _, fill := range []tiff.FillOrder{tiff.MSBFirst, tiff.LSBFirst} {
			for _, align := range []uint32{0, tiff.OptionsAlignEOL} {
				t.Run(fmt.Sprintf("%v fill %d options %d", coding, fill, align), func(t *testing.T) {
					dir := t.TempDir()
					ours, plain := filepath.Join(dir, "ours.tif"), filepath.Join(dir, "plain.tif")
					w, err := tiff.Create(ours, 0o600)
					if err != nil {
						t.Fatal(err)
					}
					for i, width := range widths {
						p := tiff.Page{XRes: 204, YRes: 196, FillOrder: fill, Options: align, Number: i, Total: len(widths)}
						p.SetCoding(coding)
						if err := w.WriteBitmap(p, page(width, 500, i)); err != nil {
							t.Fatal(err)
						}
					}
					w.Close()
					run(t, "tiffcp", "-c", "none", ours, plain)
					checkSame(t, plain)
					run(t, "tiffdump", ours)
				})
			}
		}
	}
}

// checkSame compares the pages of a file with those drawn.
func checkSame(t *testing.T, name string) {
	t.Helper()
	r, err := tiff.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if len(r.Pages()) != len(widths) {
		t.Fatalf("%d pages, want %d", len(r.Pages()), len(widths))
	}
	for i, width := range widths {
		b, q, err := r.Decode(i)
		if err != nil || q.BadRows > 0 {
			t.Errorf("page %d: %v, %+v", i, err, q)
		} else if !bytes.Equal(b.Pix, page(width, 500, i).Pix) {
			t.Errorf("page %d: pels differ", i)
		}
	}
}

// We read what tiffcp writes, in every compression, byte order, fill order and
// division into strips.
func TestWeReadTheirs(t *testing.T) {
	dir := t.TempDir()
	ours := filepath.Join(dir, "ours.tif")
	w, err := tiff.Create(ours, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	for i, width := range widths {
		if err := w.WriteBitmap(tiff.Page{}, page(width, 500, i)); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	for _, c := range []string{"none", "packbits", "g3:1d", "g3:2d", "g3:1d:fill", "g3:2d:fill", "g4"} {
		for _, order := range []string{"-L", "-B"} {
			for _, fill := range []string{"msb2lsb", "lsb2msb"} {
				for _, strips := range []string{"9999", "37", "1"} {
					t.Run(strings.Join([]string{c, order, fill, strips}, " "), func(t *testing.T) {
						theirs := filepath.Join(t.TempDir(), "theirs.tif")
						run(t, "tiffcp", "-c", c, order, "-f", fill, "-r", strips, ours, theirs)
						checkSame(t, theirs)
					})
				}
			}
		}
	}
}

// Raw code as it comes from the line: fax2tiff reads ours bit by bit.
func TestFax2tiffReadsOurCode(t *testing.T) {
	for _, c := range []struct {
		coding t4.Coding
		flag   string
	}{{t4.MH, "-1"}, {t4.MR, "-2"}, {t4.MMR, "-4"}} {
		dir := t.TempDir()
		raw, out := filepath.Join(dir, "raw"), filepath.Join(dir, "out.tif")
		b := page(t4.WidthA4, 700, 5)
		code, err := t4.Encode(b, c.coding, t4.EncoderOptions{MinRowBits: t4.MinRowBits(9600, 10)})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(raw, code, 0o600); err != nil {
			t.Fatal(err)
		}
		args := []string{c.flag, "-M", "-X", "1728", "-o", out, raw}
		said, err := exec.Command("fax2tiff", args...).CombinedOutput()
		if err != nil {
			t.Fatalf("fax2tiff %v: %v\n%s", args, err, said)
		}
		r, err := tiff.Open(out)
		if err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
		defer r.Close()
		got, _, err := r.Decode(0)
		if err != nil || got.Height < 700 || !bytes.Equal(got.Pix[:len(b.Pix)], b.Pix) {
			t.Errorf("%v: fax2tiff makes other pels, %v (%d rows)\n%s", c.coding, err, got.Height, said)
		}
	}
}

// A received page shows its tags to tiffinfo as HylaFAX's do.
func TestTiffinfoShowsFaxTags(t *testing.T) {
	name := filepath.Join(t.TempDir(), "fax.tif")
	w, err := tiff.Create(name, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	p := tiff.Page{
		XRes: 204, YRes: 98, Description: "+49 30 1", Make: "Litoria", Model: "soft modem", HostComputer: "host",
		QualityKnown: true, BadRows: 2, MaxConsecutiveBad: 1, Clean: tiff.Regenerated,
		FaxRecvParams: tiff.RecvParams{BitRate: 5, Format: 3, ECM: true}.Encode(), FaxSubAddress: "77", FaxRecvTime: 12,
		FaxDCS: "00 46 28 00",
	}
	if err := w.WriteBitmap(p, page(t4.WidthA4, 100, 1)); err != nil {
		t.Fatal(err)
	}
	w.Close()
	out := run(t, "tiffinfo", name)
	for _, want := range []string{"ImageDescription: +49 30 1", "Make: Litoria", "Bad Fax Lines: 2", "Consecutive Bad Fax Lines: 1",
		"Fax Data: receiver regenerated", "FaxRecvParams: ", "FaxSubAddress: 77", "FaxRecvTime: 12", "FaxDcs: 00 46 28 00"} {
		if !strings.Contains(out, want) {
			t.Errorf("tiffinfo does not show %q:\n%s", want, out)
		}
	}
}
