package main

import (
	"fmt"
	"slices"
	"strings"
)

const module = "github.com/gretestream/grete"

// order is the order of the top-level packages. Each of them, with the packages below it, may
// import those to its left.
func order() []string {
	return []string{"metrics", "stream", "kv", "scheduler", "container", "nomad", "api", "examples"}
}

// An only rule restricts the imports of a dependency to some packages.
type only struct {
	dependency string   // an import path, or a prefix of some that ends in /
	in         []string // packages; a name that ends in / stands for all packages below it
	why        string
}

func onlys() []only {
	return []only{
		{"github.com/linxGnu/grocksdb", []string{"kv/rocksdb"}, "all other packages build without cgo"},
		{"github.com/segmentio/kafka-go", []string{"stream/kafka", "stream/kafka/internal/", "stream/kafka/kafkasim"}, "other packages use package stream, not Kafka"},
		{"github.com/hashicorp/nomad/", []string{"nomad", "nomad/nomadtest", "api/systemtest/totals"}, "other packages use plans, not Nomad"},
		{"C", []string{"kv/rocksdb/internal/malloc"}, "only grocksdb may use cgo, and one call of mallopt"},
	}
}

// A room is a package that imports only the listed ones of its neighbours: the packages with
// the same first path element. Internal packages are always allowed.
type room struct {
	path string
	may  []string
}

func rooms() []room {
	return []room{
		{"metrics", nil},
		{"metrics/model", []string{"metrics"}},
		{"scheduler", nil},
		{"scheduler/share", nil},
		{"scheduler/draw", []string{"scheduler"}},
		{"scheduler/compare", []string{"scheduler", "scheduler/draw"}},
		{"container/meta", nil},
		{"container/topics", nil},
		{"container/membership", nil},
		{"container/recovery", []string{"container/meta"}},
		{"container/reset", []string{"container/meta", "container/recovery", "container/topics"}},
		{"container/generate", nil},
		{"container/loop", []string{"container/generate", "container/meta", "container/recovery"}},
		{"container", []string{"container/generate", "container/loop", "container/membership", "container/meta", "container/recovery"}},
		{"container/processes", []string{"container"}},
		{"container/httpapi/certs", nil},
		{"container/httpapi/limit", nil},
		{"container/httpapi/signed", nil},
		{"container/httpapi", []string{"container", "container/httpapi/certs", "container/httpapi/limit", "container/httpapi/signed", "container/membership"}},
	}
}

// breaks reports whether a package is this room, and may not import another one.
func (r room) breaks(path, to string) bool {
	top, _, _ := strings.Cut(path, "/")
	neighbour := to == top || strings.HasPrefix(to, top+"/")
	return r.path == path && neighbour && !strings.Contains(to, "/internal/") && !slices.Contains(r.may, to)
}

// pure returns the imports that are forbidden in the scheduler and its rooms, which have no
// I/O, no clock, no goroutine and no randomness.
func pure() []string {
	return []string{"os", "io", "net", "net/http", "time", "sync", "math/rand", "math/rand/v2", "log/slog"}
}

// A pkg is a package with its imports, in go list's format.
type pkg struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

// check returns the violations of a package, a line each.
func check(p pkg) []string {
	var broken []string
	path, rank, ok := place(p.ImportPath)
	if !ok {
		return []string{fmt.Sprintf("%s: the top level has only %s", p.ImportPath, strings.Join(order(), ", "))}
	}
	all := slices.Concat(p.Imports, p.TestImports, p.XTestImports)
	slices.Sort(all)
	for _, imp := range slices.Compact(all) {
		if to, r, ok := place(imp); ok && r > rank {
			broken = append(broken, fmt.Sprintf("%s imports %s, which is to its right (%s)", path, to, strings.Join(order(), " <- ")))
		}
		for _, o := range onlys() {
			if o.covers(imp) && !o.allows(path) {
				broken = append(broken, fmt.Sprintf("%s imports %s: %s", path, imp, o.why))
			}
		}
	}
	for _, imp := range p.Imports {
		if isPure(path) && slices.Contains(pure(), imp) {
			broken = append(broken, fmt.Sprintf("%s imports %s: the scheduler is pure", path, imp))
		}
		for _, r := range rooms() {
			if to, _, ok := place(imp); ok && r.breaks(path, to) {
				broken = append(broken, fmt.Sprintf("%s imports %s: of its neighbours it may import %v", path, to, r.may))
			}
		}
		if t := forTestsOnly(imp); t != "" && !forTests(path) {
			broken = append(broken, fmt.Sprintf("%s imports %s: only tests and packages for tests (…test) may", path, t))
		}
	}
	return broken
}

func isPure(path string) bool {
	return (path == "scheduler" || strings.HasPrefix(path, "scheduler/")) && !forTests(path)
}

// forTestsOnly returns the dependency that must not be part of users' programs, "" if imp is
// allowed.
func forTestsOnly(imp string) string {
	for _, name := range []string{"testing", "github.com/twmb/franz-go"} {
		if imp == name || strings.HasPrefix(imp, name+"/") {
			return name
		}
	}
	return ""
}

// forTests reports whether a package is for tests only: an element of its path ends in
// "test".
func forTests(path string) bool {
	return slices.ContainsFunc(strings.Split(path, "/"), func(e string) bool { return strings.HasSuffix(e, "test") })
}

func (o only) allows(path string) bool {
	return slices.ContainsFunc(o.in, func(in string) bool {
		return path == in || strings.HasSuffix(in, "/") && strings.HasPrefix(path, in)
	})
}

func (o only) covers(imp string) bool {
	return imp == o.dependency || strings.HasPrefix(imp, strings.TrimSuffix(o.dependency, "/")+"/")
}

// place returns a package's path inside the module and its place in the order.
func place(importPath string) (path string, rank int, ok bool) {
	path, ok = strings.CutPrefix(importPath, module+"/")
	if !ok {
		return "", 0, false
	}
	top, _, _ := strings.Cut(path, "/")
	rank = slices.Index(order(), top)
	return path, rank, rank >= 0
}
