package spool

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// # How a job is saved
//
// HylaFAX's programs open a job file, wait for its lock and then read and
// rewrite that very file: a new file under the old name would leave them with
// one that nobody sees any more. So the text is replaced in place, under the
// lock. What makes it safe is a note in tmp: the old and the new text, written
// and synced before the first octet of the job file changes, removed after the
// last. Whoever finds a note and takes the lock knows that its writer is dead.
// If the job file is the old text, the new one, or the beginning of the new
// with the rest of the old, the new text is put in; if it is anything else, a
// program that knows nothing of notes has written since, and the note is
// dropped.

// saveNote is the first line of a note: lengths of the two texts and their
// check sum.
const saveNote = "litoria-save %d %d %08x\n"

// savePath is where the note of a job is.
func (s *Spool) savePath(name string) string {
	return s.Path(Tmp, filepath.Base(name)+".save")
}

// Save writes the job to its file and syncs it. When the power fails in the
// middle the file holds the old or the new text after the next lock, never a
// mixture. When Save fails it holds the old one, or the new one.
func (l *LockedJob) Save() error {
	text := l.Job.Format()
	old, err := readText(l.Name, l.f)
	if err != nil {
		return err
	}
	if bytes.Equal(old, text) {
		return nil
	}
	note := l.spool.savePath(l.Name)
	if err := writeNote(note, old, text); err != nil {
		_ = os.Remove(note)
		return fmt.Errorf("%s: cannot be saved: %w", l.Name, err)
	}
	return l.spool.putText(l.Name, l.f, text)
}

// SaveNew is Save for a job that CreateJob made: after it the file and its name
// outlast a loss of power.
func (l *LockedJob) SaveNew() error {
	err := l.Save()
	if err == nil {
		err = l.f.Sync() // costs nothing where Save has done it
	}
	if err == nil {
		err = syncDir(l.spool.Path(filepath.Dir(l.Name)))
	}
	return err
}

// putText puts a text that a note holds into the job file.
func (s *Spool) putText(name string, f *os.File, text []byte) error {
	err := replaceText(f, text)
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = os.Remove(s.savePath(name))
	}
	if err != nil {
		return fmt.Errorf("%s: cannot be saved: %w", name, err)
	}
	return nil
}

func writeNote(path string, old, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, jobFileMode)
	if err != nil {
		return err
	}
	both := append(append([]byte(nil), old...), text...)
	b := fmt.Appendf(nil, saveNote, len(old), len(text), crc32.ChecksumIEEE(both))
	_, err = f.Write(append(b, both...))
	return errors.Join(err, f.Sync(), f.Close())
}

// readNote reads the note of a job; ok is false where there is none that is
// whole.
func (s *Spool) readNote(name string) (old, text []byte, ok bool, err error) {
	b, err := os.ReadFile(s.savePath(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, false, nil
	}
	if err != nil {
		return nil, nil, false, err
	}
	head, both, _ := bytes.Cut(b, []byte("\n"))
	var n, m int
	var sum uint32
	if _, err := fmt.Sscanf(string(head)+"\n", saveNote, &n, &m, &sum); err != nil || n < 0 || m < 0 || n+m != len(both) || crc32.ChecksumIEEE(both) != sum {
		return nil, nil, false, nil // not finished: the job file is as it was
	}
	return both[:n], both[n:], true, nil
}

// mixture tells whether a file is what is left of replacing old by text in
// place at any moment of it.
func mixture(b, old, text []byte) bool {
	n := 0
	for n < len(b) && n < len(text) && b[n] == text[n] {
		n++
	}
	rest := b[n:]
	return n < len(old) && bytes.Equal(rest, old[n:]) || len(rest) == 0 && (n >= len(old) || n == len(text))
}

// saving is what a job file says whose text is b: the new text of a note, if b
// is a moment of its writing.
func (s *Spool) saving(name string, b []byte) []byte {
	if old, text, ok, err := s.readNote(name); ok && err == nil && mixture(b, old, text) {
		return text
	}
	return b
}

// recoverSave finishes what one who was killed while saving began. We hold the
// lock.
func (s *Spool) recoverSave(name string, f *os.File) error {
	old, text, ok, err := s.readNote(name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if ok {
		b, err := readText(name, f)
		if err != nil {
			return err
		}
		if mixture(b, old, text) {
			return s.putText(name, f, text)
		}
	}
	if err := os.Remove(s.savePath(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// readJob reads a job whose file is open and locked.
func (s *Spool) readJob(name string, f *os.File) (*Job, error) {
	b, err := readText(name, f)
	if err != nil {
		return nil, err
	}
	return ParseJob(name, s.saving(name, b))
}

func readText(name string, f *os.File) ([]byte, error) {
	b, err := io.ReadAll(io.NewSectionReader(f, 0, MaxJobFile+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return b, nil
}
