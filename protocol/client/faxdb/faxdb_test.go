package faxdb_test

import (
	"strings"
	"testing"

	"github.com/litoria-fax/litoria/protocol/client/faxdb"
)

const book = `# our friends
[ Company: "Acme, \"Inc.\""   # the whole
  Location: Springfield
  [ Name: "Ann Other"	FAX-Number: +1.555.0100 ]
  [ Name:Purchasing FAX-Number:5550101
    Location: "Shelby\\ville" Voice-Number: "555 0199" ]
  [ FAX-Number: 7 ]
]
[ Name: Ann
  FAX-Number: 3 ]
`

func TestFind(t *testing.T) {
	b, err := faxdb.Parse(strings.NewReader(book))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, number, company, location string }{
		{"Ann Other", "+1.555.0100", `Acme, "Inc."`, "Springfield"},
		{"purch", "5550101", `Acme, "Inc."`, `Shelby\ville`},
		{"ann", "3", "", ""},
		{"other", "+1.555.0100", `Acme, "Inc."`, "Springfield"},
	} {
		r := b.Find(tt.name)
		if r == nil || r.Get(faxdb.Number) != tt.number || r.Get(faxdb.Company) != tt.company || r.Get(faxdb.Location) != tt.location {
			t.Errorf("Find(%q) = %q, %q, %q, want %+v", tt.name, r.Get(faxdb.Number), r.Get(faxdb.Company), r.Get(faxdb.Location), tt)
		}
	}
	for _, name := range []string{"", "7", "Bob"} {
		if r := b.Find(name); r != nil {
			t.Errorf("Find(%q) = %v, want none", name, r)
		}
	}
	var none *faxdb.Book
	if none.Find("Ann") != nil || (*faxdb.Record)(nil).Get("Name") != "" {
		t.Error("an empty book has a record")
	}
}

// What is wrong is named with its line; what stands before it is kept.
func TestFaults(t *testing.T) {
	for _, tt := range []struct{ file, want string }{
		{"[ Name: Ann ]\n]", `line 2: "]" without "["`},
		{"[ Name: Ann\n", `line 2: "]" is missing at the end`},
		{"[ Name: Ann ]\n[ Name Bob ]", `line 2: ":" is missing behind "Name"`},
		{"[ Name: Ann ] [ Name: ]", `line 1: the value of "Name" is missing`},
		{"[ Name: Ann ] x", `line 1: the value of "x" is missing`},
		{"[ Name: Ann ] x:", `line 1: the value of "x" is missing`},
		{"[ Name: Ann ]\n\n[ Name: \"Bob", `line 3: a closing quote mark is missing`},
		{"[ Name: Ann ]" + strings.Repeat("[", 65), `line 1: records are nested more than 64 deep`},
	} {
		b, err := faxdb.Parse(strings.NewReader(tt.file))
		if err == nil || err.Error() != tt.want || b.Find("Ann") == nil {
			t.Errorf("Parse(%q) = %v, want %s", tt.file, err, tt.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(book)
	f.Add("[ a:b [ Name: \"x\\\"\" ] ] # c")
	f.Fuzz(func(t *testing.T, file string) {
		b, _ := faxdb.Parse(strings.NewReader(file)) //nolint:errcheck // any file
		if r := b.Find("a"); r != nil && !strings.Contains(strings.ToLower(r.Get(faxdb.Name)), "a") {
			t.Errorf("found %q", r.Get(faxdb.Name))
		}
	})
}
