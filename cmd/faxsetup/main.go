// Command faxsetup makes a spool directory for a fax server, or looks one over.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/litoria-fax/litoria/protocol/getopt"
	"github.com/litoria-fax/litoria/spool"
	"github.com/litoria-fax/litoria/spool/config"
)

// unsupported is told to those who use options of HylaFAX's faxsetup.
const unsupported = "the questions of HylaFAX's faxsetup and its options -client, -server and -with-VAR are not supported: edit the files below etc"

func main() {
	app := &cli.App{
		Name:      "faxsetup",
		Usage:     "make a spool directory for a fax server, or look one over",
		UsageText: "faxsetup [-q DIRECTORY] [-create [-user USER]] [-quiet]\nfaxsetup [-q DIRECTORY] -add DEVID 'TAG: VALUE' ...\nfaxsetup [-q DIRECTORY] -remove DEVID",
		Description: "With -create: makes the directories, sequence files and default configuration below the spool; what is there stays as it is.\n" +
			"With -add and -remove: makes or removes a line over IAX2, as SITE ADDMODEM and DELMODEM of hfaxd do; a faxgetty that runs takes it up.\n" +
			"Without: reads the configuration of the spool and names everything that is wrong with it.",
		HideHelpCommand: true,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "q", Value: "/var/spool/hylafax", Usage: "the spool `DIRECTORY`"},
			&cli.BoolFlag{Name: "create", Usage: "make the spool, or what is missing of it"},
			&cli.StringFlag{Name: "user", Usage: "give what is made to `USER`, under whom the server runs (as root; default uucp, as HylaFAX)"},
			&cli.StringFlag{Name: "add", Usage: "make the line `DEVID` of the parameters that follow"},
			&cli.StringFlag{Name: "remove", Usage: "remove the line `DEVID`; its file is kept with a ~ behind its name"},
			&cli.BoolFlag{Name: "quiet", Usage: "print only what is wrong"},
			&cli.BoolFlag{Name: "verbose", Usage: "print what is done (as without -quiet)"},
		},
		Action: run,
	}
	err := getopt.Run(app, os.Args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "faxsetup:", err)
	}
	if getopt.Status(err) == getopt.StatusUsage {
		fmt.Fprintln(os.Stderr, "faxsetup:", unsupported)
	}
	os.Exit(getopt.Status(err))
}

func run(c *cli.Context) error {
	if c.IsSet("add") {
		return addLine(c.String("q"), c.String("add"), c.Args().Slice())
	}
	if c.NArg() > 0 {
		return getopt.Usage("%q is not understood", c.Args().First())
	}
	say := func(format string, args ...any) {
		if !c.Bool("quiet") {
			fmt.Printf(format+"\n", args...)
		}
	}
	dir := c.String("q")
	if c.IsSet("remove") {
		return removeLine(dir, c.String("remove"))
	}
	if !c.Bool("create") {
		if c.IsSet("user") {
			return errors.New("-user is only for -create")
		}
		return check(dir, say)
	}
	if _, err := spool.Create(dir); err != nil {
		return err
	}
	if name := owner(c.String("user")); name != "" {
		if err := giveTo(dir, name); err != nil {
			return err
		}
	}
	say("%s is ready. Next: a line (copy config/iax to etc/config.ttyIAX0 and edit it), then start faxq, hfaxd and faxgetty with -q %s.", dir, dir)
	return check(dir, func(string, ...any) {})
}

// owner is the user who gets a spool that root makes: hfaxd does not serve as
// root.
func owner(wanted string) string {
	if wanted != "" || os.Getuid() != 0 {
		return wanted
	}
	const faxUser = "uucp"
	if _, err := user.Lookup(faxUser); err != nil {
		return ""
	}
	return faxUser
}

// check reads every configuration file of a spool.
func check(dir string, say func(string, ...any)) error {
	if _, err := spool.Open(dir); err != nil {
		return err
	}
	lines, err := filepath.Glob(filepath.Join(dir, spool.Etc, "config.*"))
	if err != nil {
		return err
	}
	wrong := 0
	for _, path := range append([]string{filepath.Join(dir, spool.Etc, "config")}, lines...) {
		if strings.HasSuffix(path, "~") { // of a line that was removed
			continue
		}
		c, err := config.Read(dir, path)
		if err != nil {
			wrong++
			fmt.Fprintln(os.Stderr, err)
			continue
		}
		for _, p := range c.Problems {
			wrong++
			fmt.Fprintln(os.Stderr, p)
		}
		say("%s: %d parameters", path, len(c.Items))
	}
	if wrong > 0 {
		return fmt.Errorf("%d lines of the configuration are wrong", wrong)
	}
	return nil
}

// giveTo changes the owner of a spool.
func giveTo(dir, name string) error {
	u, err := user.Lookup(name)
	if err != nil {
		return err
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return err
	}
	return filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, uid, gid)
	})
}
