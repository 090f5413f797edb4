//go:build interop

package main

import (
	"fmt"
	"strings"
)

const head = `# Times of calls

How long whole calls are on the line, in seconds, from the answer to the end of the sender's session. Made by ` + "`" + `make times` + "`" + `
over a clean line (u-law, 40 ms of delay each way). *text* is one page of dense text, *services* seven pages of a table;
A4, fine; with ECM in MMR, without in MR. Every page came as it was sent. *bits* is what the code of all pages takes at the rate; *over* is
the rest of the call between two of ours, and of the reference's.

The reference is HylaFAX 6.0.7 with iaxmodem 1.2.0 over Asterisk 22 at both ends, all on one machine: from dialing (IAX2 takes
0.04 s of it) to the end of the session.

| document | modem | ECM | octets | bits | reference | ours to ours | ours to spandsp | spandsp to ours | over, reference | over, ours |
|---|---|---|---|---|---|---|---|---|---|---|
`

// report writes the table and what it says of calls and pages.
func report(results []result, documents map[string]*faxDocument) string {
	var b strings.Builder
	b.WriteString(head)
	for _, r := range results {
		ecm := "no"
		if r.ecm {
			ecm = "yes"
		}
		fmt.Fprintf(&b, "| %s, %d p | %v | %s | %d | %.1f | %.1f | %.1f | %.1f | %.1f | %.1f | %.1f |\n", r.document, len(documents[r.document].pages),
			r.rate, ecm, r.octets, r.bits, r.call, r.ours, r.to, r.from, r.call-r.referenceBits(), r.ours-r.bits)
	}
	b.WriteString("\nWhat a call costs beside its bits, by the calls of one page and of seven:\n\n| | a call | each page |\n|---|---|---|\n")
	for _, ecm := range []bool{true, false} {
		one, seven := find(results, "text", ecm), find(results, "services", ecm)
		name := "without ECM"
		if ecm {
			name = "ECM"
		}
		costs(&b, "reference, 14400 "+name, one.call-one.referenceBits(), seven.call-seven.referenceBits(), seven.pages)
		costs(&b, "ours, 14400 "+name, one.ours-one.bits, seven.ours-seven.bits, seven.pages)
	}
	b.WriteString("\nWith ECM the cost of a page has in it what frames add to its bits, about 4 %.\n")
	return b.String()
}

// referenceBits is what the reference's own code takes.
func (r row) referenceBits() float64 { return float64(r.bytes) * 8 / float64(r.rate.BitRate) }

// find gives the row at 14400 bit/s.
func find(results []result, document string, ecm bool) result {
	for _, r := range results {
		if r.document == document && r.ecm == ecm && r.rate == v17 {
			return r
		}
	}
	return result{}
}

func costs(b *strings.Builder, name string, one, many float64, pages int) {
	page := (many - one) / float64(pages-1)
	fmt.Fprintf(b, "| %s | %.1f | %.2f |\n", name, one-page, page)
}
