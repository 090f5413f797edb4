//go:build interop

// Package spandsp is spandsp, the library under Asterisk's and FreeSWITCH's fax
// and under IAXmodem, as a side and an end of the studies of modemdrv/study: our
// modems are measured beside its own, and each hears the other. It needs
// libspandsp-dev, libtiff-dev and a C compiler: the programs in the folder peer
// are built and talked to through pipes. Nothing of Litoria's programs depends on
// it.
package spandsp

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/study"
)

// Peer is spandsp, in a process of its own. It implements study.Side.
type Peer struct {
	cmd *exec.Cmd
	in  *bufio.Writer
	out *bufio.Reader
	end io.Closer
	dir string
}

// build compiles a program of the folder peer into dir.
func build(dir, name string) (program string, err error) {
	_, here, _, _ := runtime.Caller(0)
	program = filepath.Join(dir, name)
	cc := exec.Command("cc", "-O2", "-o", program, filepath.Join(filepath.Dir(here), "peer", name+".c"), "-lspandsp")
	if out, err := cc.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s.c (are libspandsp-dev, libtiff-dev and a C compiler installed?): %w\n%s", name, err, out)
	}
	return program, nil
}

// Start builds the program and starts it.
func Start() (*Peer, error) {
	dir, err := os.MkdirTemp("", "spandsp-peer")
	if err != nil {
		return nil, err
	}
	p := &Peer{dir: dir}
	program, err := build(dir, "peer")
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	p.cmd = exec.Command(program)
	p.cmd.Stderr = os.Stderr
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.end, p.in, p.out = in, bufio.NewWriterSize(in, 1<<16), bufio.NewReaderSize(out, 1<<16)
	return p, p.cmd.Start()
}

// Close ends the process.
func (p *Peer) Close() error {
	p.end.Close()
	err := p.cmd.Wait()
	os.RemoveAll(p.dir)
	return err
}

// ask sends a request and gives the answer's number.
func (p *Peer) ask(payload any, want, format string, args ...any) (int, error) {
	fmt.Fprintf(p.in, format+"\n", args...)
	if payload != nil {
		if err := binary.Write(p.in, binary.LittleEndian, payload); err != nil {
			return 0, fmt.Errorf("asking the spandsp peer: %w", err)
		}
	}
	if err := p.in.Flush(); err != nil {
		return 0, fmt.Errorf("asking the spandsp peer: %w", err)
	}
	line, err := p.out.ReadString('\n')
	if err != nil {
		return 0, fmt.Errorf("the spandsp peer ended: %w", err)
	}
	var n int
	if _, err := fmt.Sscanf(line, want+" %d\n", &n); err != nil {
		return 0, fmt.Errorf("answer %q of the spandsp peer: %w", line, err)
	}
	return n, nil
}

// Transmit implements study.Side.
func (p *Peer) Transmit(m study.Mode, short bool, bits []byte) ([]int16, error) {
	flag := 0
	if short {
		flag = 1
	}
	n, err := p.ask(bits, "samples", "tx %s %d %d", m.Name, flag, len(bits))
	if err != nil {
		return nil, err
	}
	out := make([]int16, n)
	err = binary.Read(p.out, binary.LittleEndian, out)
	return out, err
}

// Receive implements study.Side. spandsp takes no notice of lost packets.
func (p *Peer) Receive(m study.Mode, line, long []int16, _ func(int) bool) (study.Reception, error) {
	var r study.Reception
	how := "new"
	if long != nil {
		first, err := p.hear(m, how, long)
		if err != nil {
			return r, err
		}
		if r.LongTrained = first.Trained; !r.LongTrained {
			return r, nil
		}
		how = "short"
	}
	second, err := p.hear(m, how, line)
	second.LongTrained = r.LongTrained
	return second, err
}

func (p *Peer) hear(m study.Mode, how string, line []int16) (study.Reception, error) {
	n, err := p.ask(line, "events", "rx %s %s %d", m.Name, how, len(line))
	if err != nil {
		return study.Reception{}, err
	}
	events := make([]byte, n)
	if _, err := io.ReadFull(p.out, events); err != nil {
		return study.Reception{}, err
	}
	var r study.Reception
	for _, e := range events {
		switch e {
		case '0', '1':
			// The fast modems give the bits of their training.
			if r.Trained {
				r.Bits = append(r.Bits, e-'0')
			}
		case 'T':
			r.Trained = true
		case 'U':
			r.Trained = r.Trained || m.Rate.Modulation == modem.V21
		}
	}
	return r, nil
}

// Cost gives the processor time of a sample, in nanoseconds, of transmitter and
// receiver.
func (p *Peer) Cost(m study.Mode, seconds int) (tx, rx float64, err error) {
	fmt.Fprintf(p.in, "cost %s %d\n", m.Name, seconds)
	if err := p.in.Flush(); err != nil {
		return 0, 0, err
	}
	_, err = fmt.Fscanf(p.out, "cost %g %g\n", &tx, &rx)
	return tx, rx, err
}

// Wait gives the processor time of a sample, in nanoseconds, of a receiver that hears
// what is no signal of its mode, and how often it took that for a carrier. It is a new
// receiver each second.
func (p *Peer) Wait(m study.Mode, line []int16) (ns float64, taken int, err error) {
	fmt.Fprintf(p.in, "wait %s any %d\n", m.Name, len(line))
	if err := binary.Write(p.in, binary.LittleEndian, line); err != nil {
		return 0, 0, fmt.Errorf("asking the spandsp peer: %w", err)
	}
	if err := p.in.Flush(); err != nil {
		return 0, 0, fmt.Errorf("asking the spandsp peer: %w", err)
	}
	_, err = fmt.Fscanf(p.out, "cost %g %d\n", &ns, &taken)
	return ns, taken, err
}
