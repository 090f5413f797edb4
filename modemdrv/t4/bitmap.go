package t4

// Bitmap is a page of black and white pels.
type Bitmap struct {
	Width, Height int
	Pix           []byte // rows of Stride octets, leftmost pel most significant, 1 is black
}

// NewBitmap makes a white page.
func NewBitmap(width, height int) *Bitmap {
	return &Bitmap{Width: width, Height: height, Pix: make([]byte, (width+7)/8*height)}
}

// Stride is the number of octets of a row.
func (b *Bitmap) Stride() int { return (b.Width + 7) / 8 }

// Row is row y; changes to it change the page.
func (b *Bitmap) Row(y int) []byte {
	s := b.Stride()
	return b.Pix[y*s : (y+1)*s : (y+1)*s]
}

// AppendRow adds a row at the bottom. Its pels are copied; what is missing of
// a short row is white.
func (b *Bitmap) AppendRow(row []byte) {
	s := b.Stride()
	n := len(b.Pix)
	b.Pix = append(b.Pix, row[:min(s, len(row))]...)
	for len(b.Pix) < n+s {
		b.Pix = append(b.Pix, 0)
	}
	b.Height++
}

// Black tells whether the pel in column x of row y is black; pels outside the
// page are white.
func (b *Bitmap) Black(x, y int) bool {
	if x < 0 || y < 0 || x >= b.Width || y >= b.Height {
		return false
	}
	return b.Pix[y*b.Stride()+x>>3]&(0x80>>(x&7)) != 0
}

// SetBlack blackens a pel; pels outside the page are ignored.
func (b *Bitmap) SetBlack(x, y int) {
	if x < 0 || y < 0 || x >= b.Width || y >= b.Height {
		return
	}
	b.Pix[y*b.Stride()+x>>3] |= 0x80 >> (x & 7)
}

// Encode codes a whole page, end of page included.
func Encode(b *Bitmap, coding Coding, opts EncoderOptions) ([]byte, error) {
	e, err := NewEncoder(coding, b.Width, opts)
	if err != nil {
		return nil, err
	}
	var dst []byte
	for y := range b.Height {
		dst = e.AppendRow(dst, b.Row(y))
	}
	return e.AppendEnd(dst), nil
}

// Decode decodes a whole page, damaged rows concealed.
func Decode(data []byte, coding Coding, width int) (*Bitmap, Quality, error) {
	b := &Bitmap{Width: width}
	d, err := NewDecoder(coding, width, func(row []byte, _ bool) { b.AppendRow(row) })
	if err != nil {
		return nil, Quality{}, err
	}
	d.Write(data)
	d.Close()
	return b, d.Quality(), nil
}
