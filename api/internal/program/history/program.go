package history

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
)

// A Program identifies a build of the user's program.
type Program struct {
	Version  string `json:"version,omitempty"`  // of the main module
	Revision string `json:"revision,omitempty"` // of its repository
	Modified bool   `json:"modified,omitempty"` // since that revision
	SHA256   string `json:"sha256,omitempty"`   // of the file
}

// Running identifies the running program, as far as possible.
func Running() Program {
	var p Program
	if info, ok := debug.ReadBuildInfo(); ok {
		p.Version = info.Main.Version
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				p.Revision = s.Value
			case "vcs.modified":
				p.Modified = s.Value == "true"
			}
		}
	}
	if file, err := os.Executable(); err == nil {
		p.SHA256, _ = digest(file)
	}
	return p
}

// digest returns the SHA-256 of a file, in hex.
func digest(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close() //nolint:errcheck // it was only read
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// String describes the program for people.
func (p Program) String() string {
	var parts []string
	if p.Version != "" && p.Version != "(devel)" {
		parts = append(parts, "version "+p.Version)
	}
	if p.Revision != "" {
		revision := "revision " + p.Revision
		if p.Modified {
			revision += " with changes"
		}
		parts = append(parts, revision)
	}
	if p.SHA256 != "" {
		parts = append(parts, fmt.Sprintf("SHA-256 %s", p.SHA256))
	}
	return cmp.Or(strings.Join(parts, ", "), "an unknown program")
}
