package httpapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/container/httpapi"
)

// pages follows a range page by page, and returns its keys, after their windows.
func (j *job) pages(path string) (keys []string, pages int) {
	j.t.Helper()
	return follow(j.t, path, func(path string) *httptest.ResponseRecorder { return j.get(path) })
}

func (p *process) pages(path string) (keys []string, pages int) {
	p.t.Helper()
	return follow(p.t, path, func(path string) *httptest.ResponseRecorder { return p.get(path) })
}

func follow(t testing.TB, path string, get func(path string) *httptest.ResponseRecorder) (keys []string, pages int) {
	t.Helper()
	for path != "" && pages < 1000 {
		var p httpapi.Page
		w := get(path)
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != http.StatusOK {
			t.Fatalf("%s answers %d %s", path, w.Code, w.Body)
		}
		for _, e := range p.Entries {
			key := string(e.Key)
			if e.Start != nil {
				key = fmt.Sprint(*e.Start, key)
			}
			keys = append(keys, key)
		}
		path, pages = p.Next, pages+1
	}
	return keys, pages
}

// A range is of all tasks, in order, whatever the size of its pages.
func TestRanges(t *testing.T) {
	j := newJob(t)
	var all []string
	for i := range 100 {
		key := fmt.Sprintf("key-%02d", i)
		j.put(0, key, int64Of(byte(i)))
		all = append(all, fmt.Sprintf("%q", key))
	}
	for query, want := range map[string][]string{
		"":                              all,
		"from=&to=&limit=":              nil, // the limit is no number
		"from=key-07":                   all[7:],
		"to=key-07":                     all[:7],
		"from=key-07&to=key-30":         all[7:30],
		"from64=a2V5LTA3&to64=a2V5LTMw": all[7:30],
		"from=key-075":                  all[8:],
		"from=z":                        nil,
		"from=key-30&to=key-07":         nil,
	} {
		if query == "from=&to=&limit=" {
			j.answer("/api/v1/stores/counts?"+query, http.StatusBadRequest, &httpapi.Problem{})
			continue
		}
		for _, limit := range []int{1, 7, 100, 1000} {
			got, pages := j.pages(fmt.Sprintf("/api/v1/stores/counts?%s&limit=%d", query, limit))
			if most := len(want)/limit + 1; !slices.Equal(got, want) || pages > most {
				t.Errorf("%s by %d is, on %d pages, %v", query, limit, pages, got)
			}
		}
	}
}

// Pages are bounded by their bytes, too, and a large value is on one.
func TestLargeRanges(t *testing.T) {
	j := newJob(t)
	var all []string
	for i := range 40 {
		key := fmt.Sprintf("key-%02d", i)
		size := 200 << 10
		if i%10 == 0 {
			size = 3 << 20
		}
		j.put(2, key, strings.Repeat("x", size))
		j.put(3, fmt.Sprintf("%q", key), strings.Repeat("x", size))
		all = append(all, fmt.Sprintf("%q", key))
	}
	if got, pages := j.pages("/api/v1/stores/by-pair"); !slices.Equal(got, all) || pages < 6 {
		t.Errorf("on %d pages: %v", pages, got)
	}
	if w := j.get("/api/v1/stores/by-pair"); w.Body.Len() > 5<<20 {
		t.Errorf("a page has %d bytes", w.Body.Len())
	}
}

func TestRangesOfWindows(t *testing.T) {
	j := newJob(t)
	var all []string
	for i := range 5 {
		for k := range 9 {
			key := fmt.Sprintf("key-%d", k)
			j.putIn(time.UnixMilli(int64(i-2)*60_000), key, "\x00"+int64Of(1))
			all = append(all, fmt.Sprintf("%d%q", (i-2)*60_000, key))
		}
	}
	ofKey := func(k int) (keys []string) {
		for i := k; i < len(all); i += 9 {
			keys = append(keys, all[i])
		}
		return keys
	}
	for path, want := range map[string][]string{
		"?":                                  all,
		"?window=-1":                         all[9:18],
		"?window=0&from=key-3":               all[21:27],
		"?window=0&from=key-3&to=key-5":      all[21:23],
		"?window=0&to=key-5":                 all[18:23],
		"?window=2000000":                    nil,
		"/key-4?":                            ofKey(4),
		"?key=key-0":                         ofKey(0),
		"?window=9223372036854775807":        nil,
		"?window=-9223372036854775808&from=": nil,
	} {
		for _, limit := range []int{1, 2, 5, 100} {
			if got, _ := j.pages(fmt.Sprintf("/api/v1/stores/minutes%s&limit=%d", path, limit)); !slices.Equal(got, want) {
				t.Errorf("%s by %d is %v, want %v", path, limit, got, want)
			}
		}
	}
}
