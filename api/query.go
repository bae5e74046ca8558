package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gretestream/grete/api/internal/jobclient"
	"github.com/gretestream/grete/stream/serde"
)

// Query asks a running job for the value of a key in one of its stores: that of a
// table, or, with [QueryWindow], of a window. It is the value as of the last commit;
// found is false if there is none. address is the HOST:PORT of the job's -http.
//
// K and V are the types of the pipeline. While the key's owner restores its state the
// error is an [UnavailableError].
func Query[K comparable, V any](ctx context.Context, address, store string, key K, opts ...QueryOption) (value V, found bool, err error) {
	keys, keyName := serde.Key[K]()
	values, valueName := serde.For[V]()
	q := query{jobclient.Query{Address: address, Store: store, KeySerde: keyName, ValueSerde: valueName, Client: http.DefaultClient}}
	for _, o := range opts {
		o(&q)
	}
	encoded, err := keys.Append(nil, key)
	if err == nil {
		encoded, found, err = q.do(ctx, encoded)
	}
	if found && err == nil {
		value, err = values.Parse(encoded)
	}
	if err != nil {
		return value, false, fmt.Errorf("asking %s for a key of store %s: %w", address, store, err)
	}
	return value, found, nil
}

// A QueryOption sets an option of a [Query].
type QueryOption func(*query)

// query is the request of a [Query], without its types.
type query struct{ request jobclient.Query }

// QueryToken sets the token of the job. It signs the request, and is never sent.
func QueryToken(token string) QueryOption { return func(q *query) { q.request.Token = token } }

// QueryWindow requests the value in the window that contains a time.
func QueryWindow(at time.Time) QueryOption { return func(q *query) { q.request.Window = &at } }

// QueryClient sends the request with another client than [http.DefaultClient].
func QueryClient(c *http.Client) QueryOption { return func(q *query) { q.request.Client = c } }

// An UnavailableError is the error of a [Query] that the job can't answer yet, because
// the owner of the key isn't ready.
type UnavailableError struct {
	Message    string
	RetryAfter time.Duration // after which to retry
}

func (e *UnavailableError) Error() string { return e.Message }

// do requests the encoded value of an encoded key.
func (q *query) do(ctx context.Context, key []byte) (value []byte, found bool, err error) {
	value, found, err = q.request.Do(ctx, key)
	notReady := (*jobclient.NotReadyError)(nil)
	switch {
	case errors.As(err, &notReady):
		err = &UnavailableError{notReady.Message, notReady.RetryAfter}
	case errors.Is(err, jobclient.ErrWindowed):
		err = fmt.Errorf("%w: name one with api.QueryWindow", err)
	}
	return value, found, err
}
