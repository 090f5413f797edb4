//go:build interop

package main

import (
	"fmt"
	"strings"

	"github.com/litoria-fax/litoria/modemdrv/modem"
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
		fmt.Fprintf(&b, "| %s, %d p | %v | %s | %d | %.1f | %.1f | %.1f | %.1f | %.1f | %.1f | %.1f |\n", r.document, len(documents[r.document].pages),
			r.rate, yes(r.ecm), r.octets, r.bits, r.call, r.ours, r.to, r.from, r.call-r.referenceBits(), r.ours-r.bits)
	}
	costs(&b, results)
	carriers(&b, results)
	return b.String()
}

// referenceBits is what the reference's own code takes.
func (r row) referenceBits() float64 { return float64(r.bytes) * 8 / float64(r.rate.BitRate) }

const costsHead = `
## What a call costs beside its carriers

In the terms of the reference's own measurement, as the sender sees it, in seconds. *A call* is the time from its beginning to the first
image carrier and from the last MCF to the end; *a block*, a page without ECM, that from the end of its carrier until MCF was read, and from there
to the next carrier. *T.30's least* is what is left if the same frames go over the same line with the shortest signals and silences that T.30 allows.

| | to the first carrier | last MCF to the end | a call | carrier to MCF | MCF to carrier | a block |
|---|---|---|---|---|---|---|
`

// costs writes what a call and a block cost, by the calls of seven pages.
func costs(b *strings.Builder, results []result) {
	b.WriteString(costsHead)
	for _, r := range results {
		if r.pages == 1 {
			continue
		}
		line := func(name string, first, end, confirm, next float64) {
			fmt.Fprintf(b, "| %s | %.2f | %.2f | %.1f | %.2f | %.2f | %.2f |\n", name, first, end, first+end, confirm, next, confirm+next)
		}
		name := fmt.Sprintf("%v %s: ", r.rate, ecmName(r.ecm))
		ref, p := r.reference(), r.phases
		line(name+"reference", ref.first, ref.end, ref.confirm, ref.next)
		line(name+"ours", p.first, p.end, p.confirm, p.next)
		line(name+"T.30's least", p.least.first, p.least.end, p.least.confirm, p.least.next)
	}
	b.WriteString(costsAims)
}

const costsAims = `
Aimed at were 11.5 s a call and 2.35 s a block at 14400. That is what T.30 itself takes on this line, with the identities and 0.16 and 0.08 s for the way
of the signals, so a block without ECM alone comes near it. What ours takes more it keeps on purpose: a second flag after each V.21 signal (27 ms, four times in a call, twice in
a block), 45 ms before an answer in V.21 to V.21, of whose end we know no sooner, 105 ms before a page in place of 75, and 0.2 s after DCN for buffers on the way
(docs/session.md).
`

// reference is what the reference was measured with; each time within 0.05 s.
func (r row) reference() phases {
	p := phases{first: 12.35, confirm: 2.52, next: 0.06, end: 2.26}
	switch {
	case r.rate.Modulation == modem.V29:
		p.first, p.confirm = 11.4, 2.54
	case r.rate.Modulation == modem.V27ter:
		p.first, p.confirm = 11.7, 2.54
	}
	if !r.ecm {
		p.confirm = 2.58
	}
	return p
}

func ecmName(ecm bool) string {
	if ecm {
		return "ECM"
	}
	return "without ECM"
}

const carriersHead = `
## Image carriers

All image carriers of a call together, in seconds, and by how much they are longer than the bits of the code, and than those of the frames with
their heads, check sequences, stuffed bits and the filling of the last one (without ECM: the code). *256 frames*: the same of a whole block, as a share: training, the flags between
the frames, RCP. A dash: the reference asked for frames again, or sends without frames.

| document | modem | ECM | reference | over its code | ours | over the code | over the frames | 256 frames |
|---|---|---|---|---|---|---|---|---|
`

// carriers writes how long the image carriers are.
func carriers(b *strings.Builder, results []result) {
	b.WriteString(carriersHead)
	over := func(carrier, bits float64) string { return fmt.Sprintf("%.1f %%", 100*(carrier/bits-1)) }
	for _, r := range results {
		ref, overRef, rest := "-", "-", "-"
		if r.carrier > 0 {
			ref, overRef = fmt.Sprintf("%.1f", r.carrier), over(r.carrier, r.referenceBits())
		}
		if r.ecm {
			rest = fmt.Sprintf("%.1f %%", 100*r.phases.rest(r.rate.BitRate))
		}
		p := r.phases
		fmt.Fprintf(b, "| %s, %d p | %v | %s | %s | %s | %.1f | %s | %s | %s |\n", r.document, r.pages, r.rate, yes(r.ecm),
			ref, overRef, p.carrier, over(p.carrier, r.bits), over(p.carrier, p.sent), rest)
	}
	b.WriteString(carriersAims)
}

const carriersAims = `
Aimed at were ECM carriers within 2.5 % of their bits: met for the bits of the frames, which are all that goes over the line. The code alone cannot be met:
heads and check sequences add 2.3 %, stuffed bits 2 to 3 %, filling up the last frame of a page on average half a frame.
`

func yes(on bool) string {
	if on {
		return "yes"
	}
	return "no"
}
