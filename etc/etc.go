// Package etc holds the files that a fresh spool directory begins with, as
// they lie in this folder. They are samples to be edited, not a fallback: a
// program that misses a file says so. hylafax-config(5), dialrules(5) and
// hosts.hfaxd(5) describe them.
package etc

import (
	"embed"
	"io/fs"
)

//go:embed config config.iax dialrules hosts.hfaxd
var files embed.FS

// Default is a file of a fresh spool.
type Default struct {
	Source string      // its name in this folder
	Path   string      // where it goes, relative to the spool
	Mode   fs.FileMode // of the new file
}

// Defaults lists the files of a fresh spool.
func Defaults() []Default {
	return []Default{
		{"config", "etc/config", 0o644},
		{"dialrules", "etc/dialrules", 0o644},
		{"hosts.hfaxd", "etc/hosts.hfaxd", 0o600}, // it may hold passwords
		{"config.iax", "config/iax", 0o644},       // a prototype, as HylaFAX keeps those of modems there
	}
}

// Read gives the text of a default file by its Source.
func Read(source string) ([]byte, error) { return files.ReadFile(source) }
