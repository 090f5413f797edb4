package v21

import (
	"math"
	"testing"

	"github.com/litoria-fax/litoria/modemdrv/hdlc"
	"github.com/litoria-fax/litoria/modemdrv/linesim"
	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/v17"
	"github.com/litoria-fax/litoria/modemdrv/v27ter"
	"github.com/litoria-fax/litoria/modemdrv/v29"
)

func fast(t *testing.T, r modem.Rate, data []byte) []int16 {
	t.Helper()
	src := bitSlice(data)
	var x modem.Transmitter
	var err error
	switch r.Modulation {
	case modem.V27ter:
		x, err = v27ter.NewTransmitter(r, false, &src)
	case modem.V29:
		x, err = v29.NewTransmitter(r, false, &src)
	default:
		x, err = v17.NewTransmitter(r, false, &src)
	}
	if err != nil {
		t.Fatal(err)
	}
	out := make([]int16, 40*modem.SampleRate)
	return out[:x.Read(out)]
}

// flagCounter counts what an HDLC decoder makes of a receiver's bits.
type flagCounter struct {
	ups, flags, good, bad int
	decoder               *hdlc.Decoder
}

func (f *flagCounter) Flags() { f.flags++ }
func (f *flagCounter) Abort() {}
func (f *flagCounter) Frame(_ []byte, ok bool) {
	if ok {
		f.good++
	} else {
		f.bad++
	}
}
func (f *flagCounter) WriteBits(bits uint32, n int) { f.decoder.WriteBits(bits, n) }
func (f *flagCounter) Status(s modem.Status) {
	if s == modem.CarrierUp {
		f.ups++
	}
	f.decoder.Reset()
}

// TestFalseAlarm: fast carriers, noise and tones are not V.21, and where a
// carrier was believed for a moment, no two flags come out.
func TestFalseAlarm(t *testing.T) {
	signals := map[string][]int16{}
	for _, r := range []modem.Rate{
		{Modulation: modem.V27ter, BitRate: 2400}, {Modulation: modem.V27ter, BitRate: 4800},
		{Modulation: modem.V29, BitRate: 7200}, {Modulation: modem.V29, BitRate: 9600},
		{Modulation: modem.V17, BitRate: 7200}, {Modulation: modem.V17, BitRate: 14400},
	} {
		signals[r.String()] = fast(t, r, linesim.Bits(20*r.BitRate, 1))
		signals[r.String()+" TCF"] = fast(t, r, make([]byte, 2*r.BitRate))
	}
	p := linesim.Defaults()
	p.SNR = 0
	signals["noise"] = linesim.Through(p, make([]int16, 30*modem.SampleRate))
	for _, hz := range []float64{425, 1100, 1650, 1750, 1800, 1850, 2100} {
		tone := make([]int16, 3*modem.SampleRate)
		for i := range tone {
			tone[i] = int16(8000 * math.Sin(2*math.Pi*hz*float64(i)/modem.SampleRate))
		}
		signals["tone"] = append(signals["tone"], tone...)
	}
	for name, in := range signals {
		f := &flagCounter{}
		f.decoder = hdlc.NewDecoder(f, 2)
		r := NewReceiver(f)
		p = linesim.Defaults()
		p.SNR = 25
		r.Write(linesim.Through(p, in))
		if f.ups > 2 || f.flags+f.good+f.bad > 0 {
			t.Errorf("%s: %d carriers, %d flags, %d good frames, %d bad ones", name, f.ups, f.flags, f.good, f.bad)
		} else if f.ups > 0 {
			t.Logf("%s: %d carriers", name, f.ups)
		}
	}
}

// signalling is a sink as a fax session has it.
type signalling struct {
	*hdlc.Decoder
	frames, bad, aborts int
}

func (s *signalling) Flags() {}
func (s *signalling) Abort() { s.aborts++ }
func (s *signalling) Frame(_ []byte, ok bool) {
	if ok {
		s.frames++
	} else {
		s.bad++
	}
}

func (s *signalling) Status(status modem.Status) {
	if status == modem.CarrierDown {
		s.Close()
	}
}

// TestLostPacket: whichever packet of a command is lost, the frame arrives.
func TestLostPacket(t *testing.T) {
	csi := append([]byte{0xFF, 0x03, 0x40}, "   11010203 555 94+ "...)
	dis := []byte{0xFF, 0x13, 0x80, 0x00, 0xEE, 0xF8, 0x44, 0x80, 0x1C}
	send := func() []int16 {
		out := make([]int16, 5*modem.SampleRate)
		return out[:NewTransmitter(hdlc.NewEncoder(hdlc.Spacing{Preamble: 38, Closing: 2}, hdlc.Frames(csi, dis))).Read(out)]
	}
	p := linesim.Defaults()
	p.SNR, p.ULaw, p.Delay = 25, true, 17.3
	line := append(linesim.Through(p, send()), make([]int16, 1600)...)
	for at := 100; at+160 < len(line)-1600; at += 53 {
		lossy := append([]int16(nil), line...)
		copy(lossy[at:at+160], line[max(0, at-160):]) // repeated, as players of IAX2 do
		s := &signalling{}
		s.Decoder = hdlc.NewDecoder(s, 3)
		s.Repair(7)
		r := NewReceiver(s)
		r.Write(lossy[:at])
		r.Conceal(160)
		r.Write(lossy[at:])
		if s.frames != 2 || s.bad > 0 {
			t.Errorf("samples %d to %d lost: %d good frames, %d bad, %d aborts", at, at+160, s.frames, s.bad, s.aborts)
		}
	}
}
