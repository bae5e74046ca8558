// Package links checks the documentation: links between pages resolve, and files and
// folders that pages name exist.
package links

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../../.." // of the repository

var (
	fence   = regexp.MustCompile("(?ms)^(?:```.*?\n```|    .*?)$")
	code    = regexp.MustCompile("`[^`\n]*`")
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	path    = regexp.MustCompile("`((?:\\.tools|api|container|docs|examples|kv|metrics|nomad|scheduler|stream)/[\\w./*-]+)`")
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	noSlug  = regexp.MustCompile(`[^\w\- ]`)
)

func TestPages_LinksAndPathsExist(t *testing.T) {
	pages := pages(t)
	if len(pages) < 10 {
		t.Fatalf("found only the pages %v", pages)
	}
	for _, page := range pages {
		for _, problem := range check(t, page) {
			t.Errorf("%s: %s", page, problem)
		}
	}
}

func TestCheck_ReportsWhatIsMissing(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.md")
	text := "# A b\n[a](#a-b) [b](#missing) [c](gone.md) `E[V](x)`\n`stream/*.go` `stream/gone.go`\n\n    [d](in-code.md)\n\n```go\nf[E](x)\n```\n"
	if err := os.WriteFile(page, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	want := []string{`no heading for the link "#missing"`, `no file for the link "gone.md"`, `no file "stream/gone.go"`}
	if got := check(t, page); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// pages returns all Markdown files of the repository.
func pages(t *testing.T) (pages []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".git" || d.Name() == "build") {
			return fs.SkipDir
		}
		if strings.HasSuffix(name, ".md") {
			pages = append(pages, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

// check returns the broken links and paths of a page.
func check(t *testing.T, page string) (problems []string) {
	t.Helper()
	text := read(t, page)
	for _, m := range link.FindAllStringSubmatch(code.ReplaceAllString(text, ""), -1) {
		target, anchor, _ := strings.Cut(m[1], "#")
		if strings.Contains(target, "://") {
			continue
		}
		file := page
		if target != "" {
			file = filepath.Join(filepath.Dir(page), target)
		}
		if _, err := os.Stat(file); err != nil {
			problems = append(problems, `no file for the link "`+m[1]+`"`)
		} else if anchor != "" && !slices.Contains(anchors(read(t, file)), anchor) {
			problems = append(problems, `no heading for the link "`+m[1]+`"`)
		}
	}
	for _, m := range path.FindAllStringSubmatch(text, -1) {
		if found, _ := filepath.Glob(filepath.Join(root, m[1])); len(found) == 0 {
			problems = append(problems, `no file "`+m[1]+`"`)
		}
	}
	return problems
}

// read returns a page without its code blocks.
func read(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	return fence.ReplaceAllString(string(text), "")
}

// anchors returns the anchors of a page's headings, as GitHub forms them.
func anchors(text string) (all []string) {
	for _, m := range heading.FindAllStringSubmatch(text, -1) {
		slug := noSlug.ReplaceAllString(strings.ToLower(m[1]), "")
		all = append(all, strings.ReplaceAll(slug, " ", "-"))
	}
	return all
}
