package produce

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/kafka-go/protocol"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// A failure and its end are logged once each.
func TestRetrier_LogsOnce(t *testing.T) {
	for name, c := range map[string]struct {
		kind  func(protocol.Message) bool
		fault fault
		want  []string
	}{
		"a broker": {isProduce, fault{reset: true, lost: true}, []string{
			"level=WARN msg=\"broker doesn't answer", "level=WARN msg=\"records can't be delivered", "level=INFO msg=\"broker answers again", "level=INFO msg=\"records are delivered",
		}},
		"replicas":      {isProduce, fault{code: kerr.NotEnoughReplicas}, []string{"level=WARN msg=\"records can't be delivered", "level=INFO msg=\"records are delivered"}},
		"a coordinator": {func(req protocol.Message) bool { return !isProduce(req) }, fault{code: kerr.CoordinatorNotAvailable}, []string{"level=WARN msg=\"coordinator is unavailable", "level=INFO msg=\"transactions go on"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { testLog(t, c.kind, c.fault, c.want) })
		})
	}
}

// testLog makes requests of a kind fail for a while.
func testLog(t *testing.T, kind func(protocol.Message) bool, f fault, want []string) {
	var log bytes.Buffer
	b := newFakeBrokers(t, 1, 3)
	s := newTestProducer(t, b.newClient(settings{Logger: slog.New(slog.NewTextHandler(&log, nil))}), stream.ProducerConfig{})
	s.send(1, 1)
	s.commit()
	if log.Len() > 0 {
		t.Fatalf("logged are %s", &log)
	}
	until := time.Now().Add(10 * time.Second)
	b.fault = func(_ int32, req protocol.Message) fault {
		if kind(req) && time.Now().Before(until) {
			return f
		}
		return fault{}
	}
	s.send(1, 1)
	s.commit()
	s.Close()
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != len(want) {
		t.Fatalf("logged are %s", &log)
	}
	for i := range want {
		if !strings.Contains(lines[i], want[i]) {
			t.Errorf("line %d is %s", i, lines[i])
		}
	}
}

func isProduce(req protocol.Message) bool {
	_, ok := req.(*wire.Produce)
	return ok
}
