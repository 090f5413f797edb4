// Command sendfax submits faxes to a HylaFAX server (sendfax(1)).
package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/signal"

	"github.com/litoria-fax/litoria/protocol/client/command"
	"github.com/litoria-fax/litoria/protocol/client/convert"
	"github.com/litoria-fax/litoria/spool/dialrules"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	env := command.System()
	env.DisplayNumber = displayNumber
	env.Convert = func(data []byte, opts command.ConvertOptions) (*command.Converted, error) {
		return convert.Document(ctx, data, opts)
	}
	env.CheckPDF = func(data []byte) error { return convert.CheckPDF(ctx, data) }
	os.Exit(command.Sendfax(ctx, env, os.Args))
}

// displayNumber applies the rules of a file; without the file, numbers are shown as they are.
func displayNumber(file, number string) (string, error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return number, nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	// What only servers know is empty here, as for HylaFAX's sendfax.
	vars := map[string]string{"AreaCode": "", "CountryCode": "", "LongDistancePrefix": "", "InternationalPrefix": ""}
	rules, err := dialrules.Parse(f, file, vars)
	if err != nil {
		return "", err
	}
	return rules.Apply(dialrules.DisplayNumber, number)
}
