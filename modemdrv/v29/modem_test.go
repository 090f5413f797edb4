package v29

import (
	"testing"

	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/qam/qamtest"
)

var under = qamtest.Suite{
	Modem:      qamtest.Of(NewTransmitter, NewReceiver),
	Modulation: modem.V29,
	Limits:     map[int]float64{7200: 15.0, 9600: 18.8},
	Top:        9600,
}

func TestModem(t *testing.T)         { under.Test(t) }
func TestThreshold(t *testing.T)     { under.TestThreshold(t) }
func FuzzReceiver(f *testing.F)      { under.Fuzz(f, under.Rate(under.Top)) }
func BenchmarkReceive(b *testing.B)  { under.BenchmarkReceive(b) }
func BenchmarkTransmit(b *testing.B) { under.BenchmarkTransmit(b) }
func BenchmarkWait(b *testing.B)     { under.BenchmarkWait(b) }
