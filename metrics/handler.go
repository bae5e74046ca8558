package metrics

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Handler serves /metrics, with those of the Go runtime and the process, and
// /healthz and /readyz: 200 or 503, with a sentence that says why.
func Handler(reg *Registry) http.Handler {
	prom := prometheus.NewRegistry()
	prom.MustRegister(
		NewCollector(reg),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(prom, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	mux.HandleFunc("GET /healthz", answer(reg, (*Registry).Health))
	mux.HandleFunc("GET /readyz", answer(reg, (*Registry).Ready))
	return mux
}

func answer(reg *Registry, check func(*Registry) error) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		if err := check(reg); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprintln(w, err)
			return
		}
		fmt.Fprintln(w, "ok")
	}
}

// Health is nil if every container gets on. A container is stuck that has a
// running task and hasn't published for Config.StuckAfter. One that starts,
// restores or has no task is healthy: killing it would only make it start over.
func (r *Registry) Health() error {
	s := r.Sample()
	var stuck []string
	for _, c := range s.Containers {
		if age := s.At.Sub(c.At); age > r.cfg.StuckAfter && c.processing() {
			stuck = append(stuck, fmt.Sprintf("container %d of stage %s is stuck: its loop hasn't turned over for %s",
				c.Container, c.Stage, age.Round(time.Second)))
		}
	}
	return join(stuck)
}

// processing tells whether the container has nothing to do but process.
func (s *Snapshot) processing() bool {
	for _, t := range s.Tasks {
		if t.State == TaskStarting || t.State == TaskRestoring {
			return false
		}
	}
	return len(s.Tasks) > 0
}

// Ready is nil if there is a container and all tasks of all containers run, or
// have ended.
func (r *Registry) Ready() error {
	s := r.Sample()
	if len(s.Containers) == 0 {
		return errors.New("no container has started yet")
	}
	var waiting []string
	for _, c := range s.Containers {
		if !c.Published {
			waiting = append(waiting, fmt.Sprintf("container %d of stage %s is starting", c.Container, c.Stage))
		}
		for _, t := range c.Tasks {
			if t.State != TaskRunning && t.State != TaskEnded {
				waiting = append(waiting, fmt.Sprintf("task %d of stage %s is %s", t.ID, c.Stage, t.State))
			}
		}
	}
	return join(waiting)
}

// join makes one error of sentences, a line each.
func join(sentences []string) error {
	if len(sentences) == 0 {
		return nil
	}
	return errors.New(strings.Join(sentences, "\n"))
}
