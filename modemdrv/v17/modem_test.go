package v17

import (
	"testing"

	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/qam/qamtest"
)

var under = qamtest.Suite{
	Modem:      qamtest.Of(NewTransmitter, NewReceiver),
	Modulation: modem.V17,
	Limits:     map[int]float64{7200: 11.3, 9600: 14.4, 12000: 17.5, 14400: 20.5},
	Top:        14400,
	Short:      true,
}

func TestModem(t *testing.T)         { under.Test(t) }
func TestThreshold(t *testing.T)     { under.TestThreshold(t) }
func FuzzReceiver(f *testing.F)      { under.Fuzz(f, under.Rate(under.Top)) }
func BenchmarkReceive(b *testing.B)  { under.BenchmarkReceive(b) }
func BenchmarkTransmit(b *testing.B) { under.BenchmarkTransmit(b) }
func BenchmarkWait(b *testing.B)     { under.BenchmarkWait(b) }
