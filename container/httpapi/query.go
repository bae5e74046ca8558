package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gretestream/grete/kv"
)

// A request for a store carries what is wanted in its query:
//
//	key=TEXT, key64=BASE64     a key, where the path doesn't have it; in base64 as it is encoded
//	window=TIME                the window that a time is in: RFC 3339, or ms since 1970
//	from=TEXT, to=TEXT         keys from one on and before another
//	from64=BASE64, to64=BASE64 the same, as they are in the databases, windows included
//	limit=N                    at most so many
type query struct {
	url.Values
	store *store
}

const (
	defaultLimit = 100
	highestLimit = 1000
)

var errTwoKeys = errors.New("more than one key is given")

func badRequest(err error) error {
	return &failure{status: http.StatusBadRequest, Problem: Problem{Message: err.Error()}}
}

// parse reads the query of a request, which may have these parameters.
func (s *server) parse(r *http.Request, names ...string) (q query, err error) {
	if q.store, err = s.find(r.PathValue("store")); err != nil {
		return q, err
	}
	if q.Values, err = url.ParseQuery(r.URL.RawQuery); err != nil {
		return q, badRequest(err)
	}
	for name := range q.Values {
		if !slices.Contains(names, name) {
			return q, badRequest(fmt.Errorf("there is no parameter %q here: there are %s", name, strings.Join(names, ", ")))
		}
	}
	if !q.store.windowed() && q.Has("window") {
		return q, badRequest(fmt.Errorf("store %q has no windows", q.store.name))
	}
	return q, nil
}

// key returns the key of the parameters NAME and NAME64, encoded, and whether there is
// one.
func (q query) key(name string) (key []byte, given bool, err error) {
	text, coded := q.Has(name), q.Has(name+"64")
	switch {
	case text && coded:
		err = errTwoKeys
	case text:
		key, err = encodeKey(q.store.Key, q.Get(name))
	case coded:
		key, err = decode64(q.Get(name + "64"))
	}
	if err != nil {
		return nil, false, badRequest(fmt.Errorf("%s: %w", name, err))
	}
	return key, text || coded, nil
}

// window returns the start of the window that is asked for, and whether one is.
func (q query) window() (start int64, given bool, err error) {
	if !q.Has("window") {
		return 0, false, nil
	}
	text := q.Get("window")
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return 0, false, badRequest(fmt.Errorf("window: %q is no time: write it as 2006-01-02T15:04:05Z, or in ms since 1970", text))
		}
		ms = at.UnixMilli()
	}
	if size := q.store.window; size > 0 {
		ms -= ((ms % size) + size) % size
	}
	return ms, true, nil
}

func (q query) limit() (int, error) {
	if !q.Has("limit") {
		return defaultLimit, nil
	}
	n, err := strconv.Atoi(q.Get("limit"))
	if err != nil || n < 1 || n > highestLimit {
		return 0, badRequest(fmt.Errorf("limit: %q is no number from 1 to %d", q.Get("limit"), highestLimit))
	}
	return n, nil
}

// bounds returns the range of the databases' keys that is asked for, and at most how
// many of them; a nil to is the end.
func (q query) bounds() (from, to []byte, limit int, err error) {
	if from, to, err = q.ends(); err == nil {
		limit, err = q.limit()
	}
	return from, to, limit, err
}

func (q query) ends() (from, to []byte, err error) {
	var prefix []byte
	start, windowed, err := q.window()
	if err != nil {
		return nil, nil, err
	}
	if windowed {
		prefix = kv.WindowKey(start, nil)
		from, to = prefix, kv.After(prefix)
	} else if q.store.windowed() && q.Get("from")+q.Get("to") != "" {
		return nil, nil, badRequest(errors.New("from, to: say of which window=TIME; keys are in order within one"))
	}
	for name, bound := range map[string]*[]byte{"from": &from, "to": &to} {
		if q.Get(name)+q.Get(name+"64") == "" {
			continue
		}
		key, _, err := q.key(name)
		if err != nil {
			return nil, nil, err
		}
		if q.Has(name) {
			key = slices.Concat(prefix, key)
		}
		*bound = key
	}
	return from, to, nil
}
