package v29

import (
	"fmt"
	"testing"

	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/qam/qamtest"
)

var under = qamtest.Modem{
	Transmitter: func(rate modem.Rate, short bool, src modem.BitSource) (modem.Transmitter, error) {
		return NewTransmitter(rate, short, src)
	},
	Receiver: func(rate modem.Rate, sink modem.Sink) (qamtest.Receiver, error) {
		return NewReceiver(rate, sink)
	},
}

func rate(bitRate int) modem.Rate { return modem.Rate{Modulation: modem.V29, BitRate: bitRate} }

// limits are the signal to noise ratios at which an ideal receiver has 95 % of
// 20000 bit bursts without error.
var limits = map[int]float64{7200: 15.0, 9600: 18.8}

func TestLines(t *testing.T) {
	var cases []qamtest.Case
	for bps, snr := range limits {
		cases = append(cases, qamtest.Case{Rate: rate(bps), SNR: snr + 8})
	}
	under.CheckLines(t, cases)
}

func TestNoise(t *testing.T) {
	for bps, snr := range limits {
		under.CheckNoise(t, qamtest.Case{Rate: rate(bps), SNR: snr + 1}, 10, 1)
	}
}

func TestGap(t *testing.T) {
	for bps := range limits {
		under.CheckGap(t, rate(bps))
	}
}

func TestStrangers(t *testing.T)   { under.CheckStrangers(t, rate(9600)) }
func TestJump(t *testing.T)        { under.CheckJump(t, rate(9600)) }
func TestSecondTry(t *testing.T)   { under.CheckSecondTry(t, rate(9600)) }
func TestAllocations(t *testing.T) { under.CheckAllocations(t, rate(9600)) }
func TestQuality(t *testing.T)     { under.CheckQuality(t, rate(9600), 26) }
func FuzzReceiver(f *testing.F)    { under.Fuzz(f, rate(9600)) }

func TestRecorded(t *testing.T) {
	for bps := range limits {
		under.CheckRecorded(t, rate(bps), fmt.Sprintf("testdata/spandsp-%d.ulaw", bps), false)
	}
}

func TestGroupDelay(t *testing.T) {
	for bps, snr := range limits {
		under.CheckGroupDelay(t, qamtest.Case{Rate: rate(bps), SNR: snr + 8})
	}
}
