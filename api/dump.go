package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/container/membership"
)

// dump gives f all entries of a store: those of the processes that run its stage, or,
// if nobody does, those of its changelog.
func (r *remote) dump(ctx context.Context, client *jobClient, name string, memory int64, f func(httpapi.Entry) error) error {
	store, err := findStore(r.plan, name)
	if err != nil {
		return err
	}
	view, err := r.look(ctx, store.stage)
	if err != nil {
		return err
	}
	switch {
	case view.Foreign != "":
		return fmt.Errorf("another kind of client (%s) uses the group %s of its stage", view.Foreign, store.stage.Group)
	case len(view.Members) == 0:
		return r.dumpChangelog(ctx, name, memory, f)
	}
	addresses, err := askable(view.Members)
	if err != nil {
		return fmt.Errorf("the job runs, and can't be asked from here: %w", err)
	}
	return client.dump(ctx, addresses, name, f)
}

// askable are the addresses of members that may be reached. It is an error, for every
// one of them, if there is none.
func askable(members []membership.MemberView) (addresses []string, err error) {
	for i := range members {
		if why := reachable(&members[i]); why != nil {
			err = errors.Join(err, why)
		} else {
			addresses = append(addresses, members[i].Address)
		}
	}
	if len(addresses) > 0 {
		return addresses, nil
	}
	return nil, err
}

// pageEntries is how many entries are asked for at a time.
const pageEntries = 1000

// dump asks page by page. Any process of the job answers for all of it, and where one
// has gone the next one goes on.
func (j *jobClient) dump(ctx context.Context, addresses []string, store string, f func(httpapi.Entry) error) error {
	next := "/api/v1/stores/" + url.PathEscape(store) + "?limit=" + strconv.Itoa(pageEntries)
	for next != "" {
		page, left, err := j.page(ctx, addresses, next)
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

// dumpPatience is how long tasks may move, or restore their state, until a page can be
// had.
const dumpPatience = 30 * time.Second

// page asks for a page, and returns the addresses that are left: those before the one
// that has answered can't be reached.
func (j *jobClient) page(ctx context.Context, addresses []string, path string) (page httpapi.Page, left []string, err error) {
	end := time.Now().Add(dumpPatience)
	for ctx.Err() == nil && len(addresses) > 0 {
		u, parseErr := url.Parse("http://" + addresses[0] + path)
		if parseErr != nil {
			return page, nil, parseErr
		}
		page = httpapi.Page{}
		lastErr := j.do(ctx, http.MethodGet, u, &page)
		failed := (*jobError)(nil)
		switch {
		case lastErr == nil:
			return page, addresses, nil
		case !errors.As(lastErr, &failed): // others may be there still
			err, addresses = errors.Join(err, lastErr), addresses[1:]
		case failed.status != http.StatusServiceUnavailable || time.Now().After(end):
			return page, nil, lastErr
		default:
			pause(ctx, time.Second)
		}
	}
	return page, nil, errors.Join(err, ctx.Err())
}

// pause waits, or until ctx is done.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
