package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/protocol/getopt"
	"github.com/litoria-fax/litoria/spool"
)

func TestFaxqclean(t *testing.T) {
	s, err := spool.Create(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-2 * time.Hour)
	put := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(s.Path(name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(s.Path(name), old, old); err != nil {
			t.Fatal(err)
		}
	}
	put("doneq/q1", "state:7\nnumber:1\nmailaddr:a\nsender:a\njobid:1\nmodem:any\nclient:c\nowner:o\ndoneop:archive\n")
	put("docq/doc1.ps", "x")
	put("bin/archive", "#!/bin/sh\nmv doneq/q$1 archive/\n")
	for _, row := range []struct{ args, want string }{
		{"-nv", "JOB 1: remove (archive) (not done)\nDOC docq/doc1.ps: unreferenced document removed (not done)\n"},
		{"-n -v -j 0x2000 -d 010000000", ""},
		{"-t -j 9000 -d 9000", "JOB 1: too new\ndocq/doc1.ps: ignored, it is too new\ndocq/seqf: ignored, its name begins neither with doc nor with cover\n"},
		{"-avd9000", "JOB 1: archive (archive)\n"},
		{"-v", "DOC docq/doc1.ps: unreferenced document removed\n"},
	} {
		var out bytes.Buffer
		program := app(&out)
		args, err := getopt.Arguments(append([]string{"-q", s.Dir()}, strings.Fields(row.args)...), program.Flags)
		if err == nil {
			err = program.Run(append([]string{"faxqclean"}, args...))
		}
		if err != nil || out.String() != row.want {
			t.Errorf("faxqclean %s: %v\n%swant\n%s", row.args, err, out.String(), row.want)
		}
	}
	if _, err := os.Stat(s.Path("archive/q1")); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"-j x", "-d -1", "-q /nonexistent", "more"} {
		if err := app(&bytes.Buffer{}).Run(append([]string{"faxqclean", "-q", s.Dir()}, strings.Fields(bad)...)); err == nil {
			t.Errorf("faxqclean %s: no error", bad)
		}
	}
}
