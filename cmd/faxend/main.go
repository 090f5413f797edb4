// Command faxend is one end of a fax call over raw samples on standard input and
// output, so that any program can be the line.
package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v2"

	"github.com/litoria-fax/litoria/modemdrv"
	"github.com/litoria-fax/litoria/modemdrv/t30"
	"github.com/litoria-fax/litoria/protocol"
	"github.com/litoria-fax/litoria/protocol/getopt"
)

func main() {
	app := &cli.App{
		Name:      "faxend",
		Usage:     "one end of a fax call over samples on standard input and output",
		UsageText: "faxend [options] calling|answering",
		Description: "Samples are 16 bit, little endian, 8000 a second. faxend writes 160 and reads 160 by turns, as fast as the other side can.\n" +
			"It hangs up by ending its output; the end of its input is the other side's hang-up. The dialogue goes to standard error.\n" +
			"The status is 0 if all was sent and received.",
		Version:         protocol.Version,
		HideHelpCommand: true,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "id", Usage: "our number or name"},
			&cli.StringFlag{Name: "station", Usage: "our long name (NSF)"},
			&cli.StringFlag{Name: "send", Usage: "TIFF `FILE` of fax pages to send or, answering, to be polled"},
			&cli.StringFlag{Name: "receive", Usage: "TIFF `FILE` to add received pages to"},
			&cli.BoolFlag{Name: "poll", Usage: "calling: ask for the far end's document"},
			&cli.StringFlag{Name: "subaddress", Usage: "calling: for the receiver (SUB)"},
			&cli.StringFlag{Name: "password", Usage: "for the far end (SID, PWD); answering: what a caller that polls must give"},
			&cli.StringFlag{Name: "selective", Usage: "calling: which document to poll (SEP); answering: what a caller that polls must ask for"},
			&cli.IntFlag{Name: "maxrate", Usage: "highest rate in bit/s", DefaultText: "what both have"},
			&cli.BoolFlag{Name: "noecm", Usage: "without error correction"},
			&cli.BoolFlag{Name: "q", Usage: "print the outcome only"},
		},
		Action: run,
	}
	os.Exit(getopt.Main(app, os.Args, os.Stderr))
}

func run(c *cli.Context) (err error) {
	role := c.Args().First()
	if role != "calling" && role != "answering" || c.NArg() != 1 {
		return getopt.Usage("say calling or answering")
	}
	if err := misplaced(c, role == "calling"); err != nil {
		return err
	}
	cfg := settings(c, role == "calling")
	if name := c.String("send"); name != "" {
		doc, err := openDocument(name)
		if err != nil {
			return err
		}
		defer doc.file.Close()
		cfg.Document = modemdrv.NewDocument(doc)
	}
	if name := c.String("receive"); name != "" {
		in, err := openTray(name)
		if err != nil {
			return err
		}
		defer in.Close()
		cfg.Pages = modemdrv.NewPages(in)
	}
	signal.Ignore(syscall.SIGPIPE) // who hung up reads no more; Write tells
	s, err := modemdrv.NewAnswerer(cfg)
	if role == "calling" {
		s, err = modemdrv.NewCaller(cfg)
	}
	if err != nil {
		return err
	}
	if err := call(s, os.Stdin, os.Stdout); err != nil {
		return err
	}
	r := s.Result()
	fmt.Fprintln(os.Stderr, r)
	if r.Outcome != t30.Done {
		return errors.New(r.Reason)
	}
	return nil
}

// misplaced tells of an option that would do nothing.
func misplaced(c *cli.Context, calling bool) error {
	for _, o := range []struct {
		option string
		fits   bool
		needs  string
	}{
		{"poll", calling, "calling"},
		{"poll", c.IsSet("receive"), "-receive"},
		{"subaddress", calling, "calling"},
		{"subaddress", c.IsSet("send"), "-send"},
		{"selective", !calling || c.Bool("poll"), "-poll"},
		{"selective", calling || c.IsSet("send"), "-send"},
		{"password", calling || c.IsSet("send"), "-send: it is for callers that poll"},
	} {
		if c.IsSet(o.option) && !o.fits {
			return getopt.Usage("-%s needs %s", o.option, o.needs)
		}
	}
	return nil
}

func settings(c *cli.Context, calling bool) modemdrv.Config {
	var cfg modemdrv.Config
	cfg.ID, cfg.StationID = c.String("id"), c.String("station")
	cfg.Subaddress, cfg.PolledAddress = c.String("subaddress"), c.String("selective")
	cfg.Poll, cfg.NoECM, cfg.MaxRate = c.Bool("poll"), c.Bool("noecm"), c.Int("maxrate")
	cfg.Capabilities.MaxLength, cfg.Capabilities.MaxWidth = t30.Unlimited, t30.Width303
	if want := c.String("password"); calling {
		cfg.Password, cfg.PollPassword = want, want
	} else {
		cfg.AcceptPoll = accept(want, c.String("selective"))
	}
	if !c.Bool("q") {
		cfg.Observer = modemdrv.ObserverFunc(func(at t30.Samples, n t30.News) { fmt.Fprintf(os.Stderr, "%8v %v\n", at, n) })
	}
	return cfg
}

// accept judges a caller that polls; "" may be anything.
func accept(password, address string) func(t30.Remote) error {
	return func(r t30.Remote) error {
		switch {
		case password != "" && r.Password != password:
			return errors.New("the caller polls with a wrong password")
		case address != "" && r.PolledAddress != address:
			return errors.New("the caller polls what is not here")
		}
		return nil
	}
}

// packet is how many samples are exchanged at a time: 20 ms.
const packet = 160

// call runs the session until it is done; the end of in is a hang-up.
func call(s *modemdrv.Session, in io.Reader, out io.Writer) error {
	r, w := bufio.NewReader(in), bufio.NewWriter(out)
	samples, octets := make([]int16, packet), make([]byte, 2*packet)
	for !s.Done() {
		s.Transmit(samples)
		for i, v := range samples {
			binary.LittleEndian.PutUint16(octets[2*i:], uint16(v))
		}
		_, werr := w.Write(octets)
		if werr = errors.Join(werr, w.Flush()); werr != nil {
			s.LineDown()
			break
		}
		if _, err := io.ReadFull(r, octets); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			s.LineDown()
			break
		} else if err != nil {
			return err
		}
		for i := range samples {
			samples[i] = int16(binary.LittleEndian.Uint16(octets[2*i:]))
		}
		s.Receive(samples)
	}
	return nil
}
