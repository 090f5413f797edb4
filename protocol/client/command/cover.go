package command

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/litoria-fax/litoria/protocol/client"
	"github.com/litoria-fax/litoria/protocol/client/cover"
	"github.com/litoria-fax/litoria/protocol/client/faxdb"
)

// coverPage makes the cover page of a job: by the site's program, else by itself.
func (s *sendfax) coverPage(j *faxJob) (*client.Document, error) {
	if s.coverCmd == s.env.CoverCmd { // nobody asked for another one
		if _, err := os.Stat(s.coverCmd); s.coverCmd == "" || errors.Is(err, fs.ErrNotExist) {
			return s.ownCoverPage(j)
		}
	}
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
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return nil, fmt.Errorf("Error creating cover sheet; command was \"%s\"; %s%s", shown, exit, lastWords(said.String())) //nolint:staticcheck // HylaFAX's words
	case err != nil:
		return nil, fmt.Errorf("Error creating cover sheet: %w (sendfax -n sends without one)", err) //nolint:staticcheck // HylaFAX's words
	case len(out) == 0:
		return nil, fmt.Errorf("Error creating cover sheet; command was \"%s\"; it made nothing%s", shown, lastWords(said.String())) //nolint:staticcheck // HylaFAX's words
	}
	return coverDocument(client.FormPostScript, out), nil
}

// lastWords are what a program said, to be put behind a sentence.
func lastWords(said string) string {
	if said = strings.TrimSpace(said); said == "" {
		return ""
	}
	return ": " + said
}

func coverDocument(form client.Form, data []byte) *client.Document {
	return &client.Document{
		Name: "cover page", Form: form,
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil },
	}
}

// coverArguments are faxcover's options for what is known.
func (s *sendfax) coverArguments(j *faxJob) []string {
	var args []string
	for _, o := range [][2]string{
		{"-C", j.template}, {"-D", s.dateFormat}, {"-c", j.comments}, {"-f", s.sender}, {"-M", j.mailbox},
		{"-l", j.location}, {"-n", j.external}, {"-r", j.regarding}, {"-s", j.pageSize}, {"-t", j.recipient},
		{"-v", j.voice}, {"-x", j.company}, {"-L", j.fromLocation}, {"-N", j.fromFax}, {"-V", j.fromVoice},
		{"-X", j.fromCompany}, {"-p", s.pagesToFollow()},
	} {
		if o[1] != "" {
			args = append(args, o[0], strings.TrimSpace(o[1]))
		}
	}
	return args
}

func (s *sendfax) pagesToFollow() string {
	if s.totalPages == 0 {
		return ""
	}
	return strconv.Itoa(s.totalPages)
}

// ownCoverPage makes a cover page without another program: from the site's template, else a plain page that
// needs no Ghostscript on the server.
func (s *sendfax) ownCoverPage(j *faxJob) (*client.Document, error) {
	size, ok := findPageSize(s.env.ConfigDir, j.pageSize)
	if !ok {
		return nil, fmt.Errorf("Unknown page size %s", j.pageSize) //nolint:staticcheck // HylaFAX's words
	}
	page := cover.Page{
		To: j.recipient, ToCompany: j.company, ToLocation: j.location, ToVoice: j.voice, ToFax: j.external,
		From: s.sender, FromCompany: j.fromCompany, FromLocation: j.fromLocation, FromVoice: j.fromVoice, FromFax: j.fromFax,
		FromMail: j.mailbox, Regarding: j.regarding, Comments: j.comments, Pages: s.pagesToFollow(),
		Width: size.widthMM(), Length: size.heightMM(),
	}
	s.env.fillCover(&page, s.dateFormat, s.addressBook())
	template, name, err := s.env.coverTemplate(j.template)
	if err != nil {
		return nil, err
	}
	if s.verbosity > 0 {
		s.env.printf("COVER SHEET \"%s\"\n", name)
	}
	if template == nil && s.env.Convert != nil {
		c, err := s.env.Convert([]byte(page.Text()), s.convertOptions("cover page"))
		if err != nil {
			return nil, fmt.Errorf("Error creating cover sheet: %w", err) //nolint:staticcheck // HylaFAX's words
		}
		return coverDocument(c.Form, c.Data), nil
	}
	var out bytes.Buffer
	if err := page.PostScript(&out, orBuiltIn(template)); err != nil {
		return nil, err
	}
	return coverDocument(client.FormPostScript, out.Bytes()), nil
}

func orBuiltIn(template []byte) io.Reader {
	if template == nil {
		return cover.Template()
	}
	return bytes.NewReader(template)
}

// coverTemplate reads the template that was asked for, or that FAXCOVER names, or faxcover.ps: in the user's
// home, then among the site's files. Where nobody asked for one and there is none, template is nil.
func (e *Env) coverTemplate(asked string) (template []byte, name string, err error) {
	const usual = "faxcover.ps"
	if name = asked; name == "" {
		name = e.Getenv("FAXCOVER")
	}
	wanted := name != ""
	if !wanted {
		name = usual
	}
	places := []string{filepath.Join(e.HomeDir, name), filepath.Join(e.ConfigDir, name)}
	switch {
	case filepath.IsAbs(name):
		places = []string{name}
	case e.HomeDir == "":
		places = places[1:]
	}
	for _, place := range places {
		if template, err = os.ReadFile(place); err == nil {
			return template, place, nil
		}
	}
	if !wanted && errors.Is(err, fs.ErrNotExist) {
		return nil, "plain", nil
	}
	return nil, name, fmt.Errorf("Could not locate prototype cover sheet \"%s\".", name) //nolint:staticcheck,revive // HylaFAX's words
}

// fillCover adds the date, and what the address book knows of both people.
func (e *Env) fillCover(p *cover.Page, dateFormat string, book *faxdb.Book) {
	if dateFormat == "" {
		dateFormat = cover.DefaultDateFormat
	}
	p.Date = cover.FormatDate(dateFormat, e.Now())
	fill := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	number := func(r *faxdb.Record, field string) string { // HylaFAX's form of a number with an area code
		n := r.Get(field)
		if area := r.Get(faxdb.AreaCode); area != "" && n != "" {
			n = "1-" + area + "-" + n
		}
		return n
	}
	if to := book.Find(p.To); to != nil {
		p.To = to.Get(faxdb.Name)
		fill(&p.ToCompany, to.Get(faxdb.Company))
		fill(&p.ToLocation, to.Get(faxdb.Location))
		fill(&p.ToVoice, number(to, faxdb.Voice))
	}
	if from := book.Find(p.From); from != nil {
		fill(&p.FromCompany, from.Get(faxdb.Company))
		fill(&p.FromLocation, from.Get(faxdb.Location))
		fill(&p.FromVoice, number(from, faxdb.Voice))
		fill(&p.FromFax, number(from, faxdb.Number))
		fill(&p.FromMail, from.Get(faxdb.Mail))
	}
}
