package command

import (
	"bytes"
	"errors"
	"strconv"
)

var errDamagedPDF = &Unfit{errors.New("the PDF file is damaged or cut off: it has no end")}

// Limits of the look at a PDF; of this implementation.
const (
	pdfTail     = 2048 // how far before the end of the file its last words may stand (some programs append)
	pdfHead     = 1024 // how far behind the beginning its first may stand (PDF 1.7, implementation note 13)
	pdfTables   = 64   // tables, one for each change that was appended
	pdfObjects  = 1 << 20
	pdfTrailer  = 4096 // octets of a trailer
	pdfXrefLine = 20   // octets of an entry (PDF 1.7, 7.5.4)
)

// verifyPDF looks for the words that end a PDF file, and tells whether all else is where the file says
// that it is. A file that is not sound may be mended by those who draw it; they must be asked.
func verifyPDF(data []byte) (sound bool, err error) {
	tail := data[max(0, len(data)-pdfTail):]
	if !bytes.Contains(tail, []byte("%%EOF")) {
		return false, errDamagedPDF
	}
	begin := bytes.Index(data[:min(len(data), pdfHead)], []byte("%PDF-"))
	last := bytes.LastIndex(tail, []byte("startxref"))
	if begin < 0 || last < 0 {
		return false, nil
	}
	at, _, ok := pdfNumber(tail[last+len("startxref"):])
	return ok && (soundTables(data[begin:], at) || begin > 0 && soundTables(data, at)), nil
}

// soundTables follows the tables of objects from the last one to the first (PDF 1.7, 7.5.4).
func soundTables(data []byte, at int) bool {
	seen := map[int]bool{}
	for range pdfTables {
		if at < 0 || at >= len(data) || seen[at] {
			return false
		}
		seen[at] = true
		rest := bytes.TrimLeft(data[at:], pdfSpace)
		table, ok := bytes.CutPrefix(rest, []byte("xref"))
		if !ok { // a table that is a stream (7.5.8): what is in it is not looked at
			return isPDFObject(rest, -1) && !bytes.Contains(rest[:min(len(rest), pdfTrailer)], []byte("/Encrypt"))
		}
		trailer, ok := soundTable(data, table)
		if !ok || bytes.Contains(trailer, []byte("/Encrypt")) || !bytes.Contains(trailer, []byte("/Root")) {
			return false
		}
		_, previous, more := bytes.Cut(trailer, []byte("/Prev"))
		if !more {
			return true
		}
		if at, _, ok = pdfNumber(previous); !ok {
			return false
		}
	}
	return false
}

// soundTable checks that the objects of a table are where it says, and returns the trailer behind it.
func soundTable(data, table []byte) (trailer []byte, ok bool) {
	for objects := 0; ; {
		if after, ok := bytes.CutPrefix(bytes.TrimLeft(table, pdfSpace), []byte("trailer")); ok {
			trailer, _, _ = bytes.Cut(after[:min(len(after), pdfTrailer)], []byte("startxref"))
			return trailer, true
		}
		first, rest, ok1 := pdfNumber(table)
		count, rest, ok2 := pdfNumber(rest)
		rest = bytes.TrimLeft(rest, pdfSpace)
		if !ok1 || !ok2 || count > pdfObjects || objects+count > pdfObjects || len(rest) < count*pdfXrefLine {
			return nil, false
		}
		objects += count
		for i := range count {
			entry := rest[i*pdfXrefLine : (i+1)*pdfXrefLine]
			at, _, ok := pdfNumber(entry)
			if !ok || entry[17] == 'n' && (at >= len(data) || !isPDFObject(data[at:], first+i)) {
				return nil, false
			}
		}
		table = rest[count*pdfXrefLine:]
	}
}

// pdfSpace is what separates words (PDF 1.7, 7.2.2).
const pdfSpace = "\x00\t\n\f\r "

// pdfNumber reads an unsigned number, and returns what is behind it.
func pdfNumber(b []byte) (n int, rest []byte, ok bool) {
	b = bytes.TrimLeft(b, pdfSpace)
	end := 0
	for end < len(b) && b[end] >= '0' && b[end] <= '9' {
		end++
	}
	n, err := strconv.Atoi(string(b[:end]))
	return n, b[end:], err == nil
}

// isPDFObject tells whether an object begins here, the one of that number or, with -1, any.
func isPDFObject(b []byte, number int) bool {
	n, rest, ok1 := pdfNumber(b[:min(len(b), 64)])
	_, rest, ok2 := pdfNumber(rest)
	return ok1 && ok2 && (number < 0 || n == number) && bytes.HasPrefix(bytes.TrimLeft(rest, pdfSpace), []byte("obj"))
}

// isBlankPostScript tells whether a PostScript file has nothing but comments: no page comes of it.
func isBlankPostScript(data []byte) bool {
	for len(data) > 0 {
		end := bytes.IndexAny(data, "\r\n")
		if end < 0 {
			end = len(data)
		}
		if line := bytes.Trim(data[:end], pdfSpace+"\x04"); len(line) > 0 && line[0] != '%' {
			return false
		}
		data = data[min(end+1, len(data)):]
	}
	return true
}
