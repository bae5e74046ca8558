package nomadtest

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"
)

// A Store is an HTTP server of files, for nodes to fetch programs from. It serves GET, HEAD
// and PUT, and is safe for concurrent use.
type Store struct {
	server        *httptest.Server
	header, value string

	mu       sync.Mutex
	files    map[string][]byte
	requests []string
}

// StartStore starts an empty store, which ends with the test. If header isn't empty, requests
// must have it, with that value.
func StartStore(t testing.TB, header, value string) *Store {
	s := &Store{header: header, value: value, files: map[string][]byte{}}
	s.server = httptest.NewServer(s)
	t.Cleanup(s.Stop)
	return s
}

// URL returns the address of the store, without a trailing slash.
func (s *Store) URL() string { return s.server.URL }

// Stop ends the store: it refuses connections from then on.
func (s *Store) Stop() { s.server.Close() }

// Put adds or replaces a file.
func (s *Store) Put(path string, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[path] = data
}

// Get returns a file.
func (s *Store) Get(path string) (data []byte, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	data, ok = s.files[path]
	return data, ok
}

// Requests returns all requests so far, including refused ones: "PUT /path".
func (s *Store) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// ServeHTTP serves a request.
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests = append(s.requests, r.Method+" "+r.URL.Path)
	s.mu.Unlock()
	switch {
	case s.header != "" && r.Header.Get(s.header) != s.value:
		http.Error(w, "the header "+s.header+" is missing, or isn't right", http.StatusUnauthorized)
	case r.Method == http.MethodPut:
		s.put(w, r)
	case r.Method == http.MethodGet, r.Method == http.MethodHead:
		s.get(w, r)
	default:
		http.Error(w, "only GET, HEAD and PUT are allowed", http.StatusMethodNotAllowed)
	}
}

func (s *Store) put(w http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest) // incomplete
		return
	}
	s.Put(r.URL.Path, data)
	w.WriteHeader(http.StatusCreated)
}

func (s *Store) get(w http.ResponseWriter, r *http.Request) {
	data, ok := s.Get(r.URL.Path)
	if !ok {
		http.NotFound(w, r)
		return
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}
