package ship

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/gretestream/grete/stream/smallfile"
)

// maxHeader bounds the file with the secret header, in bytes.
const maxHeader = 64 << 10

// A Store is an HTTP server that accepts programs by PUT, under their checksums. PUT may need
// a secret header; nodes fetch programs without it.
type Store struct {
	base          string // without a trailing /
	header, value string
	http          *http.Client
}

// OpenStore returns the store at a URL. The file, if any, has the header of PUT requests in
// one line, such as "Authorization: Bearer …".
func OpenStore(base, headerFile string) (*Store, error) {
	u, err := url.Parse(base)
	switch {
	case err != nil:
		return nil, errors.New("-artifacts: not a URL") // without the URL, which may have a password
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, errors.New("-artifacts: the URL must begin with http:// or https:// and a host")
	case u.User != nil || u.RawQuery != "":
		return nil, errors.New("-artifacts: the URL becomes a part of the job, which many can read, so it must not have a user, a password or a query; use -artifacts-header-file FILE for secrets")
	}
	s := &Store{base: strings.TrimRight(base, "/")}
	s.http = &http.Client{
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, ResponseHeaderTimeout: time.Minute, ExpectContinueTimeout: 5 * time.Second},
		// A redirected request would carry the secret header.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if headerFile == "" {
		return s, nil
	}
	b, err := smallfile.Read(headerFile, maxHeader)
	if err != nil {
		return nil, fmt.Errorf("-artifacts-header-file: %w", err)
	}
	name, value, ok := strings.Cut(strings.TrimSpace(string(b)), ":")
	if s.header, s.value = strings.TrimSpace(name), strings.TrimSpace(value); !ok || s.header == "" || s.value == "" || strings.ContainsAny(s.value, "\r\n") {
		return nil, fmt.Errorf("-artifacts-header-file %s: must have one line, Name: value", headerFile)
	}
	return s, nil
}

// Close closes idle connections.
func (s *Store) Close() { s.http.CloseIdleConnections() }

// URL returns the address of a program in the store.
func (s *Store) URL(p *Program) string { return s.base + "/" + p.SHA256 }

// Put puts a program into the store, unless the store has it, and returns its URL. It checks that
// nodes can fetch it.
func (s *Store) Put(ctx context.Context, p *Program, say func(format string, args ...any)) (string, error) {
	at := s.URL(p)
	refused, err := s.lacks(ctx, at, p.Size)
	if err == nil && refused != "" {
		say("uploading the program to %s (%d MB)", at, (p.Size+1<<20-1)>>20)
		if err = s.put(ctx, at, p); err == nil {
			refused, err = s.lacks(ctx, at, p.Size)
		}
	}
	switch {
	case err != nil:
		return "", fmt.Errorf("-artifacts %s: %w", s.base, err)
	case refused != "":
		return "", fmt.Errorf("-artifacts %s: nodes, which send no header, can't fetch the program: %s; allow it, or put the program elsewhere and use -artifact URL", s.base, refused)
	}
	return at, nil
}

// lacks requests a file as a node does, and returns why that fails; "" if it doesn't.
func (s *Store) lacks(ctx context.Context, at string, size int64) (string, error) {
	for _, method := range []string{http.MethodHead, http.MethodGet} {
		res, err := s.do(ctx, method, at, nil, 0)
		if err != nil {
			return "", err
		}
		said := s.said(res)
		_ = res.Body.Close() // the rest isn't needed
		switch {
		case res.StatusCode == http.StatusOK && res.ContentLength >= 0 && res.ContentLength != size:
			return fmt.Sprintf("%s has %d bytes instead of %d", at, res.ContentLength, size), nil // an upload was cut off
		case res.StatusCode == http.StatusOK || res.StatusCode/100 == 3: // nodes follow redirects
			return "", nil
		case res.StatusCode != http.StatusMethodNotAllowed && res.StatusCode != http.StatusNotImplemented:
			return method + " " + at + ": " + said, nil
		}
	}
	return at + " allows neither HEAD nor GET", nil
}

func (s *Store) put(ctx context.Context, at string, p *Program) (err error) {
	f, err := os.Open(p.File)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read, and the request may have closed it
	res, err := s.do(ctx, http.MethodPut, at, f, p.Size)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("the store refuses the program: PUT %s: %s", at, s.said(res))
	}
	return nil
}

func (s *Store) do(ctx context.Context, method, at string, body io.Reader, size int64) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, at, body)
	if err != nil {
		return nil, err
	}
	if req.ContentLength = size; body != nil {
		// A store that refuses the program can say so before all of it is sent.
		req.Header.Set("Expect", "100-continue")
	}
	if method == http.MethodPut && s.header != "" {
		req.Header.Set(s.header, s.value)
	}
	return s.http.Do(req)
}

// said returns a store's answer, without the secret.
func (s *Store) said(res *http.Response) string {
	if res.StatusCode/100 == 2 {
		return res.Status
	}
	b, err := io.ReadAll(io.LimitReader(res.Body, 300))
	text := strings.TrimSpace(res.Status + " " + string(b))
	if err != nil {
		text = res.Status
	}
	if s.value != "" {
		text = strings.ReplaceAll(text, s.value, "…")
	}
	return text
}
