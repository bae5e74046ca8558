package metrics

import (
	"io"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Handler serves a registry: /metrics in Prometheus' formats, with those of Go
// and of the process; /healthz, 200 if
// all loops turn over; /readyz, 200 if all tasks run. The last two answer 503
// with a sentence for each container that isn't.
func Handler(r *Registry) http.Handler {
	all := prometheus.NewRegistry()
	// The names are this package's and client_golang's own, so none is refused.
	all.MustRegister(NewCollector(r), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(all, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	mux.HandleFunc("GET /healthz", check(r.Healthy))
	mux.HandleFunc("GET /readyz", check(r.Ready))
	return mux
}

func check(of func() error) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		answer := "ok"
		if err := of(); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			answer = err.Error()
		}
		// Whoever asked may be gone; there is nobody to tell.
		_, _ = io.WriteString(w, answer+"\n")
	}
}
