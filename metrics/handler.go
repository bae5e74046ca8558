package metrics

import (
	"io"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Handler serves a registry: /metrics in Prometheus' formats, including metrics of
// Go and of the process; /healthz, 200 if no loop is stuck; /readyz, 200 if all
// tasks are running. The last two answer 503 with a line for each problem.
func Handler(r *Registry) http.Handler {
	all := prometheus.NewRegistry()
	// This can't panic: the names are all known here.
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
		// The client may have disconnected.
		_, _ = io.WriteString(w, answer+"\n")
	}
}
