//go:build real

package commands_test

import (
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/gretestream/grete/api/internal/program/programtest"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// Records behind the open transaction of another producer can't be read. A run with -once
// says which ones it leaves out, and who holds them.
func TestRun_BehindOpenTransaction(t *testing.T) {
	t.Parallel()
	p := &pair{t, oneBroker.Cluster(t), strings.ToLower(kafkatest.Name(t))}
	for _, topic := range []string{"words", "counts"} {
		p.cluster.CreateTopic(t, p.topic(topic), 1, nil)
	}
	id := p.name + "-loader"
	loader := p.cluster.Franz(t, kgo.DefaultProduceTopic(p.topic("words")), kgo.TransactionalID(id), kgo.TransactionTimeout(time.Minute))
	send := func(word string) {
		if err := loader.ProduceSync(t.Context(), kgo.StringRecord(`{"word":"`+word+`"}`)).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	begin := func() {
		if err := loader.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
	}
	end := func() {
		if err := loader.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
			t.Fatal(err)
		}
	}
	run := func() programtest.Result {
		return p.command("-once", "-data", t.TempDir(), "-print", p.topic("counts")).Succeeded(t)
	}
	begin()
	send("a")
	end()
	begin()
	send("b")
	send("c")
	r := run()
	want := p.topic("words") + "/0: 2 records at offset 2 can't be read yet, because a transaction is open: transactional id " + id + ", producer id "
	if len(r.Lines()) != 1 || !strings.Contains(r.Err, want) || !strings.Contains(r.Err, ", open since 20") || !strings.Contains(r.Err, "this run doesn't include them") {
		t.Errorf("it printed %q, and said:\n%s", r.Out, r.Err)
	}
	end()
	if r := run(); len(r.Lines()) != 2 || strings.Contains(r.Err, "can't be read yet") {
		t.Errorf("it printed %q, and said:\n%s", r.Out, r.Err)
	}
}
