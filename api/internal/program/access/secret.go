package access

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// ReadSecret reads a file with a secret. from names the setting in errors. A file that
// others can read is refused.
func ReadSecret(from, file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", from, err)
	}
	defer func() { _ = f.Close() }() // it was only read
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", from, err)
	}
	if err := checkMode(from, file, info); err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", from, err)
	case len(b) > maxSecret:
		return nil, fmt.Errorf("%s: %s is larger than %d bytes; is it the right file?", from, file, maxSecret)
	}
	return b, nil
}

// maxSecret bounds a file with a secret, in bytes.
const maxSecret = 1 << 20

// CheckSecret returns an error if others can read a file.
func CheckSecret(from, file string) error {
	info, err := os.Stat(file)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	return checkMode(from, file, info)
}

// others are the permissions of users who are neither the owner nor in the group.
const others = 0o007

// checkMode refuses a file that others can read. It is fine if they can't enter the file's
// directory. Pipes, as of a shell's <(command), belong to the process.
func checkMode(from, file string, info fs.FileInfo) error {
	if !hasModes || !info.Mode().IsRegular() || info.Mode()&others == 0 {
		return nil
	}
	if dir, err := os.Stat(filepath.Dir(file)); err == nil && dir.Mode()&others == 0 {
		return nil
	}
	return fmt.Errorf("%s: other users can read %s, which has a secret; chmod o= %[2]s, or put it into a directory that only you can enter", from, file)
}
