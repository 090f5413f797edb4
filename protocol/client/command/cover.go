package command

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/litoria-fax/litoria/protocol/client"
)

// coverPage makes the cover page of a job by faxcover(1).
func (s *sendfax) coverPage(j *faxJob) (*client.Document, error) {
	args := s.coverArguments(j)
	shown := s.coverCmd
	for i := 0; i+1 < len(args); i += 2 {
		shown += fmt.Sprintf(" %s '%s'", args[i], args[i+1])
	}
	if s.verbosity > 0 {
		s.env.printf("COVER SHEET \"%s\"\n", shown)
	}
	cmd := exec.Command(s.coverCmd, args...)
	cmd.Args[0] = filepath.Base(s.coverCmd)
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return nil, fmt.Errorf("Error creating cover sheet; command was \"%s\"; %s", shown, exit) //nolint:staticcheck // HylaFAX's words
		}
		return nil, fmt.Errorf("Error creating cover sheet: %w (sendfax -n sends without one)", err) //nolint:staticcheck // HylaFAX's words
	}
	return &client.Document{
		Name: "cover page", Form: client.FormPostScript,
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(out)), nil },
	}, nil
}

// coverArguments are faxcover's options for what is known.
func (s *sendfax) coverArguments(j *faxJob) []string {
	var args []string
	pages := ""
	if s.totalPages > 0 {
		pages = strconv.Itoa(s.totalPages)
	}
	for _, o := range [][2]string{
		{"-C", j.template}, {"-D", s.dateFormat}, {"-c", j.comments}, {"-f", s.sender}, {"-M", j.mailbox},
		{"-l", j.location}, {"-n", j.external}, {"-r", j.regarding}, {"-s", j.pageSize}, {"-t", j.recipient},
		{"-v", j.voice}, {"-x", j.company}, {"-L", j.fromLocation}, {"-N", j.fromFax}, {"-V", j.fromVoice},
		{"-X", j.fromCompany}, {"-p", pages},
	} {
		if o[1] != "" {
			args = append(args, o[0], strings.TrimSpace(o[1]))
		}
	}
	return args
}
