package httpapi_test

import (
	"encoding/binary"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/kv/layout"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// filled is a job with something in each of its stores.
func filled(t *testing.T, change ...func(*httpapi.Config)) *job {
	j := newJob(t, change...)
	for i, key := range []string{"ann", "a/b", "", "ä b", "..", "a//b?", "\xff", "a+b%"} {
		j.put(0, key, int64Of(byte(i)))
	}
	j.put(0, "broken", "three")
	j.put(1, "\xff\xff\xff\xfe", `{"name":"Ann <b>"}`)
	j.put(1, "\x00\x00\x00\x07", `{"name":`)
	j.put(2, "\x00\xff", "\x01")
	j.put(2, "raw", "")
	j.put(3, `{"a":1,"b":"x"}`, "pair")
	j.put(3, `"text"`, "\xff")
	j.put(4, int64Of(9), "\x80\x00\x00\x00")
	j.putIn(time.UnixMilli(0), "ann", "\x00"+int64Of(3))
	j.putIn(time.UnixMilli(-60_000), "ann", "\x01")
	j.putIn(time.UnixMilli(60_000), "bob", "\x00"+int64Of(4))
	return j
}

func TestKeys(t *testing.T) {
	j := filled(t)
	for i, key := range []string{"/cart", "cart", "a/./b"} {
		j.put(0, key, int64Of(byte(8+i)))
	}
	for path, want := range map[string]string{
		"counts/ann":         `"value":0}`,
		"counts/a%2Fb":       `"key":"a/b","value":1}`,
		"counts/a/b":         `"key":"a/b","value":1}`,
		"counts/":            `"key":"","value":2}`,
		"counts?key=":        `"key":"","value":2}`,
		"counts/%C3%A4%20b":  `"key":"ä b","value":3}`,
		"counts?key=..":      `"key":"..","value":4}`,
		"counts/%2E%2E":      `"key":"..","value":4}`,
		"counts/a%2F%2Fb%3F": `"key":"a//b?","value":5}`,
		"counts/%FF":         `"key":"/w==","keyBase64":true,"value":6}`,
		"counts?key64=_w":    `"value":6}`,
		"counts?key64=/w==":  `"value":6}`,
		"counts/a+b%25":      `"key":"a+b%","value":7}`,
		"counts//cart":       `"key":"/cart","value":8}`,
		"counts/cart":        `"key":"cart","value":9}`,
		"counts/%2Fcart":     `"key":"/cart","value":8}`,
		"counts/a/./b":       `"key":"a/./b","value":10}`,
		"counts/broken":      `"value":"dGhyZWU=","valueBase64":true}`,
		"profiles/-2":        `"key":-2,"value":{"name":"Ann <b>"}}`,
		"profiles/7":         `"value":"eyJuYW1lIjo=","valueBase64":true}`,
		"blobs?key64=AP8":    `"key":"AP8=","keyBase64":true,"value":"AQ==","valueBase64":true}`,
		"blobs/raw":          `"value":"","valueBase64":true}`,
		"by-pair/%7B%22a%22:%201,%20%22b%22:%22x%22%7D":  `"value":"pair"}`,
		"by-pair/%22text%22":                             `"value":"/w==","valueBase64":true}`,
		"ids/9":                                          `"key":9,"value":-2147483648}`,
		"minutes/ann?window=59999":                       `"key":"ann","start":0,"end":60000,"value":3}`,
		"minutes/ann?window=-1":                          `"start":-60000,"end":0,"closed":true,"value":null}`,
		"minutes/bob?window=1970-01-01T01:01:30%2B01:00": `"start":60000,"end":120000,"value":4}`,
		"minutes/ann":                                    `"entries":[{"key":"ann","start":-60000,"end":0,"closed":true,"value":null},{"key":"ann","start":0,"end":60000,"value":3}]}`,
	} {
		w := j.get("/api/v1/stores/" + path)
		if got := flat(w.Body.String()); w.Code != http.StatusOK || !strings.HasSuffix(got, want) {
			t.Errorf("%s answers %d %s, want %s", path, w.Code, got, want)
		}
	}
}

// flat takes the indentation out.
func flat(s string) string {
	s = strings.ReplaceAll(s, "\": ", "\":")
	return strings.NewReplacer("\n", "", "  ", "").Replace(s)
}

func TestRefusals(t *testing.T) {
	j := filled(t)
	for path, want := range map[string]struct {
		status int
		words  string
	}{
		"/":                             {404, "/api/v1/job"},
		"/api/v1/stores":                {404, "/api/v1/job"},
		"/api/v1/stores/count/x":        {404, `"by-pair"`},
		"/api/v1/stores/counts/nobody":  {404, `store \"counts\" has no key \"nobody\"`},
		"/api/v1/stores/minutes/nobody": {404, `store \"minutes\" has no key \"nobody\"`},
		"/api/v1/stores/minutes/ann?window=60000": {404, `has no key \"ann\" with window=60000`},
		"/api/v1/stores/ids/x":                    {400, "integer of 64 bits"},
		"/api/v1/stores/profiles/3000000000":      {400, "32 bits"},
		"/api/v1/stores/by-pair/text":             {400, "quotes"},
		"/api/v1/stores/counts?key64=!":           {400, "base64"},
		"/api/v1/stores/counts?key=a&key64=":      {400, "more than one key"},
		"/api/v1/stores/counts?form=a":            {400, "from, to"},
		"/api/v1/stores/counts/a?from=a":          {400, `\"from\"`},
		"/api/v1/stores/counts?limit=0":           {400, "from 1 to"},
		"/api/v1/stores/counts?limit=1001":        {400, "from 1 to"},
		"/api/v1/stores/counts?window=0":          {400, `store \"counts\" has no parameter \"window\"`},
		"/api/v1/stores/counts?a=%zz":             {400, "invalid URL escape"},
		"/api/v1/stores/minutes?from=a":           {400, "window=TIME"},
		"/api/v1/stores/minutes?window=noon":      {400, "no time"},
	} {
		w := j.get(path)
		if w.Code != want.status || !strings.Contains(w.Body.String(), want.words) || !strings.Contains(w.Body.String(), `"error": `) {
			t.Errorf("%s answers %d %s, want %d and %s", path, w.Code, w.Body, want.status, want.words)
		}
	}
	w := j.get("/api/v1/stores/counts/ann", "Accept", httpapi.Encoded)
	if w.Body.String() != int64Of(0) || w.Header().Get("Content-Type") != httpapi.Encoded || w.Header().Get(httpapi.ValueHeader) != "int64" {
		t.Errorf("encoded: %q, %v", w.Body, w.Header())
	}
	if w := j.get("/api/v1/stores/minutes/ann?window=-1", "Accept", httpapi.Encoded); w.Code != http.StatusNotFound {
		t.Errorf("a window that is closed answers %d %q", w.Code, w.Body)
	}
}

// The task of an entry is that of the record's key, which is a part of the stored one.
func TestLayouts_RoutedByRecordKey(t *testing.T) {
	j := newJob(t, func(c *httpapi.Config) {
		for i, spec := range []scheduler.StoreSpec{
			{Layout: layout.NameSessions, Key: "string", Value: "string"},
			{Layout: layout.NameMaps, Key: "string", Value: "string", Params: map[string]string{layout.ParamOrder: layout.OrderName[int]()}},
		} {
			node := len(c.Plan.Nodes)
			c.Plan.Nodes = append(c.Plan.Nodes, scheduler.Node{ID: node, Stores: []scheduler.StoreSpec{spec}})
			c.Plan.Stages[1].Stores = append(c.Plan.Stages[1].Stores, scheduler.Store{Name: []string{"visits", "pages"}[i], Node: node})
		}
	})
	const visits, pages = 6, 7
	for _, key := range []string{"ann", "bob", "a\x00"} {
		j.putAs(visits, key, sessionKey(key, "\x80\x00\x00\x00\x00\x00\x00\x05"), "\x00\x00\x00\x00\x00\x00\x00\x09\x00"+session(7, 9)+"v")
		j.putAs(visits, key, sessionKey(key, "\x80\x00\x00\x00\x00\x00\x00\x0a"), "\x00\x00\x00\x00\x00\x00\x00\x0c\x00"+session(10, 12)+"w")
		j.putAs(pages, key, sessionKey(key, "\x7f\xff\xff\xff\xff\xff\xff\xff")[1:], "v")
		j.putAs(visits, key, "\x02index", "")
	}
	for i := range tasks {
		if int32(i) != stream.PartitionOf([]byte("ann"), tasks) {
			j.readers.Hide("by-user", int32(i), j.dbs[i].Reader())
		}
	}
	first := `{"key":"ann","start":5,"end":9,"value":"v"}`
	for path, want := range map[string]string{
		"visits/ann":              `"entries":[` + first + `,{"key":"ann","start":10,"end":12,"value":"w"}]}`,
		"visits/ann?time=5":       `"key":"ann","start":5,"end":9,"value":"v"}`,
		"visits/ann?since=6":      `"entries":[{"key":"ann","start":10,"end":12,"value":"w"}]}`,
		"pages?key=ann&mapKey=-1": `"key":"ann","mapKey":-1,"value":"v"}`,
		"pages/ann":               `"entries":[{"key":"ann","mapKey":-1,"value":"v"}]}`,
	} {
		w := j.get("/api/v1/stores/" + path)
		if got := flat(w.Body.String()); w.Code != http.StatusOK || !strings.HasSuffix(got, want) {
			t.Errorf("%s answers %d %s, want %s", path, w.Code, got, want)
		}
	}
	if got, n := j.pages("/api/v1/stores/visits/ann?limit=1&"); len(got) != 2 || n != 2 {
		t.Errorf("by pages: %v on %d", got, n)
	}
	if w := j.get("/api/v1/stores/visits"); w.Code != http.StatusServiceUnavailable {
		t.Errorf("a range of all keys, with tasks that can't be asked, answers %d", w.Code)
	}
}

// sessionKey is the stored key of a session, by hand.
func sessionKey(key, start string) string {
	return "\x01" + strings.ReplaceAll(key, "\x00", "\x00\x01") + "\x00\x00" + start
}

// session is what stands before the value of a session, by hand: its last event time and its end.
func session(last, end int64) string {
	return string(binary.AppendVarint(binary.AppendVarint(binary.AppendVarint([]byte{0}, last), end-last), 0))
}

// Other programs may have written a stage's input, and partitioned it by other rules.
func TestKeysPartitionedByOthers(t *testing.T) {
	j := newJob(t, func(c *httpapi.Config) {
		c.Plan.Stages[1].Inputs = []scheduler.Input{{Topic: "theirs", Partitions: tasks}}
	})
	for i, db := range j.dbs {
		b := db.NewBatch()
		b.Put(0, []byte{'a' + byte(i)}, []byte(int64Of(byte(i))))
		b.Put(5, append([]byte("\x80\x00\x00\x00\x00\x00\x00\x00"), 'a'+byte(i)), []byte("\x00"+int64Of(byte(i))))
		if err := db.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	for i := range tasks {
		for _, path := range []string{"counts/", "minutes/"} {
			key := string(rune('a' + i))
			if w := j.get("/api/v1/stores/" + path + key); w.Code != http.StatusOK {
				t.Errorf("%s%s, in task %d, answers %d %s", path, key, i, w.Code, w.Body)
			}
		}
	}
	j.readers.Hide("by-user", 2, j.dbs[2].Reader())
	if w := j.get("/api/v1/stores/counts/nobody"); w.Code != http.StatusServiceUnavailable {
		t.Errorf("a key that a closed task may have answers %d", w.Code)
	}
}

// Whatever is asked, the answer is JSON, and no fault of ours.
func FuzzStores(f *testing.F) {
	f.Add("counts", "ann", "limit=2&from=a")
	f.Add("minutes", "", "window=-9223372036854775808&from64=AA")
	f.Add("minutes", "ann", "window=9223372036854775807&limit=1")
	f.Add("ids", "\xff/..//", "key64=+/=&to64=_")
	f.Add("by-pair", "{}", "to=[]")
	f.Fuzz(func(t *testing.T, store, key, query string) {
		j := filled(t)
		path := "/api/v1/stores/" + url.PathEscape(store)
		if key != "" {
			path += "/" + url.PathEscape(key)
		}
		u, err := url.Parse("http://localhost" + path + "?" + url.PathEscape(query))
		if err != nil {
			return
		}
		u.RawQuery = query
		if strings.ContainsAny(query, " \r\n\t#") {
			return
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, u.String(), http.NoBody)
		if err != nil {
			return
		}
		if w := j.serve(r); w.Code >= http.StatusInternalServerError {
			t.Errorf("%s answers %d %s", u, w.Code, w.Body)
		}
	})
}
