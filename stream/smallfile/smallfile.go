// Package smallfile reads files that are small by their nature: settings, identities, plans.
package smallfile

import (
	"fmt"
	"io"
	"os"
)

// Read returns the content of a file. A file of more than limit bytes is an error, and so
// is one that never ends.
func Read(name string, limit int) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	b, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
	if err != nil {
		return nil, err
	}
	if len(b) > limit {
		return nil, fmt.Errorf("%s has more than %d bytes; is it the right file?", name, limit)
	}
	return b, nil
}
