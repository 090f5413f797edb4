package command

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/urfave/cli/v2"

	"github.com/litoria-fax/litoria/protocol/client/cover"
	"github.com/litoria-fax/litoria/protocol/getopt"
)

const faxcoverSpec = "C:D:L:M:N:V:X:n:t:f:c:p:l:m:r:s:v:x:z:"

// faxcover is one run of the command.
type faxcover struct {
	env                        *Env
	page                       cover.Page
	template, dateFormat, size string
	help                       bool
}

// Faxcover writes a cover page as PostScript (faxcover(1)).
func Faxcover(env *Env, args []string) int {
	s := &faxcover{env: env, size: "default"}
	expanded, err := getopt.ExpandFor(args[1:], faxcoverSpec, s.flags())
	if err != nil {
		env.errorf("faxcover: %v", err)
		return s.usage()
	}
	app := &cli.App{
		Name: "faxcover", Usage: "write a cover page for a fax, as PostScript", HideHelp: true, HideVersion: true,
		UsageText: "faxcover [options] -f FROM -n NUMBER", Flags: s.flags(), Writer: env.Stdout, ErrWriter: env.Stderr,
		OnUsageError: func(_ *cli.Context, err error, _ bool) error { return err },
		Action: func(c *cli.Context) error {
			switch {
			case s.help:
				return getopt.Help(c.App.Writer, c.App)
			case s.page.From == "" || s.page.ToFax == "":
				return errUsage
			}
			return s.run()
		},
	}
	err = app.Run(append([]string{"faxcover"}, expanded...))
	if fault := getopt.Fault(app); fault != nil {
		err = fault
	}
	switch {
	case errors.Is(err, errUsage):
		return s.usage()
	case err != nil:
		env.errorf("faxcover: %v", err)
		return 1
	}
	return exitOK
}

func (s *faxcover) usage() int {
	s.env.errorf("usage: faxcover [-t to] [-c comments] [-p #pages] [-l to-location] [-m maxcomments] [-z maxlencomments]" +
		" [-r regarding] [-v to-voice-number] [-x to-company] [-C template-file] [-D date-format] [-L from-location]" +
		" [-M from-mail-address] [-N from-fax-number] [-V from-voice-number] [-X from-company] [-s pagesize] -f from -n fax-number.")
	return exitFailed
}

func (s *faxcover) flags() []cli.Flag {
	text := func(name, what, usage string, p *string) cli.Flag {
		return getopt.Option(name, what, usage, func(v string) error { *p = v; return nil })
	}
	number := func(name, what, usage string, p *int) cli.Flag {
		return getopt.Option(name, what, usage, func(v string) (err error) {
			if *p, err = strconv.Atoi(v); err != nil || *p < 1 {
				return fmt.Errorf("-%s: %q is no number of %s", name, v, what)
			}
			return nil
		})
	}
	p := &s.page
	return []cli.Flag{
		text("f", "FROM", "sender", &p.From),
		text("n", "NUMBER", "receiver's fax number", &p.ToFax),
		text("t", "TO", "receiver", &p.To),
		text("x", "COMPANY", "receiver's company", &p.ToCompany),
		text("l", "LOCATION", "receiver's location", &p.ToLocation),
		text("v", "NUMBER", "receiver's voice number", &p.ToVoice),
		text("X", "COMPANY", "sender's company", &p.FromCompany),
		text("L", "LOCATION", "sender's location", &p.FromLocation),
		text("N", "NUMBER", "sender's fax number", &p.FromFax),
		text("V", "NUMBER", "sender's voice number", &p.FromVoice),
		text("M", "ADDRESS", "sender's mail address", &p.FromMail),
		text("r", "REGARDING", "subject", &p.Regarding),
		text("c", "COMMENTS", `comments; \n ends a line`, &p.Comments),
		text("p", "PAGES", "number of pages that follow", &p.Pages),
		text("C", "FILE", "template", &s.template),
		text("D", "FORMAT", "format of the date, as in strftime(3)", &s.dateFormat),
		text("s", "SIZE", "page size", &s.size),
		number("m", "LINES", "most lines of comments (commentsX)", &p.MaxLines),
		number("z", "CHARACTERS", "most characters in such a line", &p.MaxLength),
		getopt.Switch("help", "show this text", func() { s.help = true }),
	}
}

func (s *faxcover) run() error {
	size, ok := findPageSize(s.env.ConfigDir, s.size)
	if !ok {
		return fmt.Errorf("Unknown page size \"%s\"", s.size) //nolint:staticcheck // HylaFAX's words
	}
	s.page.Width, s.page.Length = size.widthMM(), size.heightMM()
	template, _, err := s.env.coverTemplate(s.template)
	if err != nil {
		return err
	}
	book := ""
	if s.env.HomeDir != "" {
		book = filepath.Join(s.env.HomeDir, ".faxdb")
	}
	s.env.fillCover(&s.page, s.dateFormat, s.env.readBook(book))
	return s.page.PostScript(s.env.Stdout, orBuiltIn(template))
}
