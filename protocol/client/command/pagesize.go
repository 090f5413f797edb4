package command

import (
	"bufio"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// pageSize is an entry of the page size database (pagesizes(5)), in millimetres.
type pageSize struct {
	name, abbrev  string
	width, height int
}

// unitsPerInch are the basic measurement units of the database in an inch.
const unitsPerInch = 1200

func millimetres(units int) int { return int(float64(units) / unitsPerInch * 25.4) }

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
			sizes = append(sizes, pageSize{strings.TrimSpace(name), fields[0], millimetres(width), millimetres(height)})
		}
	}
	return sizes
}

func knownPageSizes() []pageSize {
	return []pageSize{
		{"ISO A3", "A3", 296, 419}, {"ISO A4", "A4", 209, 296}, {"ISO A5", "A5", 150, 209}, {"ISO A6", "A6", 106, 147},
		{"ISO B4", "B4", 255, 363}, {"North American Letter", "NA-LET", 215, 279}, {"American Legal", "US-LEG", 215, 355},
		{"American Ledger", "US-LED", 279, 431}, {"American Executive", "US-EXE", 184, 266},
		{"Japanese Letter", "JP-LET", 181, 256}, {"Japanese Legal", "JP-LEG", 256, 363}, {"default", "A4", 209, 296},
	}
}
