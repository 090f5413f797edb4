package tiff

import (
	"fmt"

	"github.com/litoria-fax/litoria/modemdrv/t4"
)

// stripDecoder turns the strips of a page into rows.
type stripDecoder struct {
	page    *Page
	rows    func(row []byte)
	row     []byte
	quality t4.Quality
	badRun  int
}

// strip decodes one strip. Each is coded for itself.
func (d *stripDecoder) strip(data []byte) error {
	if d.page.FillOrder == LSBFirst {
		t4.ReverseBits(data)
	}
	limit := MaxRows - d.quality.Rows
	if d.page.Height > 0 {
		limit = min(limit, d.page.Height-d.quality.Rows)
	}
	limit = min(limit, d.page.rowsPerStrip, MaxPels/d.page.Width)
	if limit <= 0 {
		return nil
	}
	switch d.page.Compression {
	case Uncompressed:
		d.uncompressed(data, limit)
	case PackBits:
		return d.packBits(data, limit)
	default:
		return d.coded(data, limit)
	}
	return nil
}

// emit hands out a row.
func (d *stripDecoder) emit(row []byte, ok bool) {
	d.quality.Rows++
	d.badRun++
	if ok {
		d.badRun = 0
	} else {
		d.quality.BadRows++
	}
	d.quality.MaxConsecutiveBad = max(d.quality.MaxConsecutiveBad, d.badRun)
	copy(d.row, row)
	if d.page.BlackIsZero {
		for i := range d.row {
			d.row[i] ^= 0xff
		}
	}
	if r := d.page.Width % 8; r != 0 {
		d.row[len(d.row)-1] &= 0xff << (8 - r)
	}
	d.rows(d.row)
}

// uncompressed takes rows as they are.
func (d *stripDecoder) uncompressed(data []byte, limit int) {
	s := len(d.row)
	for ; limit > 0 && len(data) >= s; limit-- {
		d.emit(data[:s], true)
		data = data[s:]
	}
}

// coded decodes MH, MR or MMR.
func (d *stripDecoder) coded(data []byte, limit int) error {
	coding, _ := d.page.Coding()
	emit := d.emit
	if coding == t4.MMR {
		emit = func(row []byte, ok bool) {
			if ok { // the row at which the code breaks is made up
				d.emit(row, ok)
			}
		}
	}
	dec, err := t4.NewDecoder(coding, d.page.Width, emit)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	dec.Configure(t4.DecoderOptions{NoEOL: d.page.Compression == MHNoEOL, BareStart: true, MaxRows: limit})
	dec.Write(data)
	dec.Close()
	if dec.Lost() {
		return fmt.Errorf("%w: its %v code breaks off after %d rows", ErrDamaged, coding, d.quality.Rows)
	}
	return nil
}

// packBits decodes PackBits, TIFF 6.0 section 9. Rows are packed one by one,
// but packers that run over the ends of rows are understood, too.
func (d *stripDecoder) packBits(data []byte, limit int) error {
	row := make([]byte, 0, len(d.row)+128)
	for limit > 0 && len(data) > 1 {
		n := int(int8(data[0]))
		data = data[1:]
		switch {
		case n >= 0:
			if len(data) < n+1 {
				return fmt.Errorf("%w: its PackBits data break off", ErrDamaged)
			}
			row = append(row, data[:n+1]...)
			data = data[n+1:]
		case n != -128:
			for range 1 - n {
				row = append(row, data[0])
			}
			data = data[1:]
		}
		for ; len(row) >= len(d.row) && limit > 0; limit-- {
			d.emit(row[:len(d.row)], true)
			row = append(row[:0], row[len(d.row):]...)
		}
	}
	return nil
}
