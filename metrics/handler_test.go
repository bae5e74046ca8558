package metrics_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/gretestream/grete/metrics"
)

func get(t *testing.T, url string) string {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK {
		t.Fatalf("%s answers %s: %s", url, res.Status, body)
	}
	return string(body)
}

// With -race this test shows that a scrape reads nothing that the loop writes.
func TestHandler_ScrapeWhilePublishing(t *testing.T) {
	defer goleak.VerifyNone(t)
	defer http.DefaultClient.CloseIdleConnections()
	c := newClock()
	reg := newRegistry(c)
	s := httptest.NewServer(metrics.Handler(reg))
	var loop sync.WaitGroup
	stop := make(chan struct{})
	loop.Go(func() {
		l, ct := countingLoop(c), reg.Container("by-user", 0)
		for {
			select {
			case <-stop:
				return
			default:
			}
			l.Turns++
			l.Tasks[0].Inputs[0].Records++
			l.Tasks[0].Operators[0].Late++
			l.Committed(c.now, 1)
			ct.Publish(l)
		}
	})
	for range 20 {
		if text := get(t, s.URL+"/metrics"); !strings.Contains(text, "grete_build_info") || !strings.Contains(text, "go_goroutines") {
			t.Errorf("a scrape answers:\n%s", text)
		}
		reg.Sample().Totals()
	}
	get(t, s.URL+"/healthz")
	close(stop)
	loop.Wait()
	get(t, s.URL+"/readyz")
	s.Close()
}
