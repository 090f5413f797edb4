package line

import (
	"fmt"

	"github.com/litoria-fax/litoria/modemdrv/t30"
	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/spool"
	"github.com/litoria-fax/litoria/spool/dialrules"
	"github.com/litoria-fax/litoria/spool/linectl"
)

// HylaFAX's codes of session parameters.
var (
	rateCodes = map[int]int{2400: spool.BR2400, 4800: spool.BR4800, 7200: spool.BR7200, 9600: spool.BR9600, 12000: spool.BR12000, 14400: spool.BR14400}
	vresCodes = [...]int{t30.Standard: spool.VRNormal, t30.Fine: spool.VRFine, t30.Superfine: spool.VRR8, t30.R300: spool.VR300x300, t30.R400: spool.VRR16}
	scanCodes = map[int]int{0: spool.ST0ms, 5: spool.ST5ms, 10: spool.ST10ms, 20: spool.ST20ms, 40: spool.ST40ms}
)

// packParameters is HylaFAX's 32 bit form of session parameters, as it stands
// in xferfaxlog(5) and in messages.
func packParameters(p t30.Parameters) uint32 {
	v := spool.Params{VR: vresCodes[p.Resolution], BR: rateCodes[p.Rate.BitRate], WD: int(p.Width), LN: int(p.Length), DF: formatCode(p.Coding), ST: scanCodes[p.MinScan]}
	if p.ECM() {
		v.EC = spool.EC256
		if p.FrameSize == 64 {
			v.EC = spool.EC64
		}
	}
	return v.Encode()
}

func formatCode(c t4.Coding) int {
	switch c {
	case t4.MR:
		return spool.DFMR
	case t4.MMR:
		return spool.DFMMR
	case t4.MH:
	}
	return spool.DFMH
}

// capabilities is what a line tells faxq about itself: everything that T.30 has
// for black and white pages, polling included.
func capabilities(priority int) spool.Capabilities {
	return spool.Capabilities{
		Params: spool.Params{VR: spool.VRFine | spool.VRR8 | spool.VRR16 | spool.VR200x200 | spool.VR300x300, BR: 7, WD: 7, LN: 7,
			DF: 1<<spool.DFMH | 1<<spool.DFMR | 1<<spool.DFMMR, EC: 1, BF: 1, ST: 3},
		Poll: true, Priority: priority,
	}
}

// formatName is HylaFAX's name of a coding.
func formatName(c t4.Coding) string {
	return [...]string{spool.DFMH: "1-D MH", spool.DFMR: "2-D MR", spool.DFMRUnc: "", spool.DFMMR: "2-D MMR"}[formatCode(c)]
}

// canonical is the number under which info/ keeps what is known of a
// destination.
func (set *Settings) canonical(number string) string {
	if set.Rules != nil {
		if n, err := set.Rules.Apply(dialrules.CanonicalNumber, number); err == nil {
			return n
		}
	}
	return number
}

// calledBefore tells whether a number once answered as a fax machine.
func (t *transmission) calledBefore(j *spool.Job) bool {
	info, err := t.spool.ReadInfo(t.set.canonical(j.Number))
	if err != nil {
		t.trace("info of the destination: %v", err)
	}
	return info.CalledBefore
}

// learn writes what a call taught about its destination (hylafax-info(5)).
func (t *transmission) learn(s *sending, result linectl.Result, status string) {
	err := t.spool.UpdateInfo(t.set.canonical(s.job.Number), func(d *spool.DestinationInfo) {
		if t.remote.Capabilities == nil {
			if result != linectl.Done {
				d.DialFailures++
				d.LastDialFailure = status
			}
			return
		}
		d.CalledBefore, d.DialFailures = true, 0
		d.RemoteCSI, d.RemoteDIS = t.csi(), dcsHex(t.remote.DIS)
		learnCapabilities(d, *t.remote.Capabilities)
		if result == linectl.Done {
			d.SendFailures = 0
			return
		}
		d.SendFailures++
		d.LastSendFailure = status
	})
	if err != nil {
		t.Line.log.Warn().Err(err).Msg("what the call taught about its destination cannot be written")
	}
}

// learnCapabilities takes over what a DIS said.
func learnCapabilities(d *spool.DestinationInfo, c t30.Capabilities) {
	d.SupportsVRes = spool.VRNormal
	for r, code := range vresCodes {
		if t30.Has(c.Resolutions, t30.Resolution(r)) {
			d.SupportsVRes |= code
		}
	}
	d.Supports2DEncoding, d.SupportsMMR = t30.Has(c.Codings, t4.MR), t30.Has(c.Codings, t4.MMR)
	d.MaxPageWidth = c.MaxWidth.Dots(t30.Standard)
	d.MaxPageLength = [...]int{t30.LengthA4: 297, t30.LengthB4: 364, t30.Unlimited: 65535}[min(c.MaxLength, t30.Unlimited)]
	d.MaxSignallingRate = "2400"
	switch {
	case c.Modems.V17:
		d.MaxSignallingRate = "14400"
	case c.Modems.V29:
		d.MaxSignallingRate = "9600"
	case c.Modems.V27ter4800:
		d.MaxSignallingRate = "4800"
	}
	d.MinScanlineTime = scanTimeName(c.MinScan, c.MinScanFine)
}

// scanTimeName is hylafax-info(5)'s form of the least time of a row.
func scanTimeName(standard, fine int) string {
	if standard == fine {
		return fmt.Sprintf("%dms", standard)
	}
	return fmt.Sprintf("%dms/%dms", standard, fine)
}

// dcsHex is the contents of a DIS or DCS as octets in hexadecimal.
func dcsHex(octets []byte) string { return fmt.Sprintf("% X", octets) }
