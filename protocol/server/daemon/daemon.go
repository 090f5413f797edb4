// Package daemon is the command hfaxd: its options (hfaxd(8)), configuration files, ports, and how it
// gives up root's rights. The service itself is package server.
package daemon

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/rs/zerolog"
	"github.com/urfave/cli/v2"

	"github.com/litoria-fax/litoria/protocol"
	"github.com/litoria-fax/litoria/protocol/getopt"
	"github.com/litoria-fax/litoria/protocol/server"
)

// Defaults of the options.
const (
	defaultSpool = "/var/spool/hylafax"
	configDir    = "/etc/hylafax"
)

// port is where to listen.
type port struct {
	address string
	name    string
	tls     bool
}

// options are those of the command line.
type options struct {
	spool      string
	ports      []port
	inetd      bool
	background bool
	bind       string
	items      []string // -c
	user       string
	configDir  string
	debug      bool
	help       bool
}

// spec is getopt(3)'s description of the options.
const spec = "c:di:Il:o:Oq:s:Su:"

func (o *options) flags() []cli.Flag {
	refuse := func(what string) func(string) error {
		return func(string) error { return fmt.Errorf("%s is not supported", what) }
	}
	return []cli.Flag{
		getopt.Option("q", "DIR", "spool directory", func(s string) error { o.spool = s; return nil }),
		getopt.Option("l", "ADDRESS", "address to listen on, for the ports that follow", func(s string) error { o.bind = s; return nil }),
		getopt.Option("i", "PORT", "listen on this port (may be repeated)", func(s string) error {
			o.ports = append(o.ports, port{o.bind, s, false})
			return nil
		}),
		getopt.Option("tls-port", "PORT", "listen on this port for clients that speak TLS at once", func(s string) error {
			o.ports = append(o.ports, port{o.bind, s, true})
			return nil
		}),
		getopt.Switch("I", "serve one client on standard input (inetd)", func() { o.inetd = true }),
		getopt.Switch("d", "stay in the foreground", func() { o.background = false }),
		getopt.Option("c", "'TAG: VALUE'", "a line of hfaxd.conf", func(s string) error { o.items = append(o.items, s); return nil }),
		getopt.Option("user", "NAME", "user to become when started as root (default uucp)", func(s string) error { o.user = s; return nil }),
		getopt.Option("config-dir", "DIR", "directory of hyla.conf and hfaxd.conf", func(s string) error { o.configDir = s; return nil }),
		getopt.Switch("debug", "log each command and reply", func() { o.debug = true }),
		getopt.Option("s", "PORT", "not supported: pagers (SNPP)", refuse("-s: SNPP (pagers)")),
		getopt.Switch("S", "not supported: pagers (SNPP)", func() { o.ports = append(o.ports, port{name: "SNPP"}) }),
		getopt.Option("o", "PORT", "not supported: the protocol before HylaFAX 4", refuse("-o: the protocol before HylaFAX 4")),
		getopt.Switch("O", "not supported: the protocol before HylaFAX 4", func() { o.ports = append(o.ports, port{name: "old"}) }),
		getopt.Option("u", "SOCKET", "not supported: Unix sockets", refuse("-u: Unix sockets")),
		getopt.Switch("help", "show this text", func() { o.help = true }),
	}
}

// Main runs hfaxd with the arguments of its command line, the program's name first.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	o := &options{spool: defaultSpool, background: true, user: "uucp", configDir: configDir}
	expanded, err := getopt.Expand(args[1:], spec)
	if err != nil {
		return err
	}
	app := &cli.App{
		Name: "hfaxd", Usage: "HylaFAX client-server protocol server", HideHelp: true, HideVersion: true,
		UsageText: "hfaxd -q DIR -i PORT [-d]", Flags: o.flags(), Writer: stdout, ErrWriter: stderr,
		Action: func(c *cli.Context) error {
			if o.help {
				return getopt.Help(c.App.Writer, c.App)
			}
			return o.run(stdin, stderr)
		},
	}
	return app.Run(append(args[:1:1], expanded...))
}

// run serves until a signal ends it.
func (o *options) run(stdin io.Reader, stderr io.Writer) error {
	log := zerolog.New(zerolog.ConsoleWriter{Out: stderr, NoColor: true, TimeFormat: "2006-01-02T15:04:05.000"}).
		Level(zerolog.InfoLevel).With().Timestamp().Logger()
	if o.debug {
		log = log.Level(zerolog.TraceLevel)
	}
	for _, p := range o.ports {
		if p.name == "SNPP" || p.name == "old" {
			return fmt.Errorf("the protocol %s is not supported", p.name)
		}
	}
	spool, err := filepath.Abs(o.spool)
	if err != nil {
		return err
	}
	listeners, err := o.listen() // ports below 1024 need root's rights
	if err != nil {
		return err
	}
	if err := dropRoot(o.user, log); err != nil {
		return err
	}
	settings, err := o.settings(spool, log)
	if err != nil {
		return err
	}
	cfg := server.Config{
		Spool: spool, Settings: settings, Log: log,
		ReadSettings: func() (*server.Settings, error) { return o.settings(spool, zerolog.Nop()) },
	}
	if settings.TLSCertificate != "" {
		cfg.TLS = newCertificates(settings, spool).config
		if _, err := cfg.TLS(); err != nil {
			return fmt.Errorf("TLS: %w", err)
		}
	}
	srv, err := server.New(cfg)
	if err != nil {
		return err
	}
	if o.inetd || len(listeners) == 0 {
		return o.serveInetd(srv, stdin)
	}
	return serve(srv, listeners, log)
}

// listen opens the ports.
func (o *options) listen() ([]boundPort, error) {
	var bound []boundPort
	for _, p := range o.ports {
		name := p.name
		if name == "hylafax" {
			name = fmt.Sprint(protocol.DefaultPort)
		}
		l, err := net.Listen("tcp", net.JoinHostPort(p.address, name))
		if err != nil {
			return nil, err
		}
		bound = append(bound, boundPort{l, p.tls})
	}
	return bound, nil
}

type boundPort struct {
	net.Listener
	tls bool
}

// serve serves the ports until a signal comes.
func serve(srv *server.Server, ports []boundPort, log zerolog.Logger) error {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	ended := make(chan error, len(ports))
	for _, p := range ports {
		log.Info().Str("address", p.Addr().String()).Bool("tls", p.tls).Msg("listening")
		go func() { ended <- srv.Serve(p, p.tls) }()
	}
	select {
	case sig := <-stop:
		log.Info().Str("signal", sig.String()).Msg("stopping")
		return srv.Close()
	case err := <-ended:
		return errors.Join(err, srv.Close())
	}
}

// serveInetd serves the client on standard input.
func (o *options) serveInetd(srv *server.Server, stdin io.Reader) error {
	f, ok := stdin.(*os.File)
	if !ok {
		return errors.New("standard input is no connection; use -i PORT to listen")
	}
	conn, err := net.FileConn(f)
	if err != nil {
		return fmt.Errorf("standard input is no connection; use -i PORT to listen: %w", err)
	}
	return errors.Join(srv.ServeConn(conn, false), srv.Close())
}

// settings reads the configuration: hyla.conf, then hfaxd.conf, of /etc/hylafax or else of the spool,
// and the options.
func (o *options) settings(spool string, log zerolog.Logger) (*server.Settings, error) {
	warn := func(err error) { log.Warn().Err(err).Msg("configuration") }
	var files []io.Reader
	for _, dir := range []string{filepath.Join(spool, "etc"), o.configDir} {
		f, err := os.Open(filepath.Join(dir, "hfaxd.conf"))
		if err == nil {
			defer f.Close()
			files = []io.Reader{f}
			break
		}
	}
	c, err := server.ReadSettings(warn, files...)
	if err != nil {
		warn(fmt.Errorf("hfaxd.conf: %w", err))
	}
	for _, line := range o.items {
		item, ok, err := protocol.ParseConfigLine(line)
		if err == nil && ok {
			err = c.Set(item.Tag, item.Value)
		}
		if err != nil {
			return nil, fmt.Errorf("-c %q: %w", line, err)
		}
	}
	return c, nil
}
