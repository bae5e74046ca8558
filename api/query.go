package api

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/gretestream/grete/api/internal/jobclient"
	"github.com/gretestream/grete/api/internal/program/access"
	"github.com/gretestream/grete/stream/serde"
)

// Query asks a running job for the value of a key in one of its stores: that of a
// table, or, with [QueryWindow], of a window. It is the value as of the last commit;
// found is false if there is none. address is the HOST:PORT of the job's -http.
//
// K and V are the types of the pipeline. If the app has serdes of its own, give them with
// [QuerySerde] and [QueryFormat]. While the key's owner restores its state the
// error is an [UnavailableError].
func Query[K comparable, V any](ctx context.Context, address, store string, key K, opts ...QueryOption) (value V, found bool, err error) {
	q := query{request: jobclient.Query{Address: address, Store: store, Client: http.DefaultClient}}
	for _, o := range opts {
		o(&q)
	}
	keys, keyName := q.serdes.Key[K]()
	values, valueName := q.serdes.For[V]()
	q.request.KeySerde, q.request.ValueSerde = keyName, valueName
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
type query struct {
	request jobclient.Query
	serdes  serde.Registry
	app     string // the app whose local token is used; "": no local token
	tls     *tls.Config
}

// QuerySerde sets the serde of a type, as [DefaultSerde] does for the app. If the store was
// given one with [StoreSerde], set that one.
func QuerySerde[M any](s Serde[M]) QueryOption {
	return func(q *query) { q.serdes.SetDefault[M](s) }
}

// QueryFormat sets the format of all types without a serde of their own, as
// [DefaultFormat] does for the app.
func QueryFormat(f serde.Format) QueryOption { return func(q *query) { q.serdes.SetFormat(f) } }

// QueryToken sets the token of the job. It signs the request, and is never sent.
func QueryToken(token string) QueryOption { return func(q *query) { q.request.Token = token } }

// QueryApp sets the app whose job is queried, on a loopback address: the request is signed
// with the token that this user's programs of the app have in the user's configuration
// directory. It isn't needed with [QueryToken].
func QueryApp(name string) QueryOption { return func(q *query) { q.app = name } }

// QueryWindow requests the value in the window that contains a time.
func QueryWindow(at time.Time) QueryOption { return func(q *query) { q.request.Window = &at } }

// QueryTLS sends the request over TLS: with this configuration, or, if it is nil, as the
// client of [QueryClient] is configured.
func QueryTLS(config *tls.Config) QueryOption {
	return func(q *query) { q.request.TLS, q.tls = true, config }
}

// QueryClient sends the request with another client than [http.DefaultClient].
func QueryClient(c *http.Client) QueryOption { return func(q *query) { q.request.Client = c } }

// An UnavailableError is the error of a [Query] that the job can't answer yet, because
// the owner of the key isn't ready.
type UnavailableError struct {
	Message    string
	RetryAfter time.Duration // after which to retry
}

func (e *UnavailableError) Error() string { return e.Message }

// localToken returns the text of this user's token for an app.
func localToken(app string) (string, error) {
	config, err := os.UserConfigDir()
	if err != nil {
		return "", access.ErrNoConfig
	}
	tokens, err := access.FindLocal(config, app)
	if err == nil && len(tokens) == 0 {
		err = fmt.Errorf("this user has no token of %s yet: a job that runs on a loopback address makes it", app)
	}
	return strings.Join(tokens, "\n"), err
}

// do requests the encoded value of an encoded key.
func (q *query) do(ctx context.Context, key []byte) (value []byte, found bool, err error) {
	if q.app != "" && q.request.Token == "" {
		if q.request.Token, err = localToken(q.app); err != nil {
			return nil, false, err
		}
	}
	if q.tls != nil {
		transport := &http.Transport{TLSClientConfig: q.tls}
		defer transport.CloseIdleConnections()
		q.request.Client = &http.Client{Transport: transport}
	}
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
