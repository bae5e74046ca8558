package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gretestream/grete/kv/layout"
)

// A query of a store has these parameters, and those of the store's layout:
//
//	key=TEXT, key64=BASE64     a key that isn't in the path; in base64, its encoded form
//	from=TEXT, to=TEXT         keys from one (included) to another (excluded)
//	from64=BASE64, to64=BASE64 the same, as encoded in the databases
//	limit=N                    at most N entries
type query struct {
	url.Values
	store *store
}

const (
	defaultLimit = 100
	highestLimit = 1000
)

var errTwoKeys = errors.New("the request has more than one key")

func badRequest(err error) error {
	return &failure{status: http.StatusBadRequest, Problem: Problem{Message: err.Error()}}
}

// parse reads the query of a request, which may have these parameters and those of
// the layout.
func (s *server) parse(r *http.Request, names ...string) (q query, err error) {
	if q.store, err = s.find(r.PathValue("store")); err != nil {
		return q, err
	}
	if q.Values, err = url.ParseQuery(r.URL.RawQuery); err != nil {
		return q, badRequest(err)
	}
	names = append(names, q.store.Args()...)
	for name := range q.Values {
		if !slices.Contains(names, name) {
			return q, badRequest(fmt.Errorf("store %q has no parameter %q: there are %s", q.store.name, name, strings.Join(names, ", ")))
		}
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
		key, err = q.store.Key.FromText(q.Get(name))
	case coded:
		key, err = decode64(q.Get(name + "64"))
	}
	if err != nil {
		return nil, false, badRequest(fmt.Errorf("%s: %w", name, err))
	}
	return key, text || coded, nil
}

func (q query) limit() (int, error) {
	if !q.Has("limit") {
		return defaultLimit, nil
	}
	n, err := strconv.Atoi(q.Get("limit"))
	if err != nil || n < 1 || n > highestLimit {
		return 0, badRequest(fmt.Errorf("limit: %q isn't a number from 1 to %d", q.Get("limit"), highestLimit))
	}
	return n, nil
}

// selection returns the entries that the query asks for: of a key, if one is given.
func (q query) selection(key []byte, given bool) (*layout.Selection, error) {
	asked := layout.Query{Key: key, HasKey: given, Args: q.Values}
	var from, to []byte // as encoded in the databases
	for _, bound := range []struct {
		name           string
		record, stored *[]byte
	}{{"from", &asked.From, &from}, {"to", &asked.To, &to}} {
		if q.Get(bound.name)+q.Get(bound.name+"64") == "" {
			continue
		}
		key, _, err := q.key(bound.name)
		if err != nil {
			return nil, err
		}
		if q.Has(bound.name) {
			*bound.record = key
		} else {
			*bound.stored = key
		}
	}
	selected, err := q.store.Select(asked)
	if err != nil {
		return nil, badRequest(err)
	}
	if !selected.Exact {
		selected.Narrow(from, to)
	}
	return selected, nil
}
