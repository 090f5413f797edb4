//go:build interop

package spandsp

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// Fax is spandsp's fax engine at one end of a call. It implements study.End.
type Fax struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	errors bytes.Buffer
	dir    string
}

// StartFax starts it, as "caller" or "answer", with the settings that fax.c
// explains.
func StartFax(role string, settings ...string) (*Fax, error) {
	dir, err := os.MkdirTemp("", "spandsp-fax")
	if err != nil {
		return nil, err
	}
	f := &Fax{dir: dir}
	program, err := build(dir, "fax")
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	f.cmd = exec.Command(program, append([]string{role}, settings...)...)
	f.cmd.Stderr = &f.errors
	if f.in, err = f.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := f.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	f.out = bufio.NewReader(out)
	return f, f.cmd.Start()
}

// Next implements study.End.
func (f *Fax) Next(out []int16) error {
	err := binary.Read(f.out, binary.LittleEndian, out)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return err
}

// Hear implements study.End. Samples that come after it has hung up are nobody's.
func (f *Fax) Hear(in []int16, _ bool) error {
	binary.Write(f.in, binary.LittleEndian, in)
	return nil
}

// Result is how spandsp saw the call.
type Result struct {
	Code                                        int
	Text                                        string
	Rate, ECM, Sent, Received, BadRows, Retries int
	Ident                                       string
	Log                                         string // all that it said
}

// OK tells that it saw no fault.
func (r Result) OK() bool { return r.Code == 0 }

// Hangup ends the call from the other side, and gives the result.
func (f *Fax) Hangup() (Result, error) {
	f.in.Close()
	io.Copy(io.Discard, f.out)
	f.cmd.Wait() // a fault of the call makes a status, too
	os.RemoveAll(f.dir)
	r := Result{Log: f.errors.String()}
	last := f.errors.Bytes()
	if i := bytes.LastIndex(last, []byte("result=")); i >= 0 {
		last = last[i:]
	}
	_, err := fmt.Sscanf(string(last), "result=%d text=%q rate=%d ecm=%d sent=%d received=%d badrows=%d retries=%d ident=%q",
		&r.Code, &r.Text, &r.Rate, &r.ECM, &r.Sent, &r.Received, &r.BadRows, &r.Retries, &r.Ident)
	if err != nil {
		return r, fmt.Errorf("what spandsp said at the end: %w\n%s", err, f.errors.String())
	}
	return r, nil
}
