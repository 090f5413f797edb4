package linectl

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// errTooLong says that a peer sent a line longer than MaxMessage.
var errTooLong = fmt.Errorf("linectl: message longer than %d octets", MaxMessage)

// link is one connection: JSON objects, one a line, in both directions.
type link struct {
	conn net.Conn
	r    *bufio.Reader
}

func newLink(conn net.Conn) *link {
	return &link{conn: conn, r: bufio.NewReaderSize(conn, MaxMessage)}
}

// read takes the next line into v. A line cut off by the end of the
// connection is no line.
func (l *link) read(v any) error {
	line, err := l.r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return errTooLong
	}
	if err != nil {
		return err
	}
	return decode(line, v)
}

// decode reads one message.
func decode(line []byte, v any) error {
	if err := json.Unmarshal(line, v); err != nil {
		return fmt.Errorf("linectl: malformed message: %w", err)
	}
	return nil
}

// write sends v as one line within the time allowed.
func (l *link) write(v any, timeout time.Duration) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("linectl: %w", err)
	}
	if len(b)+1 > MaxMessage {
		return errTooLong
	}
	if err := l.conn.SetWriteDeadline(deadline(timeout)); err != nil {
		return err
	}
	_, err = l.conn.Write(append(b, '\n'))
	return err
}

// deadline is the one place that reads the clock here: socket deadlines are
// real time.
func deadline(timeout time.Duration) time.Time { return time.Now().Add(timeout) }

// withSocketPath calls f with a path of the line's socket that fits into a
// socket address. Below a deep spool directory that is a path through the
// process's own descriptor of the directory (Linux).
func withSocketPath(spool, devid string, f func(path string) error) error {
	path := filepath.Join(spool, SocketName(devid))
	if len(path) <= maxSunPath {
		return f(path)
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	short := "/proc/self/fd/" + strconv.Itoa(int(dir.Fd())) + "/" + filepath.Base(path)
	if len(short) > maxSunPath {
		return fmt.Errorf("linectl: device identifier %q is too long for a socket name", devid)
	}
	return f(short)
}
