package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// runApp gives what the command prints.
func runApp(args ...string) (string, error) {
	var out bytes.Buffer
	app := newApp()
	app.Writer, app.ErrWriter = &out, &out
	err := app.Run(append([]string{"faxstudy"}, args...))
	return out.String(), err
}

func TestBursts(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "plots")
	out, err := runApp("-snr", "30", "-offset", "4", "-bits", "4096", "-bursts", "2", "-plot", dir, "v29-9600")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"SNR 30 dB, +4 Hz", "2 bursts: 2 trained, 2 without errors; 0 of 8192 bits wrong", "18.8 dB"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	drawn, err := filepath.Glob(filepath.Join(dir, "*.svg"))
	if err != nil || len(drawn) != 5 {
		t.Errorf("drawn: %v, %v", drawn, err)
	}
	for _, f := range drawn {
		if b, err := os.ReadFile(f); err != nil || !bytes.HasPrefix(b, []byte("<svg ")) {
			t.Errorf("%s: %.40q, %v", f, b, err)
		}
	}
	if again, _ := runApp("-snr", "30", "-offset", "4", "-bits", "4096", "-bursts", "2", "-plot", dir, "v29-9600"); again != out {
		t.Errorf("the second time it prints\n%sthe first time\n%s", again, out)
	}
}

func TestCall(t *testing.T) {
	out, err := runApp("-snr", "28", "-ulaw", "-maxrate", "9600", "-noecm", "call")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"caller   received CFR", "answerer received DCN", "1 pages arrived, 1 bit for bit as sent"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
}

func TestWrong(t *testing.T) {
	for _, row := range []struct{ args, says string }{
		{"", "say what"},
		{"v34", "none of"},
		{"-short v29-9600", "no short training"},
		{"-bits 0 v21", "-bits is from 512 to"},
		{"-bursts 10000000 v21", "-bursts is from 1 to"},
		{"-lead -1 v21", "-lead is from 0 to"},
		{"-loss 101 v21", "-loss is from 0 to 100"},
		{"-loss NaN v21", "-loss is from"},
		{"-snr NaN v21", "-snr is from"},
		{"-level +Inf v21", "-level is from"},
		{"-echo 1e9 v21", "-echo is from"},
		{"-echo -10 -echodelay 0 v21", "-echodelay is from"},
		{"-pages 0 call", "-pages is from"},
		{"-q -snr -10 call", "did not go well"},
		{"-bursts 5 call", "-bursts needs a modulation"},
		{"-pages 5 v21", "-pages needs call"},
		{"-jitterfreq 50 v21", "-jitterfreq needs -jitter"},
		{"-told v21", "-told needs -loss"},
	} {
		if _, err := runApp(strings.Fields(row.args)...); err == nil || !strings.Contains(err.Error(), row.says) {
			t.Errorf("faxstudy %s: %v", row.args, err)
		}
	}
}
