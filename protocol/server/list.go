package server

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/litoria-fax/litoria/protocol"
)

// listing is one line of a listing, with the key by which it is sorted.
type listing struct {
	key  string
	line string
}

// lister formats the entries of a listing: in the format that is set, sorted by the sorting format
// if there is one.
type lister struct {
	format, sort protocol.Format
	buf          []byte
}

func (s *session) newLister(format string) *lister {
	return &lister{
		format: protocol.ParseFormat(s.formats[format]),
		sort:   protocol.ParseFormat(s.formats[strings.TrimSuffix(format, "FMT")+"SORTFMT"]),
	}
}

// entry formats one entry.
func (l *lister) entry(value func(letter byte) protocol.Value) listing {
	l.buf = l.format.Append(l.buf[:0], value)
	e := listing{line: cleanLine(l.buf)}
	if len(l.sort) > 0 {
		e.key = string(l.sort.Append(nil, value))
	}
	return e
}

// cleanLine makes sure that a value cannot begin a line of its own.
func cleanLine(line []byte) string {
	for i, b := range line {
		if b == '\r' || b == '\n' || b == 0 {
			line[i] = ' '
		}
	}
	return string(line)
}

// cmdLIST lists a directory on the data connection.
func (s *session) cmdLIST(a *args) error {
	name, d, err := s.listArgument(a)
	if err != nil {
		return err
	}
	lines, err := d.list(s, d)
	if err != nil {
		return fileFault(name, err)
	}
	if sortKeyed(lines) {
		sort.SliceStable(lines, func(i, j int) bool { return lines[i].key < lines[j].key })
	}
	return s.sendListing(name, lines)
}

// sortKeyed reports whether the entries have keys to sort by.
func sortKeyed(lines []listing) bool {
	for i := range lines {
		if lines[i].key != "" {
			return true
		}
	}
	return false
}

// listArgument takes the directory of LIST and NLST. Options for ls, which FTP clients send, are
// skipped.
func (s *session) listArgument(a *args) (string, *spoolDir, error) {
	name := "."
	if !a.atEnd() {
		a.space()
		name = a.word("pathname")
		if strings.HasPrefix(name, "-") && a.err == nil {
			if name = "."; !a.atEnd() {
				a.space()
				name = a.word("pathname")
			}
		}
		a.end()
	}
	if a.err != nil {
		return name, nil, a.err
	}
	d, err := s.directory(name)
	return name, d, err
}

// sendListing sends the lines of a listing.
func (s *session) sendListing(name string, lines []listing) error {
	var b bytes.Buffer
	size := 0
	for i := range lines {
		size += len(lines[i].line) + len("\r\n")
	}
	b.Grow(size)
	for i := range lines {
		b.WriteString(lines[i].line)
		b.WriteString("\r\n")
	}
	return s.run(&transfer{
		opening: fmt.Sprintf("%s for \"%s\".", openingData, name),
		file:    newOutgoing(&b, typeImage, modeStream), size: int64(b.Len()),
	})
}

// cmdNLST lists the names in a directory: job numbers in the queues of jobs.
func (s *session) cmdNLST(a *args) error {
	name, d, err := s.listArgument(a)
	if err != nil {
		return err
	}
	lines, err := s.names(d)
	if err != nil {
		return fileFault(name, err)
	}
	return s.sendListing(name, lines)
}

func (s *session) names(d *spoolDir) ([]listing, error) {
	format, isQueue := map[string]string{"/sendq": "%j", "/doneq": "%j", "/status": "%m"}[d.name]
	if !isQueue {
		var lines []listing
		err := s.eachFile(d, func(name string, _ fs.FileInfo) { lines = append(lines, listing{line: name}) })
		return lines, err
	}
	command := "JOBFMT"
	if d.name == "/status" {
		command = "MDMFMT"
	}
	before, sorting := s.formats[command], s.formats[strings.TrimSuffix(command, "FMT")+"SORTFMT"]
	s.formats[command] = format
	s.formats[strings.TrimSuffix(command, "FMT")+"SORTFMT"] = ""
	lines, err := d.list(s, d)
	s.formats[command] = before
	s.formats[strings.TrimSuffix(command, "FMT")+"SORTFMT"] = sorting
	if d.name == "/status" && len(lines) > 0 {
		lines = lines[1:] // the scheduler has no name
	}
	return lines, err
}

// eachFile calls f for each file of a directory that the client may see, sorted by name.
func (s *session) eachFile(d *spoolDir, f func(name string, info fs.FileInfo)) error {
	entries, err := s.srv.readDir(d.name)
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, err := e.Info() // known already, without another call of the system
		if err == nil && s.admin && info.Mode()&fs.ModeSymlink != 0 {
			info, err = s.stat(path.Join(d.name, e.Name()))
		}
		if err != nil || !s.admin && info.Mode()&fs.ModeSymlink != 0 || !d.visible(s, e.Name(), info) {
			continue // gone meanwhile, or not for this client
		}
		f(e.Name(), info)
	}
	return nil
}

// readDir reads a directory of the spool, sorted by name.
func (srv *Server) readDir(dir string) ([]fs.DirEntry, error) {
	entries, err := srv.entries(dir)
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, err
}

// entries reads a directory of the spool, in any order. What Lstat says of each file is in its entry: below an
// os.Root they are asked for at once.
func (srv *Server) entries(dir string) ([]fs.DirEntry, error) {
	f, err := srv.root.Open(relative(dir))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.ReadDir(-1)
}

// listFiles lists a directory of plain files.
func listFiles(s *session, d *spoolDir) ([]listing, error) {
	l := s.newLister("FILEFMT")
	var lines []listing
	err := s.eachFile(d, func(name string, info fs.FileInfo) {
		lines = append(lines, l.entry(s.fileValue(name, info)))
	})
	return lines, err
}

// fileValue gives the data of FILEFMT (faxstat(1)).
func (s *session) fileValue(name string, info fs.FileInfo) func(byte) protocol.Value {
	return func(letter byte) protocol.Value {
		switch letter {
		case 'f':
			return protocol.String(name)
		case 'm':
			return protocol.String(fileTime(s.zone(info.ModTime())))
		case 'o':
			return protocol.String(s.ownerName(s.srv.ownerOf(info)))
		case 'p':
			return protocol.String(protection(info, false))
		case 'q':
			return protocol.String(protection(info, true))
		case 's':
			return protocol.Decimal(info.Size())
		case 'g':
			return protocol.Decimal(uint32(s.srv.ownerOf(info)))
		}
		return s.inodeValue(letter, info)
	}
}

// inodeValue gives the data of FILEFMT that only the system knows.
func (s *session) inodeValue(letter byte, info fs.FileInfo) protocol.Value {
	st := inodeOf(info)
	switch letter {
	case 'a':
		return protocol.String(fileTime(s.zone(st.accessed)))
	case 'c':
		return protocol.String(fileTime(s.zone(st.changed)))
	case 'd':
		return protocol.Octal(st.device)
	case 'i':
		return protocol.Decimal(st.inode)
	case 'l':
		return protocol.Decimal(st.links)
	case 'r':
		return protocol.Octal(st.rootDevice)
	case 'u':
		return protocol.Decimal(st.user)
	}
	return noDatum(letter)
}

// noDatum is what FILEFMT and MDMFMT show for a letter that means nothing: as HylaFAX's do, a capital
// as it is written, nothing for a small one.
func noDatum(letter byte) protocol.Value {
	if letter >= 'A' && letter <= 'Z' {
		return protocol.Value{Type: protocol.TypeAsWritten}
	}
	return protocol.Value{}
}

// fileTime is asctime(3) without the weekday, line end included, as HylaFAX prints it; the line end
// becomes a space.
func fileTime(t time.Time) string { return t.Format("Jan _2 15:04:05 2006") + "\n" }

// protection shows a file's mode. The group bits are the owner's rights; HylaFAX's way of showing
// them leaves them out.
func protection(info fs.FileInfo, withGroup bool) string {
	kind := "?"
	switch mode := info.Mode(); {
	case mode.IsRegular():
		kind = "-"
	case mode.IsDir():
		kind = "d"
	case mode&fs.ModeNamedPipe != 0:
		kind = "p"
	case mode&fs.ModeSocket != 0:
		kind = "s"
	}
	perm := info.Mode().Perm().String()[1:]
	if withGroup {
		return kind + perm
	}
	return kind + perm[:3] + perm[6:]
}

// ownerName is the name that listings show for a fax user id.
func (s *session) ownerName(uid FaxUID) string {
	if uid == s.uid() {
		return s.user
	}
	list, err := s.srv.accessList()
	if err != nil {
		list = &accessList{}
	}
	return list.userName(uid)
}
