package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/litoria-fax/litoria/protocol"
	"github.com/litoria-fax/litoria/protocol/client"
	"github.com/litoria-fax/litoria/protocol/client/faxdb"
	"github.com/litoria-fax/litoria/protocol/client/typerules"
	"github.com/litoria-fax/litoria/protocol/getopt"
)

// sendfaxSpec is getopt(3)'s description of sendfax's options.
const sendfaxSpec = "a:b:B:c:C:d:f:F:h:i:I:k:M:o:O:P:r:s:S:t:T:U:V:W:x:X:y:Y:z:Z:123lmnpvwADEGNR"

// sendfax is one run of the command.
type sendfax struct {
	*base
	proto     faxJob
	jobs      []faxJob
	polls     []client.Poll
	files     []string
	from      string // sender's identity as given
	sender    string // sender's name
	owner     string
	wait      bool
	json      bool
	key       string
	help      bool
	verbosity int
	pending   bool // options came after the last destination

	dialRules, coverCmd, dateFormat string
	rulesFile                       string // of typerules; "" for the site's, if there is one
	book                            string // the address book
	bookRead                        *faxdb.Book
	rules                           *typerules.Rules

	documents  []*prepared
	requests   []*client.Request // one for each of jobs
	totalPages int
}

// Sendfax submits faxes (sendfax(1)). args begins with the command's name.
func Sendfax(ctx context.Context, env *Env, args []string) int {
	s := &sendfax{
		base: newBase(env, "sendfax"), proto: newFaxJob(),
		dialRules: filepath.Join(env.ConfigDir, "dialrules"), coverCmd: env.CoverCmd,
	}
	if env.HomeDir != "" {
		s.book = filepath.Join(env.HomeDir, ".faxdb")
	}
	s.readConfig(s.set, "hyla.conf", "sendfax.conf")
	expanded, err := getopt.ExpandFor(args[1:], sendfaxSpec, s.flags())
	if err != nil {
		env.errorf("%s: %v", s.name, err)
		return s.usage()
	}
	app := &cli.App{
		Name: "sendfax", Usage: "submit a facsimile job for transmission", HideHelp: true, HideVersion: true,
		UsageText: "sendfax [options] -d DESTINATION [files]", Flags: s.flags(), Writer: env.Stdout, ErrWriter: env.Stderr,
		Description: "Options hold for the destinations (-d, -z) that follow them. Without files, standard input is sent.",
		Action:      func(c *cli.Context) error { return s.action(ctx, c) },
		OnUsageError: func(_ *cli.Context, err error, _ bool) error {
			return err
		},
	}
	err = app.Run(append([]string{"sendfax"}, expanded...))
	if fault := getopt.Fault(app); fault != nil {
		err = fault
	}
	switch {
	case errors.Is(err, errUsage):
		return s.usage()
	case err != nil:
		env.errorf("%s", err)
		return exitFailed
	}
	return exitOK
}

// errUsage is an error that was told already.
var errUsage = errors.New("usage")

func (s *sendfax) usage() int {
	s.env.errorf("usage: %s [options] [files]\n(Read the manual page; it's too complicated).", s.name)
	return exitFailed
}

func (s *sendfax) action(ctx context.Context, c *cli.Context) error {
	if s.help {
		return getopt.Help(c.App.Writer, c.App)
	}
	switch {
	case len(s.jobs) == 0:
		s.env.errorf("%s: No destination specified.", s.name)
		return errUsage
	case s.pending:
		s.env.errorf("%s: Unused options after last destination.", s.name)
		return errUsage
	}
	s.files = c.Args().Slice()
	if len(s.files) == 0 && len(s.polls) == 0 {
		name, err := s.spoolStdin()
		if err != nil {
			return err
		}
		defer os.Remove(name)
		s.files = []string{name}
	}
	return s.run(ctx)
}

// set takes a configuration line.
func (s *sendfax) set(item protocol.ConfigItem) (bool, error) {
	switch item.Tag {
	case "dialrules":
		s.dialRules = s.env.expand(item.Value)
	case "covercmd":
		s.coverCmd = s.env.expand(item.Value)
	case "from":
		s.from = item.Value
	case "dateformat":
		s.dateFormat = item.Value
	case "typerules":
		s.rulesFile = s.env.expand(item.Value)
	case "faxdb":
		s.book, s.bookRead = s.env.expand(item.Value), nil
	default:
		if ok, err := s.proto.set(item); ok || err != nil {
			return ok, err
		}
		return s.base.set(item)
	}
	return true, nil
}

// option makes a flag whose value belongs to the destinations that follow.
func (s *sendfax) option(name, what, usage string, set func(string) error) cli.Flag {
	return getopt.Option(name, what, usage, func(v string) error {
		s.pending = true
		return set(v)
	})
}

func (s *sendfax) text(name, what, usage string, p *string) cli.Flag {
	return s.option(name, what, usage, func(v string) error { *p = v; return nil })
}

func (s *sendfax) number(name, what, usage string, p *int) cli.Flag {
	return s.option(name, what, usage, func(v string) error {
		n, err := strconv.Atoi(v)
		if err != nil {
			return fmt.Errorf("-%s: %q is not a number", name, v)
		}
		*p = n
		return nil
	})
}

func (s *sendfax) flag(name, usage string, set func()) cli.Flag {
	return getopt.Switch(name, usage, func() {
		s.pending = true
		set()
	})
}

// flags returns the options in the manual page's order.
func (s *sendfax) flags() []cli.Flag {
	p := &s.proto
	return append([]cli.Flag{
		getopt.Option("d", "DESTINATION", "send to [name@]number[#subaddress]", func(v string) error { return s.addDestination(v) }),
		getopt.Option("z", "FILE", "send to the destinations in this file, one a line", s.addDestinationsFrom),
		getopt.Option("h", "[MODEM@]HOST[:PORT]", "server", s.setHost),
		s.flag("n", "no cover page", func() { p.autoCover = false }),
		s.flag("w", "wait until the job is done, and show how it goes", func() { s.wait = true }),
		s.flag("l", "low resolution (98 lines per inch)", func() { p.vres = 98 }),
		s.flag("m", "fine resolution (196 lines per inch)", func() { p.vres = 196 }),
		s.flag("G", "highest resolution that the receiver takes", func() { p.highest = true }),
		s.flag("1", "1-D MH compression", func() { p.dataFormat = "g31d" }),
		s.flag("2", "2-D MR compression, if possible", func() { p.dataFormat = "g32d" }),
		s.flag("3", "2-D MMR compression, if possible", func() { p.dataFormat = "g4" }),
		s.text("a", "TIME", "when to send, as in at(1)", &p.sendTime),
		s.text("k", "TIME", "when to give up, as in at(1)", &p.killTime),
		s.text("I", "TIME", "time between tries: seconds, or with min, hour, day", &p.retryTime),
		s.number("t", "TRIES", "most tries", &p.maxTries),
		s.number("T", "DIALS", "most calls", &p.maxDials),
		s.option("P", "PRIORITY", "0 (first) to 255, or default, bulk, low, high", func(v string) (err error) {
			p.priority, err = parsePriority(v)
			return err
		}),
		s.option("b", "SPEED", "slowest speed, else give up", p.setMinSpeed),
		s.option("B", "SPEED", "fastest speed", p.setSpeed),
		s.option("M", "TIME", "minimum scanline time", p.setScanline),
		s.flag("E", "no error correction", func() { ecm := false; p.ecm = &ecm }),
		s.text("s", "SIZE", "page size", &p.pageSize),
		s.text("Z", "RANGE", "pages to send, as in 1,3-5", &p.pageRange),
		s.flag("p", "poll: ask the far end for its documents", func() { s.polls = append(s.polls, client.Poll{}) }),
		s.flag("A", "archive the job when it is done", func() { p.doneOp = "archive" }),
	}, s.moreFlags()...)
}

func (s *sendfax) moreFlags() []cli.Flag {
	p := &s.proto
	notify := func(n client.Notification) func() { return func() { p.notify = n } }
	return []cli.Flag{
		s.flag("D", "mail when it is delivered", notify(client.NotifyDone)),
		s.flag("R", "mail when it is delivered and when it is tried again", notify(client.NotifyRequeue)),
		s.flag("N", "no mail", notify(client.NotifyFailure)),
		s.text("f", "FROM", "sender, as a name, a mail address or both", &s.from),
		s.text("o", "OWNER", "log in as this user", &s.owner),
		s.text("i", "IDENTIFIER", "name of the job in notices", &p.tag),
		s.text("S", "TSI", "identification of the sending station", &p.tsi),
		s.option("F", "FORMAT", "tag line on top of the pages", func(v string) error {
			p.tagLine, p.useTagLine = v, true
			return nil
		}),
		s.text("C", "FILE", "cover page template", &p.template),
		s.text("c", "COMMENTS", "comments for the cover page", &p.comments),
		s.text("r", "REGARDING", "subject for the cover page", &p.regarding),
		s.text("x", "COMPANY", "receiver's company", &p.company),
		s.text("y", "LOCATION", "receiver's location", &p.location),
		s.text("V", "NUMBER", "receiver's voice number", &p.voice),
		s.text("X", "COMPANY", "sender's company", &p.fromCompany),
		s.text("Y", "LOCATION", "sender's location", &p.fromLocation),
		s.text("U", "NUMBER", "sender's voice number", &p.fromVoice),
		s.text("W", "NUMBER", "sender's fax number", &p.fromFax),
		s.option("O", "'TAG: VALUE'", "a line of a configuration file", func(v string) error { return s.setItem(v, s.set) }),
		s.flag("v", "tell what is done; twice: show the protocol too", func() {
			s.verbosity++
			s.verbose = s.verbosity > 1
		}),
		getopt.Option("dup-key", "KEY", "submit once: a server of Litoria that has a job with this key answers with that job", func(v string) error { s.key = v; return nil }),
		getopt.Switch("json", "print the jobs as JSON", func() { s.json = true }),
		getopt.Switch("help", "show this text", func() { s.help = true }),
	}
}

// addDestination adds a job for [name@]number[#subaddress] (T.33). The number may also be a name of the
// address book.
func (s *sendfax) addDestination(dest string) error {
	s.pending = false
	job := s.proto
	number := dest
	if name, rest, ok := strings.Cut(dest, "@"); ok {
		job.recipient, number = name, rest
	}
	if n, sub, ok := strings.Cut(number, "#"); ok {
		number, job.subAddress = n, sub
	}
	if r := s.lookUp(number); r != nil {
		number = r.Get(faxdb.Number)
		if job.recipient == "" {
			job.recipient = r.Get(faxdb.Name)
		}
	}
	if number == "" {
		return fmt.Errorf("%s: Null destination for \"%s\".", s.name, dest) //nolint:staticcheck,revive // HylaFAX's words
	}
	job.number = number
	if (job.speed < 0 || job.speed > speed14400) && job.ecm != nil && !*job.ecm {
		s.env.warnf("ECM disabled, limiting job to 14400 bps.")
		job.speed = speed14400
	}
	s.jobs = append(s.jobs, job)
	return nil
}

// addDestinationsFrom adds the destinations of a file.
func (s *sendfax) addDestinationsFrom(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("%s: %s: no such file.", s.name, name) //nolint:staticcheck,revive // HylaFAX's words
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := strings.TrimRight(lines.Text(), " \t\r")
		if line == "" || line[0] == '#' {
			continue
		}
		if err := s.addDestination(line); err != nil {
			return err
		}
	}
	s.pending = false
	return lines.Err()
}

// run prepares the documents, and then talks to the server.
func (s *sendfax) run(ctx context.Context) error {
	if err := s.prepareAll(ctx); err != nil {
		return err
	}
	c, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := s.login(c, s.owner); err != nil {
		return err
	}
	jobs, err := s.submit(c)
	if err != nil {
		return err
	}
	if s.wait {
		return s.waitFor(ctx, c, jobs)
	}
	return ignoreLost(c.Quit())
}

// ignoreLost forgets that a server closed the connection at the end.
func ignoreLost(err error) error {
	if errors.Is(err, client.ErrLostServer) {
		return nil
	}
	return err
}

// prepareAll does everything that can fail on this side.
func (s *sendfax) prepareAll(ctx context.Context) error {
	if err := s.identify(); err != nil {
		return err
	}
	if err := s.sizePages(); err != nil {
		return err
	}
	if err := s.readRules(); err != nil {
		return err
	}
	for _, name := range s.files {
		d, err := s.prepare(ctx, name)
		if err != nil {
			return err
		}
		s.documents = append(s.documents, d)
		s.totalPages += d.pages
	}
	for i := range s.jobs {
		j := &s.jobs[i]
		j.external = j.number
		if s.env.DisplayNumber != nil {
			shown, err := s.env.DisplayNumber(s.dialRules, j.number)
			if err != nil {
				return err
			}
			j.external = shown
		}
		req, err := j.request(s.env.Now())
		if err != nil {
			return err
		}
		if j.autoCover && len(s.documents) > 0 {
			if req.Cover, err = s.coverPage(j); err != nil {
				return err
			}
		}
		s.requests = append(s.requests, req)
	}
	return nil
}

// sizePages finds the page size of each job.
func (s *sendfax) sizePages() error {
	for i := range s.jobs {
		if err := s.sizePage(&s.jobs[i]); err != nil {
			return err
		}
	}
	return s.sizePage(&s.proto)
}

func (s *sendfax) sizePage(j *faxJob) error {
	if j.width != 0 && j.length != 0 {
		return nil
	}
	size, ok := findPageSize(s.env.ConfigDir, j.pageSize)
	if !ok {
		return fmt.Errorf("Unknown page size %s", j.pageSize) //nolint:staticcheck // HylaFAX's words
	}
	j.width, j.length = int(size.widthMM()), int(size.heightMM())
	return nil
}

// submitted is a job that the server has.
type submitted struct {
	ID          client.JobID `json:"id"`
	Group       client.JobID `json:"group"`
	Host        string       `json:"host"`
	Files       int          `json:"files"`
	Destination string       `json:"destination"`
}

// submit uploads the documents once and makes a job for each destination.
func (s *sendfax) submit(c *client.Client) ([]submitted, error) {
	var names []string
	for _, d := range s.documents {
		name, err := s.upload(c, d)
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	var jobs []submitted
	for i, req := range s.requests {
		req.Sender, req.Modem, req.Documents, req.Polls = s.sender, s.modem, names, s.polls
		req.Key = s.keyOf(i)
		id, group, err := c.SubmitRequest(req)
		var known *client.DuplicateError
		if errors.As(err, &known) {
			s.env.warnf("%s", known)
			id, err = known.Job, nil
		}
		if err != nil {
			return jobs, err
		}
		job := submitted{id, group, s.host, len(names), s.jobs[i].external}
		s.announce(job)
		jobs = append(jobs, job)
	}
	return jobs, nil
}

// keyOf is the key of a destination's job: each has one of its own.
func (s *sendfax) keyOf(i int) string {
	if s.key == "" || i == 0 {
		return s.key
	}
	return fmt.Sprintf("%s/%d", s.key, i+1)
}

// announce tells of a new job, in the words that scripts look for.
func (s *sendfax) announce(job submitted) {
	if s.json {
		s.env.printJSON(job)
		return
	}
	plural := "s"
	if job.Files == 1 {
		plural = ""
	}
	s.env.printf("request id is %s (group id %s) for host %s (%d file%s)\n", job.ID, job.Group, job.Host, job.Files, plural)
}
