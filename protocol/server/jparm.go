package server

import (
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/litoria-fax/litoria/protocol"
)

// cmdJPARM asks or sets parameters of the current job.
func (s *session) cmdJPARM(a *args) error {
	if a.atEnd() {
		if err := s.refresh(s.curJob); err != nil {
			s.dropCurrentJob()
			return errJobDeleted()
		}
		s.showJob(s.curJob)
		return nil
	}
	a.space()
	name := strings.ToUpper(a.word("parameter name"))
	if a.err != nil {
		return a.err
	}
	p, ok := protocol.LookupParameter(s.srv.parameters, name)
	switch {
	case !ok:
		return bad(protocol.CodeSyntax, "JPARM %s: Parameter not recognized.", name)
	case !p.Implemented:
		return bad(protocol.CodeNotImplemented, "JPARM %s: Parameter not implemented.", p.Name)
	case p.Kind == protocol.ParamHelp:
		return s.parameterHelp(a)
	case a.atEnd():
		return s.showParameter(p)
	}
	return s.setParameter(p, a)
}

func errJobDeleted() error {
	return protocol.Errorf(protocol.CodeSyntax, "Cannot access job state; job deleted by another party.")
}

func (s *session) dropCurrentJob() {
	delete(s.jobs, s.curJob.id)
	s.curJob = s.def
}

func (s *session) parameterHelp(a *args) error {
	table := parameterCommands(s.srv.parameters)
	if a.atEnd() {
		s.helpTable(table, "JPARM ")
		return nil
	}
	name := a.only("parameter name")
	if a.err != nil {
		return a.err
	}
	return s.helpOne(table, "JPARM ", name)
}

// mayAccess reports whether the client has one of the rights on a parameter of a job.
func (s *session) mayAccess(j *job, p *protocol.Parameter, write bool) bool {
	owner, admin, other := protocol.OwnerRead, protocol.AdminRead, protocol.OtherRead
	if write {
		owner, admin, other = protocol.OwnerWrite, protocol.AdminWrite, 0
	}
	return p.Access&other != 0 || s.admin && p.Access&admin != 0 ||
		p.Access&owner != 0 && (j.owner() == s.user || s.mayWriteJobFile(j))
}

func (s *session) mayWriteJobFile(j *job) bool {
	if j.file == "" {
		return false
	}
	info, err := s.srv.root.Lstat(j.file)
	return err == nil && s.fileRight(info, rightWrite)
}

// checkParameter makes sure that the current job is as on disk and that the client may do this.
func (s *session) checkParameter(p *protocol.Parameter, write bool) error {
	if err := s.refresh(s.curJob); err != nil {
		s.dropCurrentJob()
		return errJobDeleted()
	}
	if !s.mayAccess(s.curJob, p, write) {
		verb := "read"
		if write {
			verb = "write"
		}
		return bad(protocol.CodeBadValue, "Permission denied: no %s access to job parameter %s.", verb, p.Name)
	}
	if write && s.curJob != s.def && s.curJob.state() != stateSuspended {
		return bad(protocol.CodeBadValue, "Suspend the job with JSUSP first.")
	}
	return nil
}

// showParameter replies with the value of a parameter.
func (s *session) showParameter(p *protocol.Parameter) error {
	if err := s.checkParameter(p, false); err != nil {
		return bareError(err)
	}
	switch p.Name {
	case "DOCUMENT":
		for _, item := range s.curJob.data.items {
			if item.isDocument() && strings.TrimPrefix(item.op, "!") != "data" {
				s.more(protocol.CodeParameter, "%s %s", item.kind(), item.file)
			}
		}
		s.reply(protocol.CodeParameter, "End of documents.")
	case "COVER":
		for _, item := range s.curJob.data.items {
			if item.isCover() {
				s.reply(protocol.CodeParameter, "%s %s", item.kind(), item.file)
				return nil
			}
		}
		s.reply(protocol.CodeNoCover, "No cover page document.")
	case "POLL":
		for _, item := range s.curJob.data.items {
			if item.op == "poll" {
				s.more(protocol.CodeParameter, "\"%s\" \"%s\"", item.file, item.addr)
			}
		}
		s.reply(protocol.CodeParameter, "End of polling items.")
	default:
		s.reply(protocol.CodeParameter, "%s", s.parameterText(s.curJob, p))
	}
	return nil
}

// bareError takes the count off an error: asking is never counted against a client.
func bareError(err error) error {
	if b, ok := err.(badCommand); ok { //nolint:errorlint // it is the error itself or not
		return b.reply
	}
	return err
}

// parameterText is the value of a parameter as JPARM shows it.
func (s *session) parameterText(j *job, p *protocol.Parameter) string {
	switch p.Kind {
	case protocol.ParamTime:
		t := j.unix(p.Field)
		if t.IsZero() {
			return "NOW"
		}
		return protocol.FormatSendTime(s.zone(t))
	case protocol.ParamLifetime:
		seconds := j.number("killtime") - j.number("tts")
		return protocol.FormatLifetime(time.Duration(seconds) * time.Second)
	case protocol.ParamInterval:
		return protocol.FormatInterval(time.Duration(j.number(p.Field)) * time.Second)
	case protocol.ParamBool:
		if j.number(p.Field) != 0 {
			return "YES"
		}
		return "NO"
	case protocol.ParamFloat:
		return formatFloat(j.text(p.Field))
	case protocol.ParamEnum:
		return enumText(j, p)
	case protocol.ParamNumber:
		return strconv.Itoa(j.number(p.Field))
	}
	switch p.Name {
	case "STATE":
		return j.state().String()
	case "STATUS":
		return j.statusText()
	case "STATUSCODE":
		return fmt.Sprintf("%03d", j.number("statuscode"))
	case "ERRORCODE":
		return fmt.Sprintf("E%03d", j.number("statuscode"))
	}
	return j.text(p.Field)
}

// formatFloat is C's %g.
func formatFloat(text string) string {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return "0"
	}
	return strconv.FormatFloat(f, 'g', 6, 64)
}

// enumText turns the value of the job file into the word of the protocol.
func enumText(j *job, p *protocol.Parameter) string {
	value := j.text(p.Field)
	if n, err := strconv.Atoi(value); err == nil {
		if n >= 0 && n < len(p.Values) {
			return p.Values[n]
		}
		return p.Values[0]
	}
	for i, word := range enumFileWords(p.Name) {
		if word == value {
			return p.Values[i]
		}
	}
	return p.Values[0]
}

// enumFileWords are the words of the job file for parameters that have words there (sendq(5)).
func enumFileWords(name string) []string {
	switch name {
	case "NOTIFY":
		return []string{"none", "when done", "when requeued", "when done+requeued"}
	case "PAGECHOP":
		return []string{"default", "none", "all", "last"}
	}
	return nil
}

// showJob replies with all parameters of a job that the client may read.
func (s *session) showJob(j *job) {
	s.more(protocol.CodeJobState, "Job state: jobid %s groupid %s", j.id, j.group())
	for _, name := range jobStateOrder() {
		p, ok := protocol.LookupParameter(s.srv.parameters, name)
		if ok && s.mayAccess(j, p, false) {
			s.line("    %s: %s", p.Name, s.parameterText(j, p))
		}
	}
	for _, item := range j.data.items {
		switch {
		case item.op == "fax":
			s.line("    DOCUMENT: %s %s %d", item.kind(), item.file, item.page)
		case item.isCover():
			s.line("    COVER: %s %s", item.kind(), item.file)
		case item.isDocument():
			s.line("    DOCUMENT: %s %s", item.kind(), item.file)
		case item.op == "poll" && item.addr == "":
			s.line("    POLL: \"%s\"", item.file)
		case item.op == "poll":
			s.line("    POLL: \"%s\" \"%s\"", item.file, item.addr)
		}
	}
	s.reply(protocol.CodeJobState, "End of job %s state.", j.id)
}

// jobStateOrder is the order in which JPARM alone shows the parameters.
func jobStateOrder() []string {
	return []string{
		"SENDTIME", "LASTTIME", "RETRYTIME", "STATE", "NOTIFY", "PAGECHOP", "CHOPTHRESHOLD", "DATAFORMAT", "USEECM",
		"USETAGLINE", "USEXVRES", "USECONTCOVER", "STATUSCODE", "STATUS",
		"JOBTYPE", "EXTERNAL", "DIALSTRING", "NOTIFYADDR", "USRKEY", "MODEM", "TOUSER", "TOCOMPANY", "TOLOCATION",
		"TOVOICE", "FROMUSER", "FROMCOMPANY", "FROMLOCATION", "FROMVOICE", "PASSWD", "CLIENT", "FAXNUMBER", "TSI",
		"TAGLINE", "SUBADDR", "GROUPID", "JOBID", "JOBINFO", "OWNER", "DONEOP", "COMMID", "REGARDING", "COMMENTS",
		"PAGERANGE",
		"TOTPAGES", "NPAGES", "NTRIES", "NDIALS", "TOTDIALS", "MAXDIALS", "TOTTRIES", "MAXTRIES", "PAGEWIDTH",
		"PAGELENGTH", "VRES", "SCHEDPRI", "MINBR", "BEGBR", "BEGST",
	}
}

// maxParameterNumber is the largest number that job files hold: HylaFAX keeps 16 bits.
const maxParameterNumber = 65535

// setParameter sets a parameter from the arguments and confirms it.
func (s *session) setParameter(p *protocol.Parameter, a *args) error {
	switch p.Kind {
	case protocol.ParamNumber:
		return s.setNumber(p, a)
	case protocol.ParamBool:
		return s.setBool(p, a)
	case protocol.ParamFloat:
		return s.setFloat(p, a)
	case protocol.ParamTime, protocol.ParamLifetime, protocol.ParamInterval:
		return s.setTime(p, a)
	case protocol.ParamDocument:
		return s.setDocument(p, a)
	case protocol.ParamPoll:
		return s.setPoll(p, a)
	}
	value := a.text()
	if a.err != nil {
		return a.err
	}
	if err := s.checkParameter(p, true); err != nil {
		return err
	}
	if err := s.storeText(p, value); err != nil {
		return err
	}
	s.reply(protocol.CodeParameter, "%s set to \"%s\".", p.Name, value)
	return nil
}

// storeText puts text into the current job.
func (s *session) storeText(p *protocol.Parameter, value string) error {
	data := s.curJob.data
	if p.Kind != protocol.ParamEnum {
		if p.Field == "" {
			return bad(protocol.CodeBadValue, "Botch, don't know how to set %s parameter.", p.Name)
		}
		if strings.ContainsAny(value, "\r\n\x00") { // a job file has one value a line
			return bad(protocol.CodeBadValue, "%s must not contain line ends.", p.Name)
		}
		data.set(p.Field, strings.TrimLeft(value, " "))
		return nil
	}
	for i, word := range p.Values {
		if !strings.EqualFold(word, value) {
			continue
		}
		if words := enumFileWords(p.Name); words != nil {
			data.set(p.Field, words[i])
		} else {
			data.setNumber(p.Field, i)
		}
		switch p.Name {
		case "PAGECHOP":
			data.set("pagehandling", "")
		case "DATAFORMAT":
			s.dropPrepared()
		}
		return nil
	}
	return bad(protocol.CodeBadValue, "Unknown %s value %s.", p.Name, value)
}

// dropPrepared makes the scheduler prepare the documents of the current job anew.
func (s *session) dropPrepared() {
	for _, file := range s.curJob.data.flushPrepared() {
		if err := s.tellQueue(opUnreference, file); err != nil {
			s.log.Debug().Err(err).Str("file", file).Msg("prepared document")
		}
	}
}

func (s *session) setNumber(p *protocol.Parameter, a *args) error {
	n := a.onlyNumber()
	if a.err != nil {
		return a.err
	}
	if err := s.checkParameter(p, true); err != nil {
		return err
	}
	switch {
	case p.Field == "":
		return bad(protocol.CodeBadValue, "Botch, don't know how to set %s parameter.", p.Name)
	case n < 0 || n > maxParameterNumber:
		return bad(protocol.CodeBadValue, "%s: %d is out of range (0 to %d).", p.Name, n, maxParameterNumber)
	}
	data := s.curJob.data
	if data.number(p.Field) != int(n) {
		data.setNumber(p.Field, int(n))
		switch p.Name {
		case "PAGEWIDTH", "PAGELENGTH", "VRES":
			s.dropPrepared()
		case "SCHEDPRI":
			data.setNumber("schedpri", int(n))
		}
	}
	s.reply(protocol.CodeParameter, "%s set to %d.", p.Name, n)
	return nil
}

func (s *session) setBool(p *protocol.Parameter, a *args) error {
	value := a.boolean()
	if a.err != nil {
		return a.err
	}
	if err := s.checkParameter(p, true); err != nil {
		return err
	}
	n, word := 0, "NO"
	if value {
		n, word = 1, "YES"
	}
	if value && p.Name == "USEECM" {
		n = 2 // the usual kind: frames of 256 octets
	}
	s.curJob.data.setNumber(p.Field, n)
	s.reply(protocol.CodeParameter, "%s set to %s.", p.Name, word)
	return nil
}

func (s *session) setFloat(p *protocol.Parameter, a *args) error {
	value := a.only("floating point number")
	if a.err != nil {
		return a.err
	}
	if err := s.checkParameter(p, true); err != nil {
		return err
	}
	if _, err := strconv.ParseFloat(value, 64); err != nil {
		return &syntaxError{"invalid number"}
	}
	value = formatFloat(value)
	if s.curJob.text(p.Field) != value {
		s.curJob.data.set(p.Field, value)
		s.curJob.data.set("pagehandling", "")
	}
	s.reply(protocol.CodeParameter, "%s set to %s.", p.Name, value)
	return nil
}

// setTime sets SENDTIME, LASTTIME or RETRYTIME.
func (s *session) setTime(p *protocol.Parameter, a *args) error {
	var when time.Time
	var span time.Duration
	if p.Kind == protocol.ParamTime {
		when = a.sendTime()
	} else {
		span = a.duration(p.Kind)
	}
	if a.err != nil {
		return a.err
	}
	if err := s.checkParameter(p, true); err != nil {
		return err
	}
	now := s.srv.now()
	switch p.Kind {
	case protocol.ParamTime:
		text := "NOW"
		if when.IsZero() {
			s.curJob.setUnix("tts", now)
		} else {
			s.curJob.setUnix("tts", when)
			text = protocol.FormatSendTime(s.zone(when))
		}
		s.reply(protocol.CodeParameter, "%s set to %s.", p.Name, text)
	case protocol.ParamLifetime:
		from := s.curJob.unix("tts")
		if from.IsZero() {
			from = now
		}
		if from.Add(span).Before(now) {
			return bad(protocol.CodeBadValue, "Bad time to send; time window is entirely in the past.")
		}
		s.curJob.setUnix("killtime", from.Add(span))
		s.reply(protocol.CodeParameter, "%s set to %s.", p.Name, protocol.FormatLifetime(span))
	default:
		s.curJob.data.setNumber(p.Field, int(span/time.Second))
		s.reply(protocol.CodeParameter, "%s set to %s.", p.Name, protocol.FormatInterval(span))
	}
	return nil
}

// setDocument adds an uploaded document to the current job: as a link of its own, so that it stays
// when the session's temporary documents go.
func (s *session) setDocument(p *protocol.Parameter, a *args) error {
	name := a.only("pathname")
	if a.err != nil {
		return a.err
	}
	if err := s.checkParameter(p, true); err != nil {
		return bareError(err)
	}
	t, err := s.existing(name, rightRead)
	if err != nil {
		return err
	}
	if s.curJob == s.def {
		return protocol.Errorf(protocol.CodeBadJob, "Cannot add documents to default job.")
	}
	if !t.info.Mode().IsRegular() || t.dir.adminOnly {
		return notPlain(name)
	}
	return s.linkDocument(p.Name == "COVER", name, t)
}

func (s *session) linkDocument(cover bool, name string, t *target) error {
	head, err := s.srv.readHead(t.rel())
	if err != nil {
		return fileFault(name, err)
	}
	field, ok := documentField(t.path, head)
	if !ok {
		return protocol.Errorf(protocol.CodeFileUnavailable, "%s: Document type not recognized.", name)
	}
	link, what := path.Join("docq", path.Base(t.path)+"."+s.curJob.id), "document"
	if cover {
		link, what = fmt.Sprintf("docq/cover%s.cover", s.curJob.id), "cover page document"
	}
	if err := s.srv.root.Link(t.rel(), link); err != nil {
		return protocol.Errorf(protocol.CodeFileUnavailable, "Unable to link %s %s to /%s: %s.", what, name, link, reason(err))
	}
	s.curJob.data.items = append(s.curJob.data.items, jobItem{op: field, file: link})
	s.curJob.data.set("pagehandling", "")
	s.reply(protocol.CodeOK, "Added %s %s as %s.", what, name, link)
	return nil
}

// setPoll adds a poll to the current job.
func (s *session) setPoll(p *protocol.Parameter, a *args) error {
	a.space()
	selector := a.word("polling selector")
	password := ""
	if !a.atEnd() {
		a.space()
		password = a.word("polling password")
		a.end()
	}
	if a.err != nil {
		return a.err
	}
	if err := s.checkParameter(p, true); err != nil {
		return bareError(err)
	}
	if strings.ContainsAny(selector+password, ":\r\n\x00") { // separators of the job file
		return protocol.Errorf(protocol.CodeBadValue, "Polling selector and password must not contain colons or line ends.")
	}
	s.curJob.data.items = append(s.curJob.data.items, jobItem{op: "poll", addr: selector, file: password})
	s.reply(protocol.CodeOK, "Added poll operation.")
	return nil
}

// isPlain reports whether a file is a regular one.
func isPlain(info fs.FileInfo) bool { return info.Mode().IsRegular() }
