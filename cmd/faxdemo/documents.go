package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-pdf/fpdf"

	"github.com/litoria-fax/litoria/document"
)

// sample is a document that the demo sends.
type sample struct {
	file string
	what string
}

// writeDocuments makes the three documents in dir: a text file, a PDF of three
// pages and, from a picture, a TIFF.
func writeDocuments(dir string) ([]sample, error) {
	letter := filepath.Join(dir, "letter.txt")
	if err := os.WriteFile(letter, []byte(letterText), 0o644); err != nil {
		return nil, err
	}
	report := filepath.Join(dir, "report.pdf")
	if err := writeReport(report); err != nil {
		return nil, err
	}
	picture := filepath.Join(dir, "picture.tif")
	if err := writePicture(picture); err != nil {
		return nil, err
	}
	return []sample{{letter, "a text file"}, {report, "a PDF of three pages"}, {picture, "a TIFF"}}, nil
}

const letterText = `
    St. Hyla Clinic                                    21 November
    1 Pond Street

    To:   Dr. Litoria
    Re:   Results of the laboratory

    Dear colleague,

    this page went through a soft modem, over IAX2, and back through
    another soft modem, 14400 bits in each second. If you can read it
    without a wrong dot, error correction did its work.

        Sodium        140 mmol/l     136 - 145
        Potassium     4.1 mmol/l     3.5 - 5.1
        Chloride      102 mmol/l      98 - 107

    With kind regards

    Naïve façade, Grüße, señor: letters beyond ASCII arrive as well.
`

// writeReport makes a PDF with text, a table and a drawing.
func writeReport(path string) error {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetCompression(true)
	for page := 1; page <= 3; page++ {
		pdf.AddPage()
		pdf.SetFont("Helvetica", "B", 20)
		pdf.Cell(0, 12, fmt.Sprintf("Quarterly report, page %d of 3", page))
		pdf.Ln(18)
		switch page {
		case 1:
			pdf.SetFont("Times", "", 13)
			pdf.MultiCell(0, 7, strings.Repeat("Faxes arrive or they do not, and the sender should know which. ", 12), "", "L", false)
		case 2:
			reportTable(pdf)
		case 3:
			reportDrawing(pdf)
		}
	}
	return pdf.OutputFileAndClose(path)
}

func reportTable(pdf *fpdf.Fpdf) {
	pdf.SetFont("Courier", "", 12)
	for row := range 16 {
		for col := range 4 {
			pdf.CellFormat(40, 8, fmt.Sprintf("%8d", (row*7919+col*104729)%99991), "1", 0, "R", false, 0, "")
		}
		pdf.Ln(8)
	}
}

func reportDrawing(pdf *fpdf.Fpdf) {
	pdf.SetLineWidth(0.4)
	for i := range 24 {
		a := float64(i) * math.Pi / 12
		pdf.Line(105, 150, 105+70*math.Cos(a), 150+70*math.Sin(a))
	}
	for r := 10.0; r <= 70; r += 15 {
		pdf.Circle(105, 150, r, "D")
	}
}

// writePicture makes a picture of rings, and from it a fax page: in black and
// white, since a page of grey takes minutes on the line.
func writePicture(path string) error {
	const side = 240
	img := image.NewGray(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			d := math.Hypot(float64(x-side/2), float64(y-side/2))
			img.SetGray(x, y, color.Gray{Y: uint8(127 + 120*math.Sin(d/9)*math.Exp(-d/90))})
		}
	}
	f, err := os.CreateTemp(filepath.Dir(path), "*.png")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := errors.Join(png.Encode(f, img), f.Close()); err != nil {
		return err
	}
	_, err = document.Prepare(context.Background(), f.Name(), document.Options{Output: path, Threshold: true})
	return errors.Join(err, os.Chmod(path, 0o644))
}
