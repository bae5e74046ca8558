package ship

import (
	"crypto/sha256"
	"debug/buildinfo"
	"debug/elf"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"
)

// A Platform is the platform of a program, as in GOOS and GOARCH.
type Platform struct{ OS, Arch string }

func (p Platform) String() string { return p.OS + "/" + p.Arch }

// ParsePlatform parses a platform such as linux/amd64.
func ParsePlatform(text string) (Platform, error) {
	system, arch, ok := strings.Cut(text, "/")
	if !ok || system == "" || arch == "" || strings.Contains(arch, "/") {
		return Platform{}, fmt.Errorf("%q is no platform: it is OS/ARCH in Go's words, as in linux/amd64", text)
	}
	return Platform{system, arch}, nil
}

// Wanted is what the nodes require of a program.
type Wanted struct {
	Platform Platform
	// Memory means that containers keep their state in memory: the program has neither
	// RocksDB nor any other C.
	Memory bool
}

// A Program is an executable file that Go has built.
type Program struct {
	File   string
	SHA256 string // in hex
	Size   int64
	Info   *debug.BuildInfo
	static bool
}

// Read reads the properties of a program from its file.
func Read(file string) (_ *Program, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	p := &Program{File: file}
	if p.Info, err = buildinfo.Read(f); err != nil {
		return nil, fmt.Errorf("%s is no program that Go has built: %w", file, err)
	}
	h := sha256.New()
	if p.Size, err = io.Copy(h, f); err != nil {
		return nil, err
	}
	p.SHA256 = hex.EncodeToString(h.Sum(nil))
	p.static = isStatic(f)
	return p, nil
}

// isStatic reports whether a program needs no shared library. It is true of files that aren't
// ELF: other systems have no static programs.
func isStatic(f io.ReaderAt) bool {
	e, err := elf.NewFile(f)
	if err != nil {
		return true
	}
	return !slices.ContainsFunc(e.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP })
}

// Platform returns the platform that the program was built for.
func (p *Program) Platform() Platform {
	return Platform{setting(p.Info, "GOOS"), setting(p.Info, "GOARCH")}
}

// Check returns an error if the nodes can't run the program.
func (p *Program) Check(w Wanted) error {
	rocks := slices.Contains(tags(p.Info), "rocksdb")
	switch {
	case p.Platform() != w.Platform:
		return fmt.Errorf("%s was built for %v, and the nodes are %v: say -platform if they aren't", p.File, p.Platform(), w.Platform)
	case !p.static:
		return fmt.Errorf("%s needs libraries that nodes may not have: link it statically, by: %s", p.File, w.command("./yourapp"))
	case !w.Memory && !rocks:
		return fmt.Errorf("%s keeps its state in memory, as it was built without -tags rocksdb: say -state memory if that is meant", p.File)
	case w.Memory && rocks:
		return fmt.Errorf("%s keeps its state in RocksDB, and not in memory: -state memory isn't true of it", p.File)
	}
	return nil
}

func tags(info *debug.BuildInfo) []string {
	return strings.FieldsFunc(setting(info, "-tags"), func(c rune) bool { return c == ',' || c == ' ' })
}

func setting(info *debug.BuildInfo, key string) string {
	for _, s := range info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}
