package feed

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/gretestream/grete/api/internal/program"
)

// A part is a file to feed from a mark on.
type part struct {
	path    string
	from    mark
	rotated bool // a predecessor of the file that is fed
}

// locate returns the files to feed: the one of this name, if the mark is in it. Otherwise
// the file was rotated, and the mark is in a file beside it, which is finished first.
func locate(path string, at mark) ([]part, error) {
	src, err := openFile(path, at)
	if err == nil {
		return []part{{path: path, from: at}}, src.Close()
	}
	if !errors.Is(err, errOther) {
		return nil, err
	}
	found, failed := predecessors(path, at)
	if failed != nil {
		return nil, failed
	}
	switch len(found) {
	case 0:
		return nil, unexplained(path, at, err)
	case 1:
		parts := append([]part{{found[0], at, true}}, between(path, found[0])...)
		return append(parts, part{path: path}), nil
	}
	for i := range found {
		found[i] = program.Printable(found[i])
	}
	return nil, fmt.Errorf("%w, and more than one file beside it may be: %s; remove or rename all but one", err, strings.Join(found, ", "))
}

// predecessors are the files beside the one of this path that have the mark, and names as
// rotation gives them: app.log.1, app.log-20261130.gz. Beside what a symbolic link leads
// to these are app-1.log for app-2.log.
func predecessors(path string, at mark) ([]string, error) {
	var found []string
	for _, pattern := range patterns(path) {
		entries, err := os.ReadDir(filepath.Dir(pattern.path))
		if err != nil && !errors.Is(err, fs.ErrPermission) {
			return nil, err
		}
		for _, e := range entries {
			candidate := filepath.Join(filepath.Dir(pattern.path), e.Name())
			if !e.Type().IsRegular() || !pattern.matches(e.Name()) || candidate == pattern.path || slices.Contains(found, candidate) {
				continue
			}
			if src, err := openFile(candidate, at); err == nil {
				found = append(found, candidate)
				_ = src.Close() // it was only read
			}
		}
	}
	return found, nil
}

// A pattern is what the names of files begin and end with that may be predecessors of one.
type pattern struct{ path, begin, end string }

func (p pattern) matches(name string) bool {
	return strings.HasPrefix(name, p.begin) && strings.Contains(name[len(p.begin):], p.end)
}

func patterns(path string) []pattern {
	all := []pattern{{path, filepath.Base(path), ""}}
	target, err := filepath.EvalSymlinks(path)
	if err != nil || target == path {
		return all
	}
	name := filepath.Base(target)
	if digit := strings.IndexAny(name, "0123456789"); digit > 0 {
		all = append(all, pattern{target, name[:digit], filepath.Ext(name)})
	}
	return append(all, pattern{target, name, ""})
}

// between are the files that came after a predecessor with a number: app.log.2 and
// app.log.1 after app.log.3.
func between(path, predecessor string) []part {
	number, ok := rotation(path, predecessor)
	if !ok {
		return nil
	}
	entries, _ := os.ReadDir(filepath.Dir(path)) // it was read before
	type numbered struct {
		part
		n int
	}
	var later []numbered
	for _, e := range entries {
		candidate := filepath.Join(filepath.Dir(path), e.Name())
		n, ok := rotation(path, candidate)
		if !ok || n >= number || slices.ContainsFunc(later, func(l numbered) bool { return l.n == n }) {
			continue
		}
		later = append(later, numbered{part{path: candidate, rotated: true}, n})
	}
	slices.SortFunc(later, func(a, b numbered) int { return cmp.Compare(b.n, a.n) })
	parts := make([]part, len(later))
	for i := range later {
		parts[i] = later[i].part
	}
	return parts
}

// rotation is the number of a rotated file: 3 for app.log.3 and app.log.3.gz.
func rotation(path, rotated string) (int, bool) {
	text, ok := strings.CutPrefix(rotated, path+".")
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSuffix(text, ".gz"), ".zst"))
	return n, err == nil
}
