package jobclient

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/gretestream/grete/container/httpapi"
)

// One process is gone, the next is busy at first, and its response has two pages.
func TestEntries_GoesOnWithOtherProcesses(t *testing.T) {
	gone := httptest.NewServer(nil)
	gone.Close()
	requests := 0
	there := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(httpapi.AppHeader, "words")
		requests++
		switch requests {
		case 1:
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte(`{"error":"it restores"}`))
		case 2:
			_, _ = w.Write([]byte(`{"entries":[{"key":1,"value":1}],"next":"/next?limit=1"}`))
		default:
			_, _ = fmt.Fprintf(w, `{"entries":[{"key":2,"value":%q}]}`, r.URL.String())
		}
	}))
	defer there.Close()
	client := New("words", nil, nil)
	defer client.Close()
	var got []string
	err := client.Entries(t.Context(), []string{gone.Listener.Addr().String(), there.Listener.Addr().String()}, "count", func(e httpapi.Entry) error {
		b, err := json.Marshal(e)
		got = append(got, string(b))
		return err
	})
	if want := []string{`{"key":1,"value":1}`, `{"key":2,"value":"/next?limit=1"}`}; err != nil || !slices.Equal(got, want) {
		t.Errorf("it dumps %v, %v", got, err)
	}
}
