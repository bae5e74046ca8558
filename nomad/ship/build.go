package ship

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
)

// staticLink makes the C linker link statically. RocksDB's library doesn't declare that it
// needs bz2, which must come after it.
const staticLink = `-s -w -linkmode external -extldflags "-static -lbz2"`

// Find returns the program for the nodes: the file, if one is given; else the running
// program, if it can run on the nodes; else one that it builds in dir and reports by say.
func Find(ctx context.Context, w Wanted, file, dir string, say func(format string, args ...any)) (*Program, error) {
	if file != "" {
		p, err := Read(file)
		if err == nil {
			err = p.Check(w)
		}
		if err != nil {
			return nil, fmt.Errorf("-binary: %w", err)
		}
		return p, nil
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p, err := Read(self)
	if err != nil {
		return nil, fmt.Errorf("%w; pass -binary FILE", err)
	}
	if p.Check(w) == nil {
		return p, nil
	}
	say("building %s for the nodes (%v)", p.Info.Path, w.Platform)
	return Build(ctx, w, p.Info, filepath.Join(dir, "program"))
}

// Build builds the main package of a program for the nodes, from the module of the working
// directory.
func Build(ctx context.Context, w Wanted, info *debug.BuildInfo, out string) (*Program, error) {
	if info.Path == "" || info.Path == "command-line-arguments" {
		return nil, errors.New("this program doesn't know of which package it was built: run that by its directory, as in go run ./yourapp, or pass -binary FILE")
	}
	here := Platform{runtime.GOOS, runtime.GOARCH}
	if !w.Memory && (w.Platform != here || here.OS != "linux") {
		return nil, fmt.Errorf("RocksDB for %v can't be built here, on %v: build the program on such a machine, by: %s; and pass it as -binary FILE. With -state memory it is built here", w.Platform, here, w.command("./yourapp"))
	}
	gocmd, err := exec.LookPath("go")
	if err != nil {
		return nil, fmt.Errorf("the program for the nodes can't be built, as there is no go command here: install Go from https://go.dev/dl, or pass -binary FILE, built by: %s", w.command(info.Path))
	}
	if out, err = filepath.Abs(out); err != nil {
		return nil, err
	}
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, gocmd, append(w.args(tags(info)), "-o", out, info.Path)...)
	cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), w.environment()...), &said, &said
	if err := cmd.Run(); err != nil {
		return nil, w.failed(ctx, err, said.String(), info.Path)
	}
	p, err := Read(out)
	if err != nil {
		return nil, err
	}
	return p, p.Check(w)
}

// args returns the arguments of the go command. They keep the build tags of the running
// program, except those that decide where the state is.
func (w Wanted) args(tags []string) []string {
	tags = slices.DeleteFunc(slices.Clone(tags), func(t string) bool { return t == "rocksdb" || t == "netgo" || t == "osusergo" })
	link := "-s -w"
	if !w.Memory {
		tags, link = append(tags, "rocksdb", "netgo", "osusergo"), staticLink
	}
	args := []string{"build", "-ldflags", link}
	if len(tags) > 0 {
		args = append(args, "-tags", strings.Join(tags, ","))
	}
	return args
}

func (w Wanted) environment() []string {
	cgo := "1"
	if w.Memory {
		cgo = "0"
	}
	return []string{"CGO_ENABLED=" + cgo, "GOOS=" + w.Platform.OS, "GOARCH=" + w.Platform.Arch}
}

// command returns a command line that builds a package, for messages.
func (w Wanted) command(pkg string) string {
	words := append(w.environment(), "go")
	for _, a := range append(w.args(nil), "-o", "FILE", pkg) {
		if strings.Contains(a, " ") {
			a = "'" + a + "'"
		}
		words = append(words, a)
	}
	return strings.Join(words, " ")
}

// failed explains why the build has failed.
func (w Wanted) failed(ctx context.Context, err error, said, pkg string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	lines := strings.Split(strings.TrimSpace(said), "\n")
	why := strings.Join(lines[max(0, len(lines)-10):], "\n")
	lacks := func(text string) bool { return strings.Contains(said, text) }
	switch {
	case lacks("rocksdb/c.h") || lacks("cannot find -l") || lacks("C compiler") && lacks("not found"):
		return fmt.Errorf("building %s: what RocksDB needs isn't here as static libraries: on Debian and Ubuntu, apt-get install g++ librocksdb-dev liblz4-dev libsnappy-dev libzstd-dev zlib1g-dev libbz2-dev; elsewhere build it on one of these and pass -binary FILE, or keep state in memory, by -state memory. The compiler said:\n%s", pkg, why)
	case lacks("no required module provides") || lacks("is not in std") || lacks("go.mod file not found") || lacks("cannot find main module"):
		return fmt.Errorf("building %s: it isn't in the module of the working directory: go to that of the program, or pass -binary FILE. Go said:\n%s", pkg, why)
	}
	return fmt.Errorf("building %s: %w:\n%s\nIf it can't be built here, pass -binary FILE", pkg, err, why)
}
