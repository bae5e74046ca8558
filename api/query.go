package api

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/stream/serde"
)

// Query asks a running job for the value of a key in one of its stores: that of a
// table, or, with [QueryWindow], of a window. It is the value as of the last commit;
// found is false if there is none. address is the HOST:PORT of the job's -http.
//
// K and V are the types of the pipeline. While the key's owner restores its state the
// error is an [UnavailableError].
func Query[K comparable, V any](ctx context.Context, address, store string, key K, opts ...QueryOption) (value V, found bool, err error) {
	keys, keyName := serde.For[K]()
	values, valueName := serde.For[V]()
	q := asked{address: address, store: store, keySerde: keyName, valueSerde: valueName, client: http.DefaultClient}
	for _, o := range opts {
		o(&q)
	}
	encoded, err := keys.Append(nil, key)
	if err == nil {
		encoded, found, err = q.ask(ctx, encoded)
	}
	if found && err == nil {
		value, err = values.Parse(encoded)
	}
	if err != nil {
		return value, false, fmt.Errorf("asking %s for a key of store %s: %w", address, store, err)
	}
	return value, found, nil
}

// A QueryOption says more about a [Query].
type QueryOption func(*asked)

// QueryToken is the token of the job.
func QueryToken(token string) QueryOption { return func(q *asked) { q.token = token } }

// QueryWindow asks for the value in the window that a time is in.
func QueryWindow(at time.Time) QueryOption { return func(q *asked) { q.window = &at } }

// QueryClient asks with a client of one's own.
func QueryClient(c *http.Client) QueryOption { return func(q *asked) { q.client = c } }

// An UnavailableError: the job can't answer yet, because the owner of the key isn't
// ready.
type UnavailableError struct {
	Message    string
	RetryAfter time.Duration // when it may be worth to ask again
}

func (e *UnavailableError) Error() string { return e.Message }

var errWindows = errors.New("it has windows: say of which with api.QueryWindow")

// asked is a query without its types.
type asked struct {
	address, store, token string
	keySerde, valueSerde  string
	window                *time.Time
	client                *http.Client
}

// ask asks for the encoded value of an encoded key.
func (q *asked) ask(ctx context.Context, key []byte) (value []byte, found bool, err error) {
	params := url.Values{"key64": {base64.RawURLEncoding.EncodeToString(key)}}
	if q.window != nil {
		params.Set("window", strconv.FormatInt(q.window.UnixMilli(), 10))
	}
	u := url.URL{Scheme: "http", Host: q.address, RawQuery: params.Encode()}
	u = *u.JoinPath("api/v1/stores", url.PathEscape(q.store))
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, false, err
	}
	request.Header.Set("Accept", httpapi.Encoded)
	if q.token != "" {
		request.Header.Set("Authorization", "Bearer "+q.token)
	}
	res, err := q.client.Do(request)
	if err != nil {
		return nil, false, err
	}
	body, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		return nil, false, err
	}
	return q.answered(res, body)
}

// answered reads an answer.
func (q *asked) answered(res *http.Response, body []byte) (value []byte, found bool, err error) {
	if res.StatusCode == http.StatusOK {
		if res.Header.Get("Content-Type") != httpapi.Encoded {
			return nil, false, errWindows
		}
		return body, true, q.checkTypes(res.Header)
	}
	var p httpapi.Problem
	if json.Unmarshal(body, &p) != nil || p.Message == "" {
		return nil, false, fmt.Errorf("it answers %s: is it a job?", res.Status)
	}
	switch {
	case res.StatusCode == http.StatusNotFound && p.Missing == "key":
		return nil, false, q.checkTypes(res.Header)
	case res.StatusCode == http.StatusServiceUnavailable:
		seconds, _ := strconv.Atoi(res.Header.Get("Retry-After"))
		return nil, false, &UnavailableError{Message: p.Message, RetryAfter: time.Duration(seconds) * time.Second}
	case p.Missing == "store":
		return nil, false, fmt.Errorf("%s; there are: %s", p.Message, strings.Join(p.Stores, ", "))
	}
	return nil, false, errors.New(p.Message)
}

// checkTypes compares the serdes. Those of JSON may be called by another name here.
func (q *asked) checkTypes(h http.Header) error {
	for _, c := range []struct{ what, asked, has string }{
		{"keys", q.keySerde, h.Get(httpapi.KeyHeader)},
		{"values", q.valueSerde, h.Get(httpapi.ValueHeader)},
	} {
		json := strings.HasPrefix(c.asked, "json(") && strings.HasPrefix(c.has, "json(")
		if c.asked != c.has && !json {
			return fmt.Errorf("its %s are of type %s, not %s", c.what, c.has, c.asked)
		}
	}
	return nil
}
