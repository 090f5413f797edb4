package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/litoria-fax/litoria/document/recognize"
	"github.com/litoria-fax/litoria/protocol/client"
	"github.com/litoria-fax/litoria/protocol/client/typerules"
)

// filterDir is where HylaFAX's filter programs lie (%F in typerules(5)).
const filterDir = "/usr/sbin"

// shellNotFound is what a shell ends with where the program is not there (POSIX.1, 2.8.2).
const shellNotFound = 127

// readRules reads the site's rules for documents. There need not be any; those that were asked for must be.
func (s *sendfax) readRules() error {
	name, asked := s.rulesFile, s.rulesFile != ""
	if !asked {
		name = filepath.Join(s.env.ConfigDir, "typerules")
	}
	f, err := os.Open(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !asked:
		s.rules = &typerules.Rules{}
		return nil
	case err != nil:
		return fmt.Errorf("%s: Can not open type rules file: %w.\nUnable to setup file typing and conversion rules", name, reasonOf(err)) //nolint:staticcheck // HylaFAX's words
	}
	defer f.Close()
	rules, faults, err := typerules.Parse(f)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for _, fault := range faults {
		s.env.warnf("%s: %v", name, fault)
	}
	s.rules, s.rulesFile = rules, name
	return nil
}

// prepareByRule prepares a document as a rule tells.
func (s *sendfax) prepareByRule(ctx context.Context, name string, f *os.File, size int64, rule *typerules.Rule) (*prepared, error) {
	form := formOf(rule.Result)
	if rule.Command == "" {
		return s.asItIs(name, form, f, size)
	}
	data, err := s.runRule(ctx, name, rule)
	if err != nil {
		return nil, err
	}
	pages, err := s.countPages(name, form, bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	return &prepared{pages: pages, Document: inMemory(name, form, data)}, nil
}

// refusal tells that a rule refuses a document, in the rule's own words, which say little where they
// come with HylaFAX; and what can be done.
func (s *sendfax) refusal(name string, head []byte, rule *typerules.Rule) error {
	advice := "save it as PDF and send that"
	if kind, err := recognize.Recognize(head, name); err == nil && (s.env.Convert != nil || serverForm(kind) != "") {
		advice = fmt.Sprintf("without that line sendfax takes %s by itself; or save it as PDF and send that", kind)
	}
	return fmt.Errorf("%s: %s (line %d of %s refuses such documents: %s)", name, rule.Command, rule.Line, s.rulesFile, advice)
}

func formOf(r typerules.Result) client.Form {
	switch r {
	case typerules.TIFF:
		return client.FormTIFF
	case typerules.PDF:
		return client.FormPDF
	case typerules.PCL:
		return client.FormPCL
	}
	return client.FormPostScript
}

func inMemory(name string, form client.Form, data []byte) client.Document {
	return client.Document{Name: name, Form: form, Size: int64(len(data)), Open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(data)), nil
	}}
}

// errNoProgram tells that a rule's program is not installed.
var errNoProgram = errors.New("the program is not installed")

// runRule runs a rule's command and returns what it made.
func (s *sendfax) runRule(ctx context.Context, name string, rule *typerules.Rule) ([]byte, error) {
	shell, err := exec.LookPath("sh")
	if err != nil { // Windows, mostly
		return nil, errNoProgram
	}
	size, ok := findPageSize(s.env.ConfigDir, s.proto.pageSize)
	if !ok {
		return nil, fmt.Errorf("Unknown page size %s", s.proto.pageSize) //nolint:staticcheck // HylaFAX's words
	}
	dir, err := os.MkdirTemp("", "sndfax")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "document")
	command := rule.Expand(name, out, typerules.Page{
		HRes: s.proto.hres, VRes: s.proto.vres, Width: size.widthMM(), Length: size.heightMM(), Size: s.proto.pageSize, Filters: filterDir,
	})
	if s.verbosity > 0 {
		s.env.printf("CONVERT \"%s\"\n", command)
	}
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, shell, "-c", command)
	cmd.Stdout, cmd.Stderr = &said, &said
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() == shellNotFound:
		return nil, errNoProgram
	case err != nil:
		return nil, fmt.Errorf("Error converting document; command was \"%s\"%s", command, lastWords(said.String())) //nolint:staticcheck // HylaFAX's words
	}
	data, err := os.ReadFile(out)
	if err == nil && len(data) == 0 {
		err = fs.ErrNotExist
	}
	if err != nil {
		return nil, fmt.Errorf("Error converting document; command was \"%s\"; it made nothing%s", command, lastWords(said.String())) //nolint:staticcheck // HylaFAX's words
	}
	return data, nil
}
