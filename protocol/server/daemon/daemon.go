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
	"strings"
	"syscall"

	"github.com/rs/zerolog"
	"github.com/urfave/cli/v2"

	"github.com/litoria-fax/litoria/internal/detach"
	"github.com/litoria-fax/litoria/internal/faxlog"
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
	absent     []string // ports that were asked for and are not served
	inetd      bool
	background bool
	bind       string
	items      []string // -c
	user       string
	configDir  string
	debug      bool
	syslog     bool
	help       bool
}

// What HylaFAX's hfaxd can be told to serve, and this one does not.
const (
	snpp        = "pagers (SNPP) are"
	oldProtocol = "the protocol before HylaFAX 4 is"
)

func (o *options) flags() []cli.Flag {
	// Debian starts hfaxd with -i 4559 -s 444: fax clients must be served all the same.
	warn := func(option, what string) func(string) error {
		return func(s string) error {
			o.absent = append(o.absent, fmt.Sprintf("-%s %s: %s not supported; nobody listens there", option, s, what))
			return nil
		}
	}
	refuse := func(what string) func(string) error {
		return func(string) error { return fmt.Errorf("%s not supported", what) }
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
		getopt.Switch("d", "stay in the foreground and log to standard error", func() { o.background = false }),
		getopt.Switch("syslog", "log to syslog, also in the foreground", func() { o.syslog = true }),
		getopt.Option("c", "'TAG: VALUE'", "a line of hfaxd.conf", func(s string) error { o.items = append(o.items, s); return nil }),
		getopt.Option("user", "NAME", "user to become when started as root (default uucp)", func(s string) error { o.user = s; return nil }),
		getopt.Option("config-dir", "DIR", "directory of hyla.conf and hfaxd.conf", func(s string) error { o.configDir = s; return nil }),
		getopt.Switch("debug", "trace everything (ServerTracing: 0x1ff)", func() { o.debug = true }),
		getopt.Option("s", "PORT", "not supported: pagers (SNPP)", warn("s", snpp)),
		getopt.Option("S", "", "not supported: pagers (SNPP)", refuse("-S: "+snpp)),
		getopt.Option("o", "PORT", "not supported: the protocol before HylaFAX 4", warn("o", oldProtocol)),
		getopt.Option("O", "", "not supported: the protocol before HylaFAX 4", refuse("-O: "+oldProtocol)),
		getopt.Option("u", "SOCKET", "not supported: Unix sockets", refuse("-u: Unix sockets are")),
		getopt.Switch("help", "show this text", func() { o.help = true }),
	}
}

// Main runs hfaxd with the arguments of its command line, the program's name first.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	o := &options{spool: defaultSpool, background: true, user: "uucp", configDir: configDir}
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
	return getopt.Run(app, args)
}

// run serves until a signal ends it, in the background unless -d was given.
func (o *options) run(stdin io.Reader, stderr io.Writer) error {
	if len(o.absent) > 0 && len(o.ports) == 0 {
		return getopt.Usage("%s; fax clients need -i PORT", strings.Join(o.absent, "; "))
	}
	if len(o.ports) == 0 { // as HylaFAX: no port is as good as -I
		o.inetd = true
	}
	files, detached := detach.Inherited()
	if detached {
		serves := false
		err := o.serve(stdin, stderr, files, func() error { serves = true; return detach.Ready(nil) })
		if !serves {
			return errors.Join(err, detach.Ready(err))
		}
		return err
	}
	if o.inetd || !o.background {
		return o.serve(stdin, stderr, nil, func() error { return nil })
	}
	listeners, err := o.listen() // a port in use is told here
	if err != nil {
		return err
	}
	for _, l := range listeners {
		f, err := l.Listener.(*net.TCPListener).File() //nolint:forcetypeassert // listen makes no others
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	for _, what := range o.absent {
		fmt.Fprintln(stderr, "hfaxd:", what)
	}
	return detach.Start(os.Args[1:], files)
}

// serve prepares the server and serves. files are the listeners of a server in the background.
func (o *options) serve(stdin io.Reader, stderr io.Writer, files []*os.File, ready func() error) error {
	spool, err := filepath.Abs(o.spool)
	if err != nil {
		return err
	}
	var listeners []boundPort
	if !o.inetd {
		if listeners, err = o.inheritOrListen(files); err != nil { // ports below 1024 need root's rights
			return err
		}
	}
	log, facility := o.newLog(stderr, len(files) > 0)
	for _, what := range o.absent {
		log.Warn().Msg(what)
	}
	if err := dropRoot(o.user, log); err != nil {
		return err
	}
	conf := &configuration{options: o, spool: spool, log: log, facility: facility}
	settings, err := conf.read()
	if err != nil {
		return err
	}
	cfg := server.Config{Spool: spool, Settings: settings, Log: log, ReadSettings: conf.read}
	if settings.TLSCertificate != "" {
		files := newCertificates(settings, spool, log)
		cfg.TLS, cfg.CertificateUser = files.config, files.user
		if _, err := cfg.TLS(); err != nil {
			return fmt.Errorf("TLS: %w", err)
		}
	}
	srv, err := server.New(cfg)
	if err != nil {
		return err
	}
	if o.inetd {
		return o.serveInetd(srv, stdin)
	}
	if err := ready(); err != nil {
		return errors.Join(err, srv.Close())
	}
	return serve(srv, listeners, log)
}

// newLog makes the log: to standard error in the foreground, to syslog otherwise.
func (o *options) newLog(stderr io.Writer, background bool) (zerolog.Logger, *faxlog.Syslog) {
	if o.syslog || o.inetd || background {
		w := faxlog.NewSyslog("", "")
		return zerolog.New(w), w
	}
	console := zerolog.ConsoleWriter{Out: stderr, NoColor: true, TimeFormat: "2006-01-02T15:04:05.000"}
	return zerolog.New(console).Level(zerolog.InfoLevel).With().Timestamp().Logger(), nil
}

// inheritOrListen takes the listeners that were opened in the foreground, or opens them.
func (o *options) inheritOrListen(files []*os.File) ([]boundPort, error) {
	if len(files) == 0 {
		return o.listen()
	}
	if len(files) != len(o.ports) {
		return nil, fmt.Errorf("%d listeners for %d ports", len(files), len(o.ports))
	}
	var bound []boundPort
	for i, f := range files {
		l, err := net.FileListener(f)
		f.Close()
		if err != nil {
			return nil, err
		}
		bound = append(bound, boundPort{l, o.ports[i].tls})
	}
	return bound, nil
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
