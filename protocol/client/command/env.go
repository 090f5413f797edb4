// Package command is what the commands sendfax, faxstat, faxrm, faxalter and faxcover do: their options,
// configuration files, environment variables, outputs and exit codes, as in sendfax(1), faxstat(1),
// faxrm(1), faxalter(1) and hylafax-client(1). The protocol itself is package client.
//
// A command is a function of its arguments and an Env and returns an exit code, so that tests run it
// without a process.
package command

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"golang.org/x/term"
)

// Exit codes of the commands; HylaFAX's programs end so.
const (
	exitOK     = 0
	exitFailed = 255 // sendfax: exit(-1)
)

// Env is the surroundings of a command.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	ConfigDir      string // directory of hyla.conf
	HomeDir        string // directory of .hylarc; "" for none
	LoginName      string // of the user
	FullName       string // of the user, "" where unknown
	Hostname       string // of this machine, for mail addresses
	Terminal       bool   // Stderr is a terminal: show progress
	Now            func() time.Time
	// Password asks for a password without showing it.
	Password func(prompt string) (string, error)
	CoverCmd string // HylaFAX's program for cover pages; where it is not there, sendfax makes them
	// DisplayNumber turns a dial string into what may be shown, by the rules of a file of dialrules(5).
	// nil shows dial strings as they are.
	DisplayNumber func(rulesFile, number string) (string, error)
	// Convert converts a document that servers do not take as it is; nil converts none.
	Convert func(data []byte, opts ConvertOptions) (*Converted, error)
	// CheckPDF opens a PDF that seems damaged, and returns an Unfit where no page comes of it; nil leaves
	// that to the server.
	CheckPDF func(data []byte) error
	// Interval is the time between looks at a job that is waited for; 0 for a second (faxstat -w: two).
	Interval time.Duration
}

// System returns the surroundings of this process.
func System() *Env {
	e := &Env{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, ConfigDir: systemConfigDir(), CoverCmd: "/usr/bin/faxcover",
		Terminal: term.IsTerminal(int(os.Stderr.Fd())), Now: time.Now, Password: askPassword,
	}
	if home, err := os.UserHomeDir(); err == nil {
		e.HomeDir = home
	}
	if u, err := user.Current(); err == nil {
		e.LoginName = u.Username[strings.LastIndexByte(u.Username, '\\')+1:]
		e.FullName = fullName(u.Name, e.LoginName)
	}
	if host, err := os.Hostname(); err == nil {
		e.Hostname = host
	}
	return e
}

// systemConfigDir is where the site's configuration lies.
func systemConfigDir() string {
	if runtime.GOOS == "windows" {
		return filepath.Join(os.Getenv("ProgramData"), "HylaFAX")
	}
	return "/etc/hylafax"
}

// fullName takes a person's name out of what the system keeps with an account (GECOS): up to the
// first comma or parenthesis, with "&" standing for the login name.
func fullName(gecos, login string) string {
	name := gecos
	if at := strings.IndexAny(name, ",("); at >= 0 {
		name = name[:at]
	}
	if login != "" {
		name = strings.Replace(name, "&", strings.ToUpper(login[:1])+login[1:], 1)
	}
	return strings.TrimSpace(name)
}

// askPassword asks on the terminal.
func askPassword(prompt string) (string, error) {
	fd := int(os.Stdin.Fd())
	if !term.IsTerminal(fd) {
		line, err := bufio.NewReader(os.Stdin).ReadString('\n')
		if err != nil && line == "" {
			return "", errors.New("a password is needed, and standard input is no terminal")
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	// The echo is off before the prompt is there, so that nothing typed early is shown.
	state, err := term.MakeRaw(fd)
	if err != nil {
		return "", err
	}
	defer term.Restore(fd, state) //nolint:errcheck // there is no other way to set it right
	return term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{os.Stdin, os.Stderr}, "").ReadPassword(prompt)
}

// printf writes to standard output.
func (e *Env) printf(format string, args ...any) { fmt.Fprintf(e.Stdout, format, args...) }

// errorf writes a line to standard error.
func (e *Env) errorf(format string, args ...any) { fmt.Fprintf(e.Stderr, format+"\n", args...) }

// warnf writes a warning to standard error, as HylaFAX's programs do.
func (e *Env) warnf(format string, args ...any) { e.errorf("Warning, "+format, args...) }

// expand replaces a leading tilde.
func (e *Env) expand(name string) string {
	if rest, ok := strings.CutPrefix(name, "~"); ok && e.HomeDir != "" {
		return filepath.Join(e.HomeDir, rest)
	}
	return name
}
