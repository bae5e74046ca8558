// Package token has the command token new: it makes a token for a job.
package token

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/access"
	"github.com/gretestream/grete/container/httpapi/signed"
)

// Commands are those of this package.
type Commands struct {
	Token struct {
		New  NewCommand  `cmd:"" help:"Make a random token, and print it, or write it to a file that only you can read."`
		Show ShowCommand `cmd:"" help:"Print your token for this app's jobs on a loopback address of this machine."`
	} `cmd:"" help:"Make or show a token for the HTTP API."`
}

// A NewCommand makes a token.
type NewCommand struct {
	File string `arg:"" optional:"" help:"File to create, for -token-file (default: standard output). An existing file is kept."`
}

// Run runs the command.
func (k *NewCommand) Run(c program.Console) error {
	if k.File == "" {
		_, err := fmt.Fprintln(c.Out, signed.NewToken())
		return err
	}
	f, err := os.OpenFile(k.File, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists; to replace its token, add a line with a new one (see Rotate the token in docs/security.md), or name another file", k.File)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, signed.NewToken())
	return errors.Join(err, f.Close())
}

// A ShowCommand prints the local token of the user.
type ShowCommand struct{}

// Run runs the command. It makes the token if there is none: a job that starts later uses it.
func (ShowCommand) Run(c program.Console) error {
	tokens, _, err := access.MakeLocal(c.Config, c.App)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.Out, tokens[0])
	return err
}
