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

// A Store is a server of files, by GET and HEAD, that takes them by PUT: somewhere
// for programs to be fetched from. It is safe for concurrent use.
type Store struct {
	server        *httptest.Server
	header, value string

	mu       sync.Mutex
	files    map[string][]byte
	requests []string
}

// StartStore starts an empty store, which ends with the test. If header isn't
// empty, requests need it, with that value.
func StartStore(t testing.TB, header, value string) *Store {
	s := &Store{header: header, value: value, files: map[string][]byte{}}
	s.server = httptest.NewServer(s)
	t.Cleanup(s.Stop)
	return s
}

// URL is where the files are: a file's path follows it.
func (s *Store) URL() string { return s.server.URL }

// Stop ends the store: connections to it are refused.
func (s *Store) Stop() { s.server.Close() }

// Put has the store have a file.
func (s *Store) Put(path string, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[path] = data
}

// Get returns a file that is there.
func (s *Store) Get(path string) (data []byte, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	data, ok = s.files[path]
	return data, ok
}

// Requests are those that were answered, or refused, by now: "PUT /path".
func (s *Store) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// ServeHTTP answers as the server does.
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
		http.Error(w, "there is GET, HEAD and PUT", http.StatusMethodNotAllowed)
	}
}

func (s *Store) put(w http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest) // it was cut off
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
