// Command udpimpair is a UDP proxy on loopback that loses, delays, doubles and
// reorders packets; see package udpimpair.
package main

import (
	"fmt"
	"net/netip"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/litoria-fax/litoria/interop/udpimpair"
	"github.com/urfave/cli/v2"
)

func main() {
	app := &cli.App{
		Name:            "udpimpair",
		Usage:           "UDP proxy on loopback that loses, delays, doubles and reorders packets",
		HideHelpCommand: true,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "listen", Value: "127.0.0.1:4570", Usage: "loopback address to listen on"},
			&cli.StringFlag{Name: "target", Value: "127.0.0.1:4569", Usage: "loopback address to forward to"},
			&cli.StringFlag{Name: "upstream", Value: "127.0.0.1:0", Usage: "local address towards the target; with a port, client k uses port+k"},
			&cli.Uint64Flag{Name: "seed", Value: 1, Usage: "random seed"},
			&cli.Float64Flag{Name: "loss", Usage: "random loss, percent"},
			&cli.Float64Flag{Name: "burstloss", Usage: "burst (Gilbert) loss, mean percent"},
			&cli.Float64Flag{Name: "burstlen", Value: 3, Usage: "mean length of a burst, packets"},
			&cli.DurationFlag{Name: "delay", Usage: "constant delay"},
			&cli.DurationFlag{Name: "jitter", Usage: "size of the jitter"},
			&cli.StringFlag{Name: "dist", Value: "uniform", Usage: "distribution of the jitter J: uniform [0,J], normal N(J,J/3), exp mean J"},
			&cli.BoolFlag{Name: "keeporder", Usage: "jitter does not reorder"},
			&cli.Float64Flag{Name: "reorder", Usage: "reordered packets, percent"},
			&cli.IntFlag{Name: "reordergap", Value: 1, Usage: "a reordered packet goes after so many later ones"},
			&cli.Float64Flag{Name: "dup", Usage: "doubled packets, percent"},
			&cli.BoolFlag{Name: "mediaonly", Usage: "spare full frames of IAX2"},
			&cli.StringFlag{Name: "dir", Value: "both", Usage: "direction: up (client to target), down, both"},
			&cli.DurationFlag{Name: "stats", Usage: "show counters so often"},
			&cli.DurationFlag{Name: "duration", Usage: "end after this time"},
		},
		Action: run,
	}
	if err := app.Run(os.Args); err != nil {
		fmt.Fprintln(os.Stderr, "udpimpair:", err)
		os.Exit(1)
	}
}

func run(c *cli.Context) error {
	cfg, err := config(c)
	if err != nil {
		return err
	}
	proxy, err := udpimpair.NewProxy(cfg)
	if err != nil {
		return err
	}
	go func() { _ = proxy.Serve() }() // ends with Close
	defer proxy.Close()
	show := func() {
		n, up, down := proxy.Stats()
		fmt.Printf("udpimpair seed=%d flows=%d up: %v down: %v\n", cfg.Seed, n, up, down)
	}
	defer show()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	var tick, end <-chan time.Time
	if d := c.Duration("stats"); d > 0 {
		tick = time.Tick(d)
	}
	if d := c.Duration("duration"); d > 0 {
		end = time.After(d)
	}
	for {
		select {
		case <-tick:
			show()
		case <-stop:
			return nil
		case <-end:
			return nil
		}
	}
}

// config reads the flags.
func config(c *cli.Context) (udpimpair.Config, error) {
	p := udpimpair.Params{
		Loss: c.Float64("loss"), BurstLoss: c.Float64("burstloss"), BurstLen: c.Float64("burstlen"),
		Delay: c.Duration("delay"), Jitter: c.Duration("jitter"), Dist: c.String("dist"), KeepOrder: c.Bool("keeporder"),
		Reorder: c.Float64("reorder"), ReorderGap: c.Int("reordergap"), Dup: c.Float64("dup"), MediaOnly: c.Bool("mediaonly"),
	}
	cfg := udpimpair.Config{Seed: c.Uint64("seed")}
	for name, to := range map[string]*netip.AddrPort{"listen": &cfg.Listen, "target": &cfg.Target, "upstream": &cfg.Upstream} {
		a, err := netip.ParseAddrPort(c.String(name))
		if err != nil {
			return cfg, fmt.Errorf("--%s: %w", name, err)
		}
		*to = a
	}
	switch p.Dist {
	case "uniform", "normal", "exp":
	default:
		return cfg, fmt.Errorf("--dist: %q is not uniform, normal or exp", p.Dist)
	}
	switch c.String("dir") {
	case "both":
		cfg.Up, cfg.Down = p, p
	case "up":
		cfg.Up = p
	case "down":
		cfg.Down = p
	default:
		return cfg, fmt.Errorf("--dir: %q is not up, down or both", c.String("dir"))
	}
	return cfg, nil
}
