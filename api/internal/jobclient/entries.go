package jobclient

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/gretestream/grete/container/httpapi"
)

// pageEntries is the number of entries of a page.
const pageEntries = 1000

// Entries calls f with all entries of a store, page by page. Any process of the job
// serves all of it; when one exits, the next address is used.
func (c *Client) Entries(ctx context.Context, addresses []string, store string, f func(httpapi.Entry) error) error {
	next := "/api/v1/stores/" + url.PathEscape(store) + "?limit=" + strconv.Itoa(pageEntries)
	for next != "" {
		page, left, err := c.page(ctx, addresses, next)
		if err != nil {
			return err
		}
		for _, e := range page.Entries {
			if err := f(e); err != nil {
				return err
			}
		}
		next, addresses = page.Next, left
	}
	return nil
}

// pagePatience is how long a page may be unavailable because tasks move or restore
// their state.
const pagePatience = 30 * time.Second

// page requests a page, and returns the addresses from the one that served it on: those
// before it are unreachable.
func (c *Client) page(ctx context.Context, addresses []string, path string) (page httpapi.Page, left []string, err error) {
	end := time.Now().Add(pagePatience)
	for ctx.Err() == nil && len(addresses) > 0 {
		page = httpapi.Page{}
		lastErr := c.Get(ctx, addresses[0], path, &page)
		failed := (*Error)(nil)
		switch {
		case lastErr == nil:
			return page, addresses, nil
		case !errors.As(lastErr, &failed):
			err, addresses = errors.Join(err, lastErr), addresses[1:]
		case failed.Status != http.StatusServiceUnavailable || time.Now().After(end):
			return page, nil, lastErr
		default:
			pause(ctx, time.Second)
		}
	}
	return page, nil, errors.Join(err, ctx.Err())
}

// pause waits for d, or until ctx is done.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
