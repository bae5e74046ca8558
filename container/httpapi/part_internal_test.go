package httpapi

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// However entries are spread over tasks, and these over processes, following the pages
// finds each once, in order, and no page is longer than it may be.
func TestMerge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tasks := rapid.IntRange(1, 5).Draw(t, "tasks")
		limit := rapid.IntRange(1, 6).Draw(t, "limit")
		var all []Pair
		for task := range tasks {
			for _, n := range rapid.SliceOfNDistinct(rapid.IntRange(0, 30), 0, 12, rapid.ID[int]).Draw(t, "keys") {
				size := rapid.SampledFrom([]int{0, 1, pageBytes / 2, pageBytes + 1}).Draw(t, "size")
				all = append(all, Pair{fmt.Appendf(nil, "%02d", n), zeros[:size], int32(task)})
			}
		}
		slices.SortFunc(all, byKey)
		var got []Pair
		var from []byte
		for more := true; more; {
			page := pageOf(t, all, from, tasks, limit)
			checkPage(t, page.Pairs, limit)
			got = append(got, page.Pairs...)
			if from, more = page.horizon(); more {
				from = append(bytes.Clone(from), 0)
			}
		}
		if !slices.EqualFunc(got, all, func(a, b Pair) bool { return byKey(a, b) == 0 }) {
			t.Fatalf("%d entries of %d", len(got), len(all))
		}
	})
}

var zeros = make([]byte, pageBytes+1)

// pageOf merges the tasks' first entries from a key on, in whatever groups. A process
// of another version may give fewer.
func pageOf(t *rapid.T, all []Pair, from []byte, tasks, limit int) Part {
	processes := make([]Part, rapid.IntRange(1, tasks).Draw(t, "processes"))
	for task := range tasks {
		var part Part
		size, limit := 0, rapid.IntRange(1, limit).Draw(t, "limit of the task")
		for _, p := range all {
			if p.Task != int32(task) || bytes.Compare(p.Key, from) < 0 {
				continue
			}
			if part.More = full(part.Pairs, p.Key, size, limit); part.More {
				break
			}
			size += len(p.Key) + len(p.Value)
			part.Pairs = append(part.Pairs, p)
		}
		at := &processes[rapid.IntRange(0, len(processes)-1).Draw(t, "process")]
		*at = at.merge(part, limit)
	}
	var whole Part
	for _, p := range processes {
		whole = whole.merge(p, limit)
	}
	return whole
}

// checkPage looks at a page's bounds: what is beyond is its last key in other tasks.
func checkPage(t *rapid.T, page []Pair, limit int) {
	size := 0
	for i, p := range page {
		if full(page[:i], p.Key, size, limit) {
			t.Fatalf("entry %d of %d has no room in a page of %d and %d bytes", i, len(page), limit, size)
		}
		size += len(p.Key) + len(p.Value)
	}
}

// Whatever another process answers is merged, or refused.
func FuzzPart(f *testing.F) {
	f.Add([]byte(`{"pairs":[{"key":"YQ==","value":"","task":1},{"key":"YQ==","task":2}],"more":true}`))
	f.Add([]byte(`{"pairs":[{"key":null}],"more":true}`))
	f.Add([]byte(`{"more":true}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := (&answer{body: body}).part()
		if err != nil {
			return
		}
		q := p.merge(Part{Pairs: []Pair{{Key: []byte("b")}}, More: true}, 2)
		if q = q.merge(p, 2); !slices.IsSortedFunc(q.Pairs, byKey) || q.More && len(q.Pairs) == 0 {
			t.Errorf("%s becomes %+v", body, q)
		}
	})
}
