package server

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/litoria-fax/litoria/protocol"
	"github.com/litoria-fax/litoria/spool"
)

// Limits of transfers.
const (
	// MaxDocument is the size that an uploaded file may have, after decompression. It is a limit of
	// this implementation.
	MaxDocument = 1 << 31
	// stallCheck is how often a transfer is looked at for progress.
	stallCheck    = 10 * time.Second
	minStallCheck = 100 * time.Millisecond
)

// transfer is the transfer of one file, listing or stream of events over the data connection.
type transfer struct {
	name    string // of the file for XferLogFile; "" for what is not logged
	began   time.Time
	opened  bool   // the data connection
	opening string // text of the preliminary reply, behind what tells about the connection
	done    string // text of the final reply; "" for the usual words
	file    transferFile
	store   bool   // from the client
	size    int64  // -1 where it is not known
	endless bool   // no progress is no fault
	discard func() // removes what an aborted transfer leaves, before the client is told
}

// transferFile is what the engine copies from or to.
type transferFile interface {
	io.Reader
	io.Writer
	io.Seeker
	io.Closer
	TransferError(error)
	state() *transferState
}

// transferState is what a session wants to know about a transfer that the engine's goroutine does.
type transferState struct {
	count  atomic.Int64 // octets over the data connection
	closed chan struct{}
	once   sync.Once

	mu     sync.Mutex
	local  error // of the file
	remote error // of the data connection
}

func newTransferState() *transferState { return &transferState{closed: make(chan struct{})} }

func (t *transferState) state() *transferState { return t }

// TransferError implements ftpserver.FileTransferError.
func (t *transferState) TransferError(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.remote = err
}

func (t *transferState) setLocal(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.local == nil {
		t.local = err
	}
}

func (t *transferState) faults() (local, remote error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.local, t.remote
}

func (t *transferState) finish() { t.once.Do(func() { close(t.closed) }) }

// Seek implements io.Seeker; restarts are done before the engine sees the file.
func (t *transferState) Seek(int64, int) (int64, error) { return 0, nil }

var errWrongDirection = errors.New("not a transfer in this direction")

// outgoing sends to the client what it reads from src, in the type and mode of the session.
type outgoing struct {
	*transferState
	src    io.Reader
	ascii  bool
	zip    *zlib.Writer
	buf    bytes.Buffer // prepared for the data connection
	chunk  []byte
	srcEnd bool
	close  func() error
}

const transferChunk = 32 << 10

func newOutgoing(src io.Reader, kind transferType, mode transferMode) *outgoing {
	o := &outgoing{transferState: newTransferState(), src: src, ascii: kind == typeASCII, chunk: make([]byte, transferChunk)}
	if c, ok := src.(io.Closer); ok {
		o.close = c.Close
	}
	if mode == modeZip {
		o.zip = zlib.NewWriter(&o.buf)
	}
	return o
}

// Read gives the engine the next octets for the data connection.
func (o *outgoing) Read(p []byte) (int, error) {
	for o.buf.Len() == 0 && !o.srcEnd {
		if err := o.fill(); err != nil {
			o.setLocal(err)
			return 0, err
		}
	}
	if o.buf.Len() == 0 {
		return 0, io.EOF
	}
	n, err := o.buf.Read(p)
	o.count.Add(int64(n))
	return n, err
}

// fill reads from the source and prepares what was read.
func (o *outgoing) fill() error {
	n, err := o.src.Read(o.chunk)
	data := o.chunk[:n]
	if o.ascii && o.zip == nil {
		data = bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n"))
	}
	if o.zip != nil {
		if _, err := o.zip.Write(data); err != nil {
			return err
		}
	} else {
		o.buf.Write(data)
	}
	if !errors.Is(err, io.EOF) {
		return err
	}
	o.srcEnd = true
	if o.zip != nil {
		return o.zip.Close()
	}
	return nil
}

func (o *outgoing) Write(p []byte) (int, error) {
	if len(p) == 0 { // the engine probes with an empty write after an empty file
		return 0, nil
	}
	return 0, errWrongDirection
}

// Close ends the transfer.
func (o *outgoing) Close() error {
	defer o.finish()
	if o.close != nil {
		return o.close()
	}
	return nil
}

// incoming writes to dst what the client sends, in the type and mode of the session.
type incoming struct {
	*transferState
	dst     *limitedFile
	ascii   bool
	heldCR  bool
	inflate *inflater
}

// limitedFile refuses to grow beyond MaxDocument.
type limitedFile struct {
	f    io.WriteCloser
	left int64
}

var errDocumentTooLarge = fmt.Errorf("larger than %d octets", int64(MaxDocument))

func (l *limitedFile) Write(p []byte) (int, error) {
	if l.left -= int64(len(p)); l.left < 0 {
		return 0, errDocumentTooLarge
	}
	return l.f.Write(p)
}

func newIncoming(dst io.WriteCloser, kind transferType, mode transferMode) *incoming {
	in := &incoming{transferState: newTransferState(), dst: &limitedFile{dst, MaxDocument}, ascii: kind == typeASCII}
	if mode == modeZip {
		in.inflate = newInflater(in.dst)
		in.ascii = false
	}
	return in
}

func (in *incoming) Read([]byte) (int, error) { return 0, errWrongDirection }

// Write takes octets of the data connection.
func (in *incoming) Write(p []byte) (int, error) {
	in.count.Add(int64(len(p)))
	var err error
	switch {
	case in.inflate != nil:
		_, err = in.inflate.Write(p)
	case in.ascii:
		err = in.writeText(p)
	default:
		_, err = in.dst.Write(p)
	}
	if err != nil {
		in.setLocal(err)
		return 0, err
	}
	return len(p), nil
}

// writeText turns CR LF into LF, also where they come in two pieces.
func (in *incoming) writeText(p []byte) error {
	out := make([]byte, 0, len(p)+1)
	for _, b := range p {
		if in.heldCR && b != '\n' {
			out = append(out, '\r')
		}
		if in.heldCR = b == '\r'; !in.heldCR {
			out = append(out, b)
		}
	}
	_, err := in.dst.Write(out)
	return err
}

// Close ends the transfer.
func (in *incoming) Close() error {
	defer in.finish()
	if in.inflate != nil {
		if err := in.inflate.Close(); err != nil {
			in.setLocal(err)
		}
	}
	if in.heldCR {
		if _, err := in.dst.Write([]byte{'\r'}); err != nil {
			in.setLocal(err)
		}
	}
	if err := in.dst.f.Close(); err != nil {
		in.setLocal(err)
	}
	local, _ := in.faults()
	return local
}

// errDecoding is a zlib stream that cannot be read.
type errDecoding struct{ error }

func (e errDecoding) Unwrap() error { return e.error }

// inflater decompresses a zlib stream that arrives in pieces. Its goroutine ends with Close.
type inflater struct {
	pipe   *io.PipeWriter
	result chan error
	any    bool
}

func newInflater(dst io.Writer) *inflater {
	r, w := io.Pipe()
	f := &inflater{pipe: w, result: make(chan error, 1)}
	go func() {
		err := inflate(dst, r)
		r.CloseWithError(err) // what follows the stream, or a fault, stops the writer
		f.result <- err
	}()
	return f
}

// inflate decompresses r; what comes behind the stream is swallowed.
func inflate(dst io.Writer, r io.Reader) error {
	z, err := zlib.NewReader(r)
	if err != nil {
		return errDecoding{err}
	}
	if _, err := io.Copy(dst, z); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, zlib.ErrChecksum) || strings.HasPrefix(err.Error(), "flate:") {
			return errDecoding{err}
		}
		return err
	}
	_, err = io.Copy(io.Discard, r)
	return err
}

func (f *inflater) Write(p []byte) (int, error) {
	f.any = f.any || len(p) > 0
	return f.pipe.Write(p)
}

func (f *inflater) Close() error {
	if !f.any { // an empty upload is an empty file
		f.pipe.CloseWithError(io.EOF)
		<-f.result
		return nil
	}
	f.pipe.Close()
	return <-f.result
}

// run does a transfer: it orders it from the engine, answers ABOR and STAT meanwhile, and replies.
// It returns nil if the transfer is complete.
func (s *session) run(t *transfer) error {
	g, err := s.dataEngine()
	if err != nil {
		t.file.Close()
		return protocol.Errorf(protocol.CodeNoDataConnection, "Cannot open data connection.")
	}
	g.announce(t.file)
	verb := "RETR data"
	if t.store {
		verb = "STOR data"
	}
	if err := g.order(verb); err != nil {
		return protocol.Errorf(protocol.CodeNoDataConnection, "Cannot open data connection.")
	}
	defer s.clearRestart()
	t.began = s.srv.now()
	err = s.watchTransfer(g, t)
	if t.opened {
		s.logTransfer(t)
	}
	return err
}

// watchTransfer waits for the end of a transfer.
func (s *session) watchTransfer(g *engine, t *transfer) error {
	st := t.file.state()
	stall := time.NewTicker(min(stallCheck, max(s.idleTimeout/2, minStallCheck)))
	defer stall.Stop()
	moved, lastCount := time.Now(), int64(0)
	for {
		s.listen()
		select {
		case r, ok := <-g.conn.replies:
			switch {
			case !ok:
				s.gone = true
				return dataFault("engine closed")
			case r.code < 200:
				t.opened = true
				s.reply(protocol.CodeDataOpen, "%s", t.opening)
			default:
				return s.endTransfer(t, r)
			}
		case line := <-s.lines():
			s.heard(line)
			if s.transferLine(line, t) {
				s.abortTransfer(g, t)
				return nil
			}
			if s.gone {
				st.setLocal(errNotComplete)
				s.srv.engines.hangUp(s.passivePort)
				g.close()
				s.engine = nil
				if c, ok := t.file.(interface{ cancel() }); ok {
					c.cancel()
				}
				g.drop()
				if !s.dialling(t) {
					waitClosed(st)
				}
				if t.discard != nil {
					t.discard()
				}
				return nil
			}
		case <-stall.C:
			if n := st.count.Load(); n != lastCount || t.endless {
				moved, lastCount = time.Now(), n
			} else if time.Since(moved) > s.idleTimeout {
				s.stopTransfer(g, t)
				return dataFault("Connection timed out")
			}
		}
	}
}

func dataFault(what string) error {
	return protocol.Errorf(protocol.CodeTransferAborted, "Data Connection: %s.", what)
}

// transferLine handles a command that comes during a transfer. It returns true for ABOR.
func (s *session) transferLine(line controlLine, t *transfer) (abort bool) {
	switch {
	case line.gone:
		s.gone = true
	case line.err == nil && strings.EqualFold(line.text, "ABOR"):
		return true
	case line.err == nil && strings.EqualFold(line.text, "STAT"):
		st := t.file.state()
		if t.size >= 0 {
			s.reply(protocol.CodeParameter, "Status: %d of %d bytes transferred", st.count.Load(), t.size)
		} else {
			s.reply(protocol.CodeParameter, "Status: %d bytes transferred", st.count.Load())
		}
	default:
		s.held = &line
	}
	return false
}

// abortTransfer breaks a transfer off at the client's wish.
func (s *session) abortTransfer(g *engine, t *transfer) {
	s.stopTransfer(g, t)
	if t.discard != nil {
		t.discard()
	}
	s.reply(protocol.CodeTransferAborted, "Operation aborted. Data connection closed.")
	s.reply(protocol.CodeTransferDone, "Abort successful")
}

// stopTransfer makes the engine break off, and waits until it has let go of the file.
func (s *session) stopTransfer(g *engine, t *transfer) {
	st := t.file.state()
	st.setLocal(errNotComplete)
	if c, ok := t.file.(interface{ cancel() }); ok {
		c.cancel()
	}
	if s.dialling(t) {
		g.close()
		g.drop()
		s.engine = nil
		return
	}
	s.srv.engines.hangUp(s.passivePort)
	if err := g.order("ABOR"); err == nil {
		for {
			r, err := g.await()
			if err != nil || r.code == int(protocol.CodeTransferDone) {
				break
			}
		}
	}
	g.drop()
	waitClosed(st)
}

// dialling reports whether the engine calls a client's port that has not answered. It cannot be told to
// stop, so it is left alone: it gives up by itself and closes the file.
func (s *session) dialling(t *transfer) bool { return s.port && !t.opened }

var errNotComplete = errors.New("transfer not complete")

// waitClosed waits until the engine has closed a file.
func waitClosed(st *transferState) {
	select {
	case <-st.closed:
	case <-time.After(engineReplyTimeout):
	}
}

// endTransfer turns the engine's last word into HylaFAX's.
func (s *session) endTransfer(t *transfer, r engineReply) error {
	st := t.file.state()
	waitClosed(st)
	local, remote := st.faults()
	switch {
	case local != nil && t.store:
		return s.diskFault(protocol.CodeWriteFailed, local, "%s", localText(local))
	case local != nil:
		return protocol.Errorf(protocol.CodeReadFailed, "Error reading input file: %s.", reason(local))
	case r.code == int(protocol.CodeTransferDone) && t.store && hungUp(s.raw):
		// A program that is killed ends both its connections: the end of the data is not that of the document.
		s.gone = true
		return dataFault("client gone")
	case r.code == int(protocol.CodeTransferDone):
		text := t.done
		if text == "" {
			text = "Transfer complete."
		}
		s.reply(protocol.CodeTransferDone, "%s", text)
		return nil
	}
	st.setLocal(errNotComplete)
	switch {
	case strings.Contains(r.text, "no transfer connection"): // neither PORT nor PASV came before
		return protocol.Errorf(protocol.CodeNoDataConnection, "Cannot build data connection: Connection refused.")
	case remote == nil || r.code == int(protocol.CodeNoDataConnection) || strings.Contains(r.text, "TLS"):
		return protocol.Errorf(protocol.CodeNoDataConnection, "Cannot build data connection: %s.", reason(errors.New(r.text)))
	}
	return dataFault(reason(remote))
}

// localText is the reply where the file that is stored, not the connection, is at fault.
func localText(err error) string {
	var decoding errDecoding
	if errors.As(err, &decoding) {
		return "Decoding error: " + decoding.Error()
	}
	return "Error writing output file: " + reason(err) + "."
}

// diskFault is the reply to a command that could not write. Where the disk is the trouble the
// administrator is told too: clients cannot help it.
func (s *session) diskFault(code protocol.Code, err error, format string, a ...any) error {
	if text := spool.DiskTrouble(err); text != "" {
		s.log.Error().Err(err).Msg(text)
	}
	return protocol.Errorf(code, format, a...)
}

// reason returns the words of the system for an error, as strerror(3) has them, or the error's own.
func reason(err error) string {
	var errno syscall.Errno
	switch {
	case errors.As(err, &errno):
		return strerror(errno)
	case errors.Is(err, os.ErrNotExist):
		return strerror(syscall.ENOENT)
	case errors.Is(err, os.ErrPermission):
		return strerror(syscall.EPERM)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return strerror(syscall.ETIMEDOUT)
	}
	text := err.Error()
	if strings.HasSuffix(text, "path escapes from parent") { // os.Root's words: a link leads out of the spool
		return strerror(syscall.EPERM)
	}
	if strings.Contains(text, "i/o timeout") { // Go's words
		return strerror(syscall.ETIMEDOUT)
	}
	for _, e := range []syscall.Errno{syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.ETIMEDOUT, syscall.EPIPE} {
		if strings.Contains(text, e.Error()) {
			return strerror(e)
		}
	}
	return text
}

// strerror returns an error of the system with a capital, as C's strerror(3) writes it.
func strerror(e syscall.Errno) string {
	text := e.Error()
	if e == syscall.EPERM {
		return "Operation not permitted"
	}
	if text == "" || text[0] < 'a' || text[0] > 'z' {
		return text
	}
	return string(text[0]-'a'+'A') + text[1:]
}
