package command

import (
	"bufio"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// pageSize is an entry of the page size database (pagesizes(5)), in its units.
type pageSize struct {
	name, abbrev  string
	width, height int
}

func (p pageSize) widthMM() float64  { return float64(p.width) / unitsPerInch * 25.4 }
func (p pageSize) heightMM() float64 { return float64(p.height) / unitsPerInch * 25.4 }

// unitsPerInch are the basic measurement units of the database in an inch.
const unitsPerInch = 1200

// findPageSize finds an entry by its abbreviation or a part of its name, in any case. Where there is
// no database, the sizes that everybody knows are used.
func findPageSize(dir, name string) (pageSize, bool) {
	for _, p := range readPageSizes(filepath.Join(dir, "pagesizes")) {
		if strings.EqualFold(p.abbrev, name) || strings.Contains(strings.ToLower(p.name), strings.ToLower(name)) {
			return p, true
		}
	}
	return pageSize{}, false
}

func readPageSizes(file string) []pageSize {
	f, err := os.Open(file)
	if err != nil {
		return knownPageSizes()
	}
	defer f.Close()
	var sizes []pageSize
	for s := bufio.NewScanner(f); s.Scan(); {
		line, _, _ := strings.Cut(s.Text(), "#")
		name, rest, found := strings.Cut(line, "\t")
		fields := strings.Fields(rest)
		if !found || len(fields) < 3 {
			continue
		}
		width, err1 := strconv.Atoi(fields[1])
		height, err2 := strconv.Atoi(fields[2])
		if err1 == nil && err2 == nil {
			sizes = append(sizes, pageSize{strings.TrimSpace(name), fields[0], width, height})
		}
	}
	return sizes
}

func knownPageSizes() []pageSize {
	return []pageSize{
		{"ISO A3", "A3", 14030, 19840}, {"ISO A4", "A4", 9920, 14030}, {"ISO A5", "A5", 7133, 9921},
		{"ISO A6", "A6", 5055, 6991}, {"ISO B4", "B4", 12048, 17196}, {"North American Letter", "NA-LET", 10200, 13200},
		{"American Legal", "US-LEG", 10200, 16800}, {"American Ledger", "US-LED", 13200, 20400},
		{"American Executive", "US-EXE", 8700, 12600}, {"Japanese Letter", "JP-LET", 8598, 12141},
		{"Japanese Legal", "JP-LEG", 12141, 17196}, {"default", "A4", 9921, 14031},
	}
}
