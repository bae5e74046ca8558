package jobclient

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/container/httpapi/signed"
	"github.com/gretestream/grete/stream/serde"
)

// A Query is a request for the value of a key, in the encoding of the store.
type Query struct {
	Address, Store       string
	Token                string     // or two, a line each; empty: the request isn't signed
	KeySerde, ValueSerde string     // names of what the caller expects
	Window               *time.Time // nil: the store has no windows
	Client               *http.Client
	TLS                  bool
}

// ErrWindowed is the error of a query without a window of a store that has windows.
var ErrWindowed = errors.New("the store has windows")

// A NotReadyError is the error of a query while the owner of the key isn't ready.
type NotReadyError struct {
	Message    string
	RetryAfter time.Duration // after which to retry
}

func (e *NotReadyError) Error() string { return e.Message }

// Do requests the encoded value of an encoded key.
func (q *Query) Do(ctx context.Context, key []byte) (value []byte, found bool, err error) {
	tokens, err := signed.ParseTokens(q.Token)
	if err != nil {
		return nil, false, err
	}
	params := url.Values{"key64": {base64.RawURLEncoding.EncodeToString(key)}}
	if q.Window != nil {
		params.Set("window", strconv.FormatInt(q.Window.UnixMilli(), 10))
	}
	scheme := "http"
	if q.TLS {
		scheme = "https"
	}
	u := url.URL{Scheme: scheme, Host: q.Address, RawQuery: params.Encode()}
	u = *u.JoinPath("api/v1/stores", url.PathEscape(q.Store))
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, false, err
	}
	request.Header.Set("Accept", httpapi.Encoded)
	res, err := signed.NewClient(q.Client, tokens, largest).Do(request)
	if err != nil {
		return nil, false, err
	}
	if res.Status != http.StatusOK {
		return nil, false, q.problem(res)
	}
	if res.Header.Get("Content-Type") != httpapi.Encoded {
		return nil, false, ErrWindowed
	}
	return res.Body, true, q.checkTypes(res.Header)
}

// problem returns the error of a response without a value; nil if there is no such key.
func (q *Query) problem(res *signed.Response) error {
	p := problem(res)
	switch {
	case res.Status == http.StatusNotFound && p.Missing == "key":
		return q.checkTypes(res.Header)
	case res.Status == http.StatusServiceUnavailable:
		seconds, _ := strconv.Atoi(res.Header.Get("Retry-After"))
		return &NotReadyError{Message: p.Message, RetryAfter: time.Duration(seconds) * time.Second}
	case p.Missing == "store":
		return fmt.Errorf("%s; there are: %s", p.Message, strings.Join(p.Stores, ", "))
	}
	return errors.New(p.Message)
}

// checkTypes compares the serdes.
func (q *Query) checkTypes(h http.Header) error {
	for _, c := range []struct{ what, wanted, stored string }{
		{"keys", q.KeySerde, h.Get(httpapi.KeyHeader)},
		{"values", q.ValueSerde, h.Get(httpapi.ValueHeader)},
	} {
		if !serde.Compatible(c.wanted, c.stored) {
			return fmt.Errorf("its %s are of type %s, not %s", c.what, c.stored, c.wanted)
		}
	}
	return nil
}
