//go:build unix

// Package detach lets a daemon go to the background: it runs the program again in a session of its
// own, without the terminal, and waits until that one says that it serves or why it cannot.
//
//	if files, ok := detach.Inherited(); ok { ...; detach.Ready(nil) } else { return detach.Start(os.Args[1:], files) }
//
// A Go program cannot fork(2): its threads do not come along.
package detach

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// variable tells a detached program that it is one, and how many files it inherits. They begin at
// descriptor firstFile; the one before is the pipe on which it reports.
const (
	variable  = "LITORIA_DETACHED"
	reportFD  = 3
	firstFile = 4
)

// maxReport is the longest report that is read, in octets.
const maxReport = 4096

// Start runs this program in the background with args (without the program's name) and files, and
// returns nil when it called Ready(nil). Otherwise the error is what it gave to Ready, or that it ended.
func Start(args []string, files []*os.File) error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	report, reporter, err := os.Pipe()
	if err != nil {
		return err
	}
	defer report.Close()
	cmd := exec.Command(exe, args...)
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), variable+"="+strconv.Itoa(len(files)))
	cmd.ExtraFiles = append([]*os.File{reporter}, files...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = cmd.Start() // standard input, output and error are /dev/null
	reporter.Close()
	if err != nil {
		return err
	}
	text, err := io.ReadAll(io.LimitReader(report, maxReport))
	switch {
	case err != nil:
		return err
	case string(text) == ready:
		return cmd.Process.Release()
	case len(text) > 0:
		cmd.Wait() //nolint:errcheck // its report says more
		return errors.New(string(text))
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("ended in the background: %w", err)
	}
	return errors.New("ended in the background without serving")
}

// ready is the report of a program that serves.
const ready = "\x00ready"

// Inherited returns the files that Start gave to this program. ok tells whether Start began it.
func Inherited() (files []*os.File, ok bool) {
	n, err := strconv.Atoi(os.Getenv(variable))
	if err != nil || n < 0 {
		return nil, false
	}
	os.Unsetenv(variable) //nolint:errcheck // for the children of this program; it cannot fail
	syscall.CloseOnExec(reportFD)
	for i := range n {
		syscall.CloseOnExec(firstFile + i)
		files = append(files, os.NewFile(uintptr(firstFile+i), "inherited"))
	}
	return files, true
}

// Serve runs a daemon that inherits no files: in the background, where that is wanted, with the same
// arguments; serve is told so, and calls ready once it serves. What keeps it from that is what the
// command in the foreground returns.
func Serve(background bool, serve func(detached bool, ready func() error) error) error {
	_, detached := Inherited()
	switch {
	case detached:
		serves := false
		err := serve(true, func() error { serves = true; return Ready(nil) })
		if !serves {
			return errors.Join(err, Ready(err))
		}
		return err
	case background:
		return Start(os.Args[1:], nil)
	}
	return serve(false, func() error { return nil })
}

// Ready tells the Start that waits for this program that it serves, or why it cannot. It is called
// once, after Inherited.
func Ready(why error) error {
	f := os.NewFile(reportFD, "report")
	text := ready
	if why != nil {
		text = why.Error()
	}
	_, err := io.WriteString(f, text[:min(len(text), maxReport)])
	return errors.Join(err, f.Close())
}
