package line

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/google/renameio/v2"

	"github.com/litoria-fax/litoria/modemdrv/tiff"
	"github.com/litoria-fax/litoria/spool"
)

// A process that is killed leaves two things behind that the next one needs.
// Both are files below tmp/, one for each line:
//
//   - .recv.DEVID names the document that was being received. Its pages were
//     confirmed, so somebody has to be told of them.
//   - .port.DEVID is the UDP port. With the same port the exchange learns at
//     once, by INVAL, that the calls of before are over.

func leftoverName(kind, devid string) string {
	return filepath.Join(spool.Tmp, "."+kind+"."+devid)
}

// unfinished are the documents of a call that is being received.
type unfinished struct {
	Documents []unfinishedDocument
	CommID    string
	CallIDs   []string
	Sender    string
	Polled    *polled `json:",omitempty"` // nil: a call that came in
}

type unfinishedDocument struct {
	File  string // recvq/fax...
	Start time.Time
}

// begun notes the documents that are being received.
func (b *inbox) begun() {
	u := unfinished{CommID: b.log.CommID, CallIDs: b.from.callIDs, Sender: b.from.sender, Polled: b.polled}
	for _, d := range b.documents {
		u.Documents = append(u.Documents, unfinishedDocument{d.file.Name, d.start})
	}
	text, err := json.Marshal(u)
	if err == nil {
		err = renameio.WriteFile(b.line.spool.Path(leftoverName("recv", b.line.devid)), text, 0o600)
	}
	if err != nil {
		b.line.log.Warn().Err(err).Msg("a stop in this call would leave the received pages unannounced")
	}
}

// settled forgets the note: everybody was told.
func (b *inbox) settled() {
	if err := os.Remove(b.line.spool.Path(leftoverName("recv", b.line.devid))); err != nil && !errors.Is(err, fs.ErrNotExist) {
		b.line.log.Warn().Err(err).Msg("note of a reception cannot be removed")
	}
}

// reasonKilled is what the record says of a reception that the process did not
// live to finish.
const reasonKilled = "The fax server was stopped in the middle of the call"

// announceLeftover finishes a reception that a killed process left behind: what
// was received is recorded and delivered.
func (l *Line) announceLeftover() {
	note := l.spool.Path(leftoverName("recv", l.devid))
	text, err := os.ReadFile(note)
	if err != nil {
		return // there is none
	}
	var u unfinished
	if err := json.Unmarshal(text, &u); err != nil {
		l.log.Warn().Str("file", note).Err(err).Msg("note of a reception is damaged; see recvq for a fax that nobody was told of")
	}
	for _, d := range u.Documents {
		if spool.CheckName(d.File) == nil && strings.HasPrefix(d.File, spool.RecvQ+"/") {
			l.announceDocument(u, d)
		}
	}
	if err := os.Remove(note); err != nil {
		l.log.Warn().Err(err).Msg("note of a reception cannot be removed")
	}
}

func (l *Line) announceDocument(u unfinished, d unfinishedDocument) {
	path := l.spool.Path(d.File)
	pages, last, err := leftoverPages(path)
	if pages == 0 {
		l.log.Info().Str("file", d.File).Err(err).Msg("the reception that was broken off brought no page")
		_ = os.Remove(path)
		return
	}
	if err := os.Chmod(path, l.set.RecvMode); err != nil {
		l.log.Error().Str("file", d.File).Err(err).Msg("received file cannot be finished")
	}
	l.log.Warn().Str("file", d.File).Int("pages", pages).Msg("a reception was broken off when the process was stopped; what came is kept")
	took := max(last.DateTime.Sub(d.Start), 0)
	rec := &spool.Record{Kind: "RECV", Start: d.Start, CommID: u.CommID, Device: l.devid, JobID: d.File, User: "fax", Dest: l.set.Number, CSI: u.Sender,
		Params: last.FaxRecvParams, NPages: pages, Duration: took, ConnTime: took, Status: reasonKilled, CallIDs: u.CallIDs}
	u.Polled.address(rec)
	if err := l.spool.AppendRecord(rec); err != nil {
		l.log.Error().Err(err).Msgf("%s record cannot be written", rec.Kind)
	}
	l.deliver(u.Polled.delivery(l.set, d.File, u.CommID, l.devid, reasonKilled, u.CallIDs), d.File, nil)
}

// leftoverPages counts the whole pages of a file and gives the last.
func leftoverPages(name string) (int, tiff.Page, error) {
	r, err := tiff.Open(name)
	if err != nil {
		return 0, tiff.Page{}, err
	}
	defer r.Close()
	pages := r.Pages()
	if len(pages) == 0 {
		return 0, tiff.Page{}, nil
	}
	return len(pages), pages[len(pages)-1], nil
}

// formerPort gives a bind address with the port that this line's process had
// before, and tells whether the choice of the port is ours.
func formerPort(s *spool.Spool, devid, bind string) (address string, choice bool) {
	host, port, err := net.SplitHostPort(bind)
	if err != nil || port != "0" {
		return bind, false
	}
	text, err := os.ReadFile(s.Path(leftoverName("port", devid)))
	if err != nil {
		return bind, true
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 16)
	if err != nil || n < 1024 {
		return bind, true
	}
	return net.JoinHostPort(host, strconv.FormatUint(n, 10)), true
}

// keepPort notes the port for the next process.
func keepPort(s *spool.Spool, devid string, port uint16) error {
	return renameio.WriteFile(s.Path(leftoverName("port", devid)), fmt.Appendln(nil, port), 0o600)
}
