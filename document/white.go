package document

import (
	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/modemdrv/tiff"
)

// WhiteEnd finds the white rows at the end of page i (from 0) of a fax file,
// those of the first margin rows left out: how many there are, and how many
// octets at the end of the page's code hold nothing but them, the first one of
// them excepted. That is what HylaFAX writes as ZXXXX into pagehandling
// (sendq(5)) for a page that may be sent short. Both are 0 where the page is not
// one strip of undamaged MH, MR or MMR: several strips cannot be cut at the end
// of the last one alone.
func WhiteEnd(r *tiff.Reader, i, margin int) (rows, octets int) {
	data, coding, ok, err := r.Code(i)
	if err != nil || !ok {
		return 0, 0
	}
	page := r.Pages()[i]
	seen, begun, bad := 0, false, false
	d, err := t4.NewDecoder(coding, page.Width, func(row []byte, good bool) {
		bad = bad || !good
		if seen++; seen <= margin {
			return
		}
		if !isWhite(row) {
			rows = 0
			return
		}
		rows++
		begun = begun || rows == 1
	})
	if err != nil {
		return 0, 0
	}
	d.Configure(t4.DecoderOptions{BareStart: true, MaxRows: page.Height})
	cut := 0
	for n := range data { // octet by octet: rows come as soon as they are whole
		if _, err := d.Write(data[n : n+1]); err != nil {
			return 0, 0
		}
		if begun {
			cut, begun = n+1, false // where the first white row ends
		}
	}
	if d.Close() != nil || bad || rows == 0 {
		return 0, 0
	}
	return rows, len(data) - cut
}
