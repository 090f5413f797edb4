//go:build interop

package clients_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

// tableVariable names the file that the table is written to; `make interop-clients` sets it.
const tableVariable = "LITORIA_CLIENTS_TABLE"

const tableHead = `# Clients and servers

Each operation was tried with HylaFAX 6.0.7's clients and ours against HylaFAX's hfaxd and ours; what the clients print,
how they end and the job files that are left were compared with those of HylaFAX's client at HylaFAX's server (the first
column). *same* means to the letter, but for times of day and words that say more. ` + "`make interop-clients`" + ` runs the
tests and writes this page.

| operation | HylaFAX client, HylaFAX hfaxd | HylaFAX client, our hfaxd | our client, HylaFAX hfaxd | our client, our hfaxd |
|---|---|---|---|---|
`

const tableMiddle = `
What ours do otherwise on purpose:

| operation | ours | why |
|---|---|---|
`

const tableTail = `
Other programs:

| operation | HylaFAX hfaxd | our hfaxd |
|---|---|---|
`

// TestMain writes the table after a run of all tests in which everything was as it should be.
func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	name := os.Getenv(tableVariable)
	if code == 0 && name != "" && len(otherResults) == len(others) && clientsRan {
		if err := os.WriteFile(name, []byte(table()), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// table is the page.
func table() string {
	var b, notes strings.Builder
	b.WriteString(tableHead)
	for _, s := range steps {
		ours := "same"
		switch {
		case s.alone:
			ours = "-"
		case s.ours != "":
			ours = "otherwise"
			fmt.Fprintf(&notes, "| %s | `%s` | %s |\n", cell(s.op), cell(s.ours), s.why)
		}
		fmt.Fprintf(&b, "| %s | reference | same | %s | %s |\n", cell(s.op), ours, ours)
	}
	b.WriteString(tableMiddle + notes.String() + tableTail)
	for i, o := range others {
		fmt.Fprintf(&b, "| %s | %s | works |\n", cell(o.name), cell(otherResults[i]))
	}
	return b.String()
}

// cell makes a text fit for a cell of a table.
func cell(s string) string { return strings.ReplaceAll(strings.ReplaceAll(s, "|", `\|`), "<", "&lt;") }
