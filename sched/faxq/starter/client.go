package starter

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Flag is the hidden option by which a program becomes a starter: its argument
// is "UID:GID". The socket is file descriptor 3.
const Flag = "send-starter"

// socketFD is the starter's end of the socket.
const socketFD = 3

// ErrLost says that the starter is gone. What it had started runs on.
var ErrLost = errors.New("the starter of send commands is gone")

// Client is faxq's end.
type Client struct {
	conn *os.File

	mu       sync.Mutex // guards the rest: commands come from workers
	next     int
	commands map[int]*Command
	lost     bool
}

// Command is a command that the starter runs.
type Command struct {
	PID    int // of the process and its group
	id     int
	client *Client
	began  chan answer
	ended  chan syscall.WaitStatus
}

// Begin starts this program again as a starter for the user uid and the group
// gid. It is to be called as root.
func Begin(uid, gid int) (*Client, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	ours, theirs, err := pair()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	cmd := exec.Command(exe, fmt.Sprintf("-%s=%d:%d", Flag, uid, gid))
	cmd.ExtraFiles, cmd.Dir, cmd.Stderr = []*os.File{theirs}, "/", os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // a terminal's interrupt is for faxq
	if err := cmd.Start(); err != nil {
		ours.Close()
		return nil, err
	}
	go func() { _ = cmd.Wait() }()
	return newClient(ours), nil
}

// Run is the starter's side of Begin: what a program does that finds Flag.
func Run(ids string) error {
	u, g, err := parseIDs(ids)
	if err != nil {
		return err
	}
	syscall.CloseOnExec(socketFD) // it ends with us, not with a command
	return Serve(os.NewFile(socketFD, "starter"), u, g)
}

func parseIDs(ids string) (uid, gid int, err error) {
	if n, err := fmt.Sscanf(ids, "%d:%d", &uid, &gid); n != 2 || err != nil || ids != strconv.Itoa(uid)+":"+strconv.Itoa(gid) || uid <= 0 || gid < 0 {
		return 0, 0, fmt.Errorf("starter: %q is not UID:GID of a user other than root", ids)
	}
	return uid, gid, nil
}

// pair makes the socket: messages stay whole.
func pair() (a, b *os.File, err error) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_SEQPACKET|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("starter: %w", err)
	}
	return os.NewFile(uintptr(fds[0]), "starter"), os.NewFile(uintptr(fds[1]), "starter"), nil
}

func newClient(conn *os.File) *Client {
	c := &Client{conn: conn, commands: map[int]*Command{}}
	go c.read()
	return c
}

// Start starts a command in a directory. ErrNotTrusted and ErrLost say that
// this is not possible with root's rights.
func (c *Client) Start(dir string, argv []string) (*Command, error) {
	if _, err := Trusted(argv[0]); err != nil {
		return nil, err
	}
	cmd, err := c.register()
	if err != nil {
		return nil, err
	}
	if err := c.send(request{ID: cmd.id, Dir: dir, Argv: argv}); err != nil {
		c.drop(cmd.id)
		return nil, err
	}
	a, ok := <-cmd.began
	if !ok {
		return nil, ErrLost
	}
	if a.Error != "" {
		c.drop(cmd.id)
		return nil, errors.New(a.Error)
	}
	cmd.PID = a.PID
	return cmd, nil
}

func (c *Client) register() (*Command, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost {
		return nil, ErrLost
	}
	c.next++
	cmd := &Command{id: c.next, client: c, began: make(chan answer, 1), ended: make(chan syscall.WaitStatus, 1)}
	c.commands[cmd.id] = cmd
	return cmd, nil
}

func (c *Client) drop(id int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.commands, id)
}

func (c *Client) send(r request) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if len(b) > maxMessage {
		return fmt.Errorf("starter: the command is too long (%d octets)", len(b))
	}
	if _, err := c.conn.Write(b); err != nil {
		return fmt.Errorf("%w: %w", ErrLost, err)
	}
	return nil
}

// read hands answers out until the starter is gone.
func (c *Client) read() {
	b := make([]byte, maxMessage)
	for {
		n, err := c.conn.Read(b)
		var a answer
		if err != nil || n == 0 || json.Unmarshal(b[:n], &a) != nil {
			break
		}
		c.answered(a)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lost = true
	for _, cmd := range c.commands {
		close(cmd.began)
		close(cmd.ended)
	}
	clear(c.commands)
}

func (c *Client) answered(a answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	cmd := c.commands[a.ID]
	switch {
	case cmd == nil:
	case a.Ended:
		cmd.ended <- a.Status
		delete(c.commands, a.ID)
	default:
		cmd.began <- a
	}
}

// lostInterval is how often a command is looked for whose starter is gone.
const lostInterval = time.Second

// Wait waits for the command's end and gives its status. ErrLost says that it
// ended unseen.
func (c *Command) Wait() (syscall.WaitStatus, error) {
	if st, ok := <-c.ended; ok {
		return st, nil
	}
	for syscall.Kill(c.PID, 0) != syscall.ESRCH {
		time.Sleep(lostInterval)
	}
	return 0, ErrLost
}

// Signal sends a signal to the command and its children.
func (c *Command) Signal(sig syscall.Signal) {
	if c.client.send(request{ID: c.id, Signal: int(sig)}) != nil {
		_ = syscall.Kill(-c.PID, sig) // it is the effective user's, as we are
	}
}

// Close lets the starter go when its last command has ended.
func (c *Client) Close() error { return c.conn.Close() }
