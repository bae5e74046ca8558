package window_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/api"
)

func TestHopping_WithoutIntervalIsMistake(t *testing.T) {
	app := api.New("hops")
	app.FromKeyed[string, hit]("hits").Window("w", api.Hopping(time.Minute, 0)).Count().To("panes")
	if _, err := app.Pipeline().Graph(); err == nil || !strings.Contains(err.Error(), `hops_test.go:13: window "w" has no interval`) {
		t.Errorf("got %v", err)
	}
}
