package client

import (
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/litoria-fax/litoria/protocol"
)

// Form is the type of a document that is uploaded: the argument of FORM.
type Form string

// The document types that servers prepare themselves.
const (
	FormPostScript Form = "PS"
	FormTIFF       Form = "TIFF"
	FormPCL        Form = "PCL"
	FormPDF        Form = "PDF"
)

// setType, setMode and setForm tell the server what it does not know yet.
func (c *Client) setType(kind string) error { return c.set("TYPE", kind, &c.kind) }
func (c *Client) setMode(mode string) error { return c.set("MODE", mode, &c.mode) }
func (c *Client) setForm(form Form) error   { return c.set("FORM", string(form), &c.form) }

func (c *Client) set(command, value string, current *string) error {
	if *current == value {
		return nil
	}
	if _, err := c.Command(command + " " + value); err != nil {
		return err
	}
	*current = value
	return nil
}

// StoreTemp uploads a document that the server removes at the end of the session, unless a job holds
// it by then. It returns the name that the server gave it.
func (c *Client) StoreTemp(form Form, r io.Reader) (string, error) { return c.store("STOT", form, r) }

// StoreUnique uploads a document that stays on the server until it is removed (DELE).
func (c *Client) StoreUnique(form Form, r io.Reader) (string, error) {
	return c.store("STOU", form, r)
}

// store uploads. PostScript travels compressed, as HylaFAX's clients do it; the other types are
// compressed already.
func (c *Client) store(command string, form Form, r io.Reader) (string, error) {
	if err := c.setForm(form); err != nil {
		return "", err
	}
	if err := c.setType("I"); err != nil {
		return "", err
	}
	mode := "S"
	if form == FormPostScript || form == FormPCL {
		mode = "Z"
	}
	if err := c.prepareData(); err != nil {
		return "", err
	}
	if err := c.setMode(mode); err != nil {
		return "", err
	}
	reply, err := c.Command(command)
	if err != nil {
		return "", err
	}
	name := fileName(reply.Text)
	if name == "" {
		return "", fmt.Errorf("Protocol botch: No \"FILE:\" in %s response: %s", command, reply.Text) //nolint:staticcheck // HylaFAX's words
	}
	return name, c.upload(r, mode)
}

// fileName returns what follows FILE: in a reply (RFC 1123, 4.1.2.9).
func fileName(text string) string {
	at := strings.Index(strings.ToUpper(text), "FILE:")
	if at < 0 {
		return ""
	}
	words := strings.Fields(text[at+len("FILE:"):])
	if len(words) == 0 {
		return ""
	}
	return strings.TrimRight(words[0], ").")
}

// upload copies r to the data connection and waits for the server's confirmation.
func (c *Client) upload(r io.Reader, mode string) error {
	conn, err := c.openData()
	if err != nil {
		return err
	}
	err = c.copyOut(&deadlineConn{conn, c.cfg.Timeout}, r, mode)
	if tcp, ok := conn.(interface{ CloseWrite() error }); ok && err == nil {
		err = tcp.CloseWrite()
	}
	c.data.close()
	reply, replyErr := c.readReply()
	switch {
	case replyErr != nil:
		return replyErr
	case !reply.Code.Complete():
		return fmt.Errorf("Document transfer failed: %w", reply.err()) //nolint:staticcheck // HylaFAX's words
	}
	return err
}

func (c *Client) copyOut(w io.Writer, r io.Reader, mode string) error {
	if mode != "Z" {
		_, err := io.Copy(w, r)
		return err
	}
	z := zlib.NewWriter(w)
	if _, err := io.Copy(z, r); err != nil {
		return err
	}
	return z.Close()
}

// Retrieve copies a file of the server to w.
func (c *Client) Retrieve(path string, w io.Writer) error {
	if err := c.setType("I"); err != nil {
		return err
	}
	return c.download("RETR "+argument(path), w)
}

// download runs a command that answers on the data connection and copies the answer to w.
func (c *Client) download(command string, w io.Writer) error {
	if err := c.setMode("S"); err != nil {
		return err
	}
	if err := c.prepareData(); err != nil {
		return err
	}
	reply, err := c.Command(command)
	if err != nil {
		c.data.close()
		return err
	}
	if !reply.Code.Preliminary() {
		c.data.close()
		return fmt.Errorf("Unexpected server response: %d %s", reply.Code, reply.Text) //nolint:staticcheck // HylaFAX's words
	}
	conn, err := c.openData()
	if err != nil {
		return err
	}
	_, err = io.Copy(w, &deadlineConn{conn, c.cfg.Timeout})
	c.data.close()
	reply, replyErr := c.readReply()
	if replyErr != nil {
		return replyErr
	}
	if !reply.Code.Complete() {
		return reply.err()
	}
	if err != nil {
		return fmt.Errorf("data connection: %w", err)
	}
	return nil
}

// deadlineConn gives each read and write of a data connection its own time.
type deadlineConn struct {
	net.Conn
	timeout time.Duration
}

func (d *deadlineConn) Read(p []byte) (int, error) {
	if err := d.SetReadDeadline(time.Now().Add(d.timeout)); err != nil {
		return 0, err
	}
	return d.Conn.Read(p)
}

func (d *deadlineConn) Write(p []byte) (int, error) {
	if err := d.SetWriteDeadline(time.Now().Add(d.timeout)); err != nil {
		return 0, err
	}
	return d.Conn.Write(p)
}

// Delete removes a file of the server: a document or a received fax.
func (c *Client) Delete(path string) error {
	_, err := c.Command("DELE " + argument(path))
	return err
}

// errNotDone is what an interrupted command leaves.
var errNotDone = errors.New("client: interrupted")

// abort asks the server to stop a command that runs, in Telnet's way (RFC 959, 4.1.3), and reads
// the two replies: one of the command, one of ABOR.
func (c *Client) abort() error {
	if _, err := c.conn.Write([]byte{telnetIAC, telnetIP, telnetIAC, telnetDM}); err != nil {
		return err
	}
	if err := c.send("ABOR"); err != nil {
		return err
	}
	for range 2 {
		r, err := c.readReply()
		if err != nil {
			return err
		}
		if r.Code == protocol.CodeAborted || r.Code == protocol.CodeTransferDone {
			return nil
		}
	}
	return errNotDone
}
