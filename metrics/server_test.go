package metrics_test

import (
	"context"
	"io"
	"net/http"
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

// A loop counts and publishes while it is scraped. With -race this shows that
// nobody reads what the loop writes.
func TestScrapeWhilePublishing(t *testing.T) {
	defer goleak.VerifyNone(t)
	defer http.DefaultClient.CloseIdleConnections()
	c := newClock()
	reg := newRegistry(c)
	s, err := metrics.Listen(t.Context(), "", metrics.Handler(reg))
	if err != nil {
		t.Fatal(err)
	}
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
		if text := get(t, s.URL()+"/metrics"); !strings.Contains(text, "grete_build_info") || !strings.Contains(text, "go_goroutines") {
			t.Errorf("a scrape answers:\n%s", text)
		}
		reg.Sample().Totals()
	}
	get(t, s.URL()+"/healthz")
	close(stop)
	loop.Wait()
	get(t, s.URL()+"/readyz")
	if err := s.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if _, err := http.Get(s.URL()); err == nil {
		t.Error("the server still answers")
	}
}

func TestCloseEndsWhatTakesTooLong(t *testing.T) {
	defer goleak.VerifyNone(t)
	defer http.DefaultClient.CloseIdleConnections()
	reached := make(chan struct{})
	s, err := metrics.Listen(t.Context(), "127.0.0.1:0", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(reached)
		<-r.Context().Done()
	}))
	if err != nil {
		t.Fatal(err)
	}
	var client sync.WaitGroup
	client.Go(func() {
		if res, err := http.Get(s.URL()); err == nil {
			res.Body.Close()
			t.Errorf("the request was answered: %s", res.Status)
		}
	})
	<-reached
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Close(ctx); err == nil {
		t.Error("Close doesn't say that a request was cut off")
	}
	client.Wait()
}

func TestListenOnATakenAddress(t *testing.T) {
	s, err := metrics.Listen(t.Context(), "", http.NotFoundHandler())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(context.Background())
	address := strings.TrimPrefix(s.URL(), "http://")
	if _, err := metrics.Listen(t.Context(), address, http.NotFoundHandler()); err == nil || !strings.Contains(err.Error(), address) {
		t.Errorf("error is %v, want one that names %s", err, address)
	}
}
