package tiff

import (
	"math"
	"slices"
)

// directoryWriter collects the tags of a page.
type directoryWriter struct {
	order   byteOrderer
	base    int64 // where the bytes will stand in the file
	values  []byte
	entries []entry
}

// page collects everything that HylaFAX writes for a fax page.
func (d *directoryWriter) page(p *Page, at, size int64, fill FillOrder) {
	d.long(tagNewSubfileType, 2) // one page of several
	d.long(tagImageWidth, uint32(p.Width))
	d.long(tagImageLength, uint32(p.Height))
	d.short(tagBitsPerSample, 1)
	d.short(tagCompression, uint16(p.Compression))
	d.short(tagPhotometric, 0) // white is zero
	d.short(tagFillOrder, uint16(max(fill, MSBFirst)))
	d.long(tagStripOffsets, uint32(at))
	d.short(tagOrientation, 1)
	d.short(tagSamplesPerPixel, 1)
	d.long(tagRowsPerStrip, uint32(p.Height))
	d.long(tagStripByteCounts, uint32(size))
	d.rational(tagXResolution, orDefault(p.XRes, defaultXRes))
	d.rational(tagYResolution, orDefault(p.YRes, defaultYRes))
	d.short(tagPlanarConfig, 1)
	d.short(tagResolutionUnit, 2) // inch
	switch p.Compression {
	case Group3:
		d.long(tagT4Options, p.Options)
	case Group4:
		d.long(tagT6Options, 0)
	case Uncompressed, MHNoEOL, PackBits:
	}
	if p.Number > 0 || p.Total > 0 {
		d.add(tagPageNumber, typeShort, 2, d.order.AppendUint16(d.order.AppendUint16(nil, uint16(p.Number)), uint16(p.Total)))
	}
	d.origin(p)
	if p.QualityKnown {
		d.long(tagBadFaxLines, uint32(p.BadRows))
		d.short(tagCleanFaxData, uint16(p.Clean))
		d.long(tagConsecutiveBadLines, uint32(p.MaxConsecutiveBad))
	}
}

// origin collects where a page came from.
func (d *directoryWriter) origin(p *Page) {
	d.text(tagImageDescription, p.Description)
	d.text(tagMake, p.Make)
	d.text(tagModel, p.Model)
	d.text(tagSoftware, p.Software)
	if !p.DateTime.IsZero() {
		d.text(tagDateTime, p.DateTime.Format(timeLayout))
	}
	d.text(tagArtist, p.Artist)
	d.text(tagHostComputer, p.HostComputer)
	if p.FaxRecvParams != 0 {
		d.long(tagFaxRecvParams, p.FaxRecvParams)
	}
	d.text(tagFaxSubAddress, p.FaxSubAddress)
	if p.FaxRecvTime != 0 {
		d.long(tagFaxRecvTime, uint32(p.FaxRecvTime))
	}
	d.text(tagFaxDCS, p.FaxDCS)
}

// orDefault replaces a resolution that makes no sense.
func orDefault(v, missing float64) float64 {
	if v > 0 && v < 1e5 {
		return v
	}
	return missing
}

// add adds a tag; values of more than four octets go before the directory.
func (d *directoryWriter) add(tag, kind uint16, count int, value []byte) {
	e := entry{tag: tag, kind: kind, count: int64(count)}
	if len(value) <= 4 {
		copy(e.value[:], value)
	} else {
		d.order.PutUint32(e.value[:], uint32(d.base+int64(len(d.values))))
		d.values = append(d.values, value...)
		if len(d.values)%2 == 1 {
			d.values = append(d.values, 0)
		}
	}
	d.entries = append(d.entries, e)
}

func (d *directoryWriter) short(tag, v uint16) {
	d.add(tag, typeShort, 1, d.order.AppendUint16(nil, v))
}

func (d *directoryWriter) long(tag uint16, v uint32) {
	d.add(tag, typeLong, 1, d.order.AppendUint32(nil, v))
}

// rational writes whole resolutions as n/1, others with two decimals.
func (d *directoryWriter) rational(tag uint16, v float64) {
	n, by := math.Round(v), uint32(1)
	if math.Abs(v-n) > 0.001 {
		n, by = math.Round(v*100), 100
	}
	d.add(tag, typeRational, 1, d.order.AppendUint32(d.order.AppendUint32(nil, uint32(n)), by))
}

// text writes a text, NUL included; an empty one is left out.
func (d *directoryWriter) text(tag uint16, s string) {
	if s == "" {
		return
	}
	s = s[:min(len(s), MaxText-1)]
	d.add(tag, typeASCII, len(s)+1, append([]byte(s), 0))
}

// bytes gives values and directory as they go into the file, where the
// directory then begins, and where its pointer to the next one is.
func (d *directoryWriter) bytes() (raw []byte, at, next int64) {
	slices.SortFunc(d.entries, func(a, b entry) int { return int(a.tag) - int(b.tag) })
	raw = d.values
	at = d.base + int64(len(raw))
	raw = d.order.AppendUint16(raw, uint16(len(d.entries)))
	for _, e := range d.entries {
		raw = d.order.AppendUint16(raw, e.tag)
		raw = d.order.AppendUint16(raw, e.kind)
		raw = d.order.AppendUint32(raw, uint32(e.count))
		raw = append(raw, e.value[:]...)
	}
	next = d.base + int64(len(raw))
	return d.order.AppendUint32(raw, 0), at, next
}
