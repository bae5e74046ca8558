package access

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gretestream/grete/container/httpapi/signed"
)

// ErrNoConfig means that the user has no configuration directory.
var ErrNoConfig = errors.New("there is no configuration directory for the token of this user: HOME and XDG_CONFIG_HOME aren't set")

// localFile is the file of an app's local token: of the jobs that a user runs on loopback
// addresses. config is the user's configuration directory.
func localFile(config, app string) string { return filepath.Join(config, "grete", app, "token") }

// MakeLocal returns the local tokens of an app, and the file that has them. It makes the
// file if it doesn't exist.
func MakeLocal(config, app string) (tokens signed.Tokens, file string, err error) {
	if config == "" {
		return nil, "", ErrNoConfig
	}
	file = localFile(config, app)
	if tokens, err = FindLocal(config, app); len(tokens) == 0 && err == nil {
		if err = makeFile(file); err == nil {
			tokens, err = FindLocal(config, app)
		}
	}
	return tokens, file, err
}

// FindLocal returns the local tokens of an app; none if there are none yet.
func FindLocal(config, app string) (signed.Tokens, error) {
	if config == "" {
		return nil, nil
	}
	file := localFile(config, app)
	b, err := ReadSecret("the local token", file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	tokens, err := signed.ParseTokens(string(b))
	if err == nil && len(tokens) == 0 {
		err = errEmpty
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w; delete it, and a new one is made", file, err)
	}
	return tokens, nil
}

// makeFile makes a file with a new token. If another process is faster, its file stays.
func makeFile(file string) (err error) {
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".token-*") // with mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	_, failed := fmt.Fprintln(f, signed.NewToken())
	if err := errors.Join(failed, f.Sync(), f.Close()); err != nil {
		return err
	}
	// A link is made whole or not at all, and replaces nothing.
	if err := os.Link(f.Name(), file); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
