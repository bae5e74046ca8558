package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"

	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/container/membership"
)

// A jobClient asks processes of a job over HTTP. It goes to their addresses themselves:
// through no proxy, and nowhere else if one of them says so, as the token goes along.
type jobClient struct {
	http  http.Client
	app   string
	token string
}

func newJobClient(app, tokenFile string) (*jobClient, error) {
	token, err := readToken(tokenFile)
	if err != nil {
		return nil, err
	}
	return &jobClient{app: app, token: token, http: http.Client{
		Transport:     &http.Transport{},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

func (j *jobClient) close() { j.http.CloseIdleConnections() }

// do asks for a URL, and reads the answer into to. One that isn't what was asked for
// is a [jobError].
func (j *jobClient) do(ctx context.Context, method string, u *url.URL, to any) error {
	request, err := http.NewRequestWithContext(ctx, method, u.String(), http.NoBody)
	if err != nil {
		return err
	}
	if j.token != "" {
		request.Header.Set("Authorization", "Bearer "+j.token)
	}
	res, err := j.http.Do(request)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		return err
	}
	failed := &jobError{status: res.StatusCode, retry: res.Header.Get("Retry-After")}
	switch {
	case res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden:
		failed.message = fmt.Sprintf("%s refuses the request: it needs the job's token (-token-file FILE, or GRETE_TOKEN)", u.Host)
	case res.Header.Get(httpapi.AppHeader) != j.app:
		failed.message = fmt.Sprintf("%s isn't a process of %s: has it gone?", u.Host, j.app)
	case res.StatusCode/100 == 2:
		return json.Unmarshal(body, to)
	default:
		var p httpapi.Problem
		if json.Unmarshal(body, &p) != nil || p.Message == "" {
			p.Message = "it answers " + res.Status
		}
		failed.message = fmt.Sprintf("%s: %s", u.Host, p.Message)
	}
	return failed
}

// A jobError is what a process answers instead.
type jobError struct {
	status  int
	retry   string // after so many seconds; ""
	message string
}

func (e *jobError) Error() string { return e.message }

// reachable says why a member can't be asked from here; nil if it may be.
func reachable(m *membership.MemberView) error {
	if m.Address == "" {
		return fmt.Errorf("%s, on %s, isn't to be asked over HTTP (its -http is off)", nameOf(m), m.Host)
	}
	here, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("asking for this machine's name: %w", err)
	}
	if u := (url.URL{Host: m.Address}); membership.IsLoopback(u.Hostname()) && m.Host != here {
		return fmt.Errorf("%s listens for its own machine only: ask from %s, or start it with -http HOST:PORT and a token", nameOf(m), m.Host)
	}
	return nil
}
