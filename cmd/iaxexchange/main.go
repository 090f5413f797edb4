// Command iaxexchange is the embedded exchange as a program of its own: a small
// IAX2 registrar with a dial plan, for tests, demonstrations and small sites.
// See docs/exchange.md.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/litoria-fax/litoria/iax"
	"github.com/litoria-fax/litoria/iax/exchange"
	"github.com/litoria-fax/litoria/protocol/getopt"
	"github.com/rs/zerolog"
	"github.com/urfave/cli/v2"
)

func main() {
	app := &cli.App{
		Name:            "iaxexchange",
		Usage:           "small IAX2 exchange: registers lines and connects calls",
		Description:     "Reads a subset of Asterisk's iax.conf and extensions.conf. SIGHUP reads the files again, SIGUSR1 lists the peers.",
		HideHelpCommand: true,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "config", Aliases: []string{"c"}, Value: "/etc/litoria", Usage: "`PATH` of iax.conf, or of the directory with iax.conf and extensions.conf"},
			&cli.StringFlag{Name: "extensions", Aliases: []string{"e"}, Usage: "`PATH` of extensions.conf (default: beside iax.conf)"},
			&cli.StringFlag{Name: "keys", Usage: "directory of the RSA keys that inkeys and outkey name (default: keys beside iax.conf)"},
			&cli.StringFlag{Name: "listen", Aliases: []string{"l"}, Usage: "`ADDRESS:PORT` instead of bindaddr and bindport"},
			&cli.BoolFlag{Name: "check", Usage: "check the files, tell what is wrong or unknown in them, and end"},
			&cli.BoolFlag{Name: "trace", Usage: "show every frame"},
			&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Usage: "tell each step"},
		},
		Action: run,
	}
	os.Exit(getopt.Main(app, os.Args, os.Stderr))
}

func run(c *cli.Context) error {
	if c.Args().Present() {
		return getopt.Usage("%q is not expected", c.Args().First())
	}
	zerolog.TimeFieldFormat = time.RFC3339Nano
	level := zerolog.InfoLevel
	if c.Bool("verbose") {
		level = zerolog.DebugLevel
	}
	log := zerolog.New(zerolog.ConsoleWriter{Out: os.Stderr, TimeFormat: "15:04:05.000", NoColor: true}).Level(level).With().Timestamp().Logger()
	peers, plan := files(c.String("config"), c.String("extensions"))
	cfg := exchange.Config{
		IAXConf: peers, Extensions: plan, KeyDir: c.String("keys"), Listen: c.String("listen"), Logger: log, Fax: machines{},
	}
	if c.Bool("trace") {
		cfg.Trace = func(t iax.TraceEntry) { fmt.Fprintln(os.Stderr, t) }
	}
	if c.Bool("check") {
		return check(cfg)
	}
	x, err := exchange.Start(cfg)
	if err != nil {
		return err
	}
	log.Info().Stringer("at", x.Addr()).Msg("exchange: ready")
	return serve(x, log)
}

// files finds the two files.
func files(config, extensions string) (peers, plan string) {
	peers = config
	if info, err := os.Stat(config); err == nil && info.IsDir() {
		peers = filepath.Join(config, "iax.conf")
	}
	if extensions == "" {
		extensions = filepath.Join(filepath.Dir(peers), "extensions.conf")
	}
	return peers, extensions
}

// errCheck ends --check for files that cannot be used; what is wrong was told.
var errCheck = errors.New("the files cannot be used")

func check(cfg exchange.Config) error {
	problems, fatal := exchange.Check(cfg), false
	for _, p := range problems {
		fmt.Println(p)
		fatal = fatal || p.Fatal
	}
	if fatal {
		return errCheck
	}
	fmt.Println("The files can be used.")
	return nil
}

// serve runs until a signal ends it.
func serve(x *exchange.Exchange, log zerolog.Logger) error {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGUSR1)
	for s := range signals {
		switch s {
		case syscall.SIGHUP:
			if err := x.Reload(); err != nil {
				log.Error().Err(err).Msg("exchange: reload: everything stays as it was")
				continue
			}
			log.Info().Msg("exchange: files read again")
		case syscall.SIGUSR1:
			list(x)
		default:
			return x.Close()
		}
	}
	return nil
}

// list shows the peers as Asterisk's "iax2 show peers" does.
func list(x *exchange.Exchange) {
	fmt.Printf("%-20s %-24s %-12s %8s  %s\n", "Name", "Address", "State", "RTT", "Expires")
	for _, p := range x.Peers() {
		addr, expires, rtt := "not registered", "", ""
		if p.Addr.IsValid() {
			addr = p.Addr.String()
		}
		if !p.Expires.IsZero() {
			expires = p.Expires.Format(time.TimeOnly)
		}
		if p.RTT > 0 {
			rtt = p.RTT.Round(time.Microsecond * 100).String()
		}
		fmt.Printf("%-20s %-24s %-12s %8s  %s\n", p.Name, addr, p.State, rtt, expires)
	}
}
