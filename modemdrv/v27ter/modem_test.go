package v27ter

import (
	"testing"

	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/qam/qamtest"
)

var under = qamtest.Suite{
	Modem:      qamtest.Of(NewTransmitter, NewReceiver),
	Modulation: modem.V27ter,
	Limits:     map[int]float64{2400: 7.9, 4800: 14.4},
	Top:        4800,
}

func TestModem(t *testing.T)         { under.Test(t) }
func TestThreshold(t *testing.T)     { under.TestThreshold(t) }
func FuzzReceiver(f *testing.F)      { under.Fuzz(f, under.Rate(under.Top)) }
func BenchmarkReceive(b *testing.B)  { under.BenchmarkReceive(b) }
func BenchmarkTransmit(b *testing.B) { under.BenchmarkTransmit(b) }
func BenchmarkWait(b *testing.B)     { under.BenchmarkWait(b) }
