package api

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// emptyNomad is a Nomad cluster without a job, and its address.
func emptyNomad(t *testing.T) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/status/leader" {
			http.Error(w, "job not found", http.StatusNotFound)
			return
		}
		_, _ = w.Write([]byte(`"10.0.0.1:4647"`))
	}))
	t.Cleanup(server.Close)
	return server.URL
}
