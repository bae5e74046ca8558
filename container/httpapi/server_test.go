package httpapi_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/container/httpapi/signed"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestListen(t *testing.T) {
	defer http.DefaultClient.CloseIdleConnections()
	j := newJob(t)
	j.cfg.Advertise = ""
	s, err := httpapi.Listen(t.Context(), j.cfg)
	if err != nil {
		t.Fatal(err)
	}
	var asking sync.WaitGroup
	for range 4 {
		asking.Go(func() {
			for range 20 {
				res, err := http.Get(s.URL() + "/api/v1/job")
				if err != nil || res.StatusCode != http.StatusOK {
					t.Error(res, err)
					return
				}
				if err := res.Body.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	asking.Wait()
	j.cfg.Address = strings.TrimPrefix(s.URL(), "http://")
	if _, err := httpapi.Listen(t.Context(), j.cfg); err == nil || !strings.Contains(err.Error(), j.cfg.Address) {
		t.Errorf("a taken address: %v", err)
	}
	if err := s.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if res, err := http.Get(s.URL()); err == nil {
		t.Error("the server still answers", res.Body.Close())
	}
}

// What others can reach needs a token.
func TestListen_WithoutToken(t *testing.T) {
	j := newJob(t)
	j.cfg.Advertise = ""
	for _, address := range []string{":0", "0.0.0.0:0"} {
		j.cfg.Address, j.cfg.Tokens = address, nil
		if _, err := httpapi.Listen(t.Context(), j.cfg); !errors.Is(err, httpapi.ErrNoToken) || !strings.Contains(err.Error(), address) {
			t.Errorf("%s: %v", address, err)
		}
		j.cfg.Tokens, j.cfg.Local = signed.Tokens{"t"}, true
		if _, err := httpapi.Listen(t.Context(), j.cfg); !errors.Is(err, httpapi.ErrNoToken) {
			t.Errorf("%s with the token of a user: %v", address, err)
		}
		j.cfg.Local = false
		s, err := httpapi.Listen(t.Context(), j.cfg)
		if err != nil {
			t.Fatal(err)
		}
		if at, guessed := s.Advertised(); s.URL() != "http://"+at || strings.Contains(at, "::]") || strings.HasPrefix(at, "0.0.0.0") || guessed == "" {
			t.Errorf("a server that listens on %s is at %s, and advertises %s, %s", address, s.URL(), at, guessed)
		}
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
