package t4_test

import (
	"fmt"

	"github.com/litoria-fax/litoria/modemdrv/t4"
)

// A page goes over the line in MH: rows are coded with fill for a receiver
// that needs 10 ms for each, and decoded as the octets arrive.
func Example() {
	page := t4.NewBitmap(t4.WidthA4, 3)
	page.SetBlack(100, 1)
	enc, err := t4.NewEncoder(t4.MH, page.Width, t4.EncoderOptions{MinRowBits: t4.MinRowBits(14400, 10)})
	if err != nil {
		fmt.Println(err)
		return
	}
	y := 0
	dec, err := t4.NewDecoder(t4.MH, page.Width, func(row []byte, ok bool) {
		fmt.Println("row", y, "good:", ok, "octet 12:", row[12])
		y++
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	var line []byte
	for y := range page.Height {
		line = enc.AppendRow(line[:0], page.Row(y))
		dec.Write(line)
	}
	dec.Write(enc.AppendEnd(line[:0]))
	dec.Close()
	fmt.Printf("%+v, ended: %t\n", dec.Quality(), dec.Ended())
	// Output:
	// row 0 good: true octet 12: 0
	// row 1 good: true octet 12: 8
	// row 2 good: true octet 12: 0
	// {Rows:3 BadRows:0 MaxConsecutiveBad:0}, ended: true
}
