package run

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/gretestream/grete/api/internal/program/programtest"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/memory"
	"github.com/gretestream/grete/stream/serde"
)

// A slowSystem is a log over a network: a consumer finds nothing the first times
// that it looks, and what was committed can't be read yet.
type slowSystem struct {
	stream.System
	polls int
}

func (s slowSystem) OpenConsumer(ctx context.Context, cfg stream.ConsumerConfig) (stream.Consumer, error) {
	c, err := s.System.OpenConsumer(ctx, cfg)
	return &slowConsumer{Consumer: c, polls: s.polls, ready: make(chan struct{}, 1)}, err
}

func (s slowSystem) Admin() stream.Admin {
	return &slowAdmin{Admin: s.System.Admin(), times: s.polls}
}

type slowConsumer struct {
	stream.Consumer
	polls int
	ready chan struct{}
}

func (c *slowConsumer) Ready() <-chan struct{} { return c.ready }

func (c *slowConsumer) Poll() ([]stream.Chunk, error) {
	if c.polls--; c.polls >= 0 {
		c.ready <- struct{}{}
		return nil, nil
	}
	return c.Consumer.Poll()
}

// A slowAdmin returns outdated ends of partitions at first.
type slowAdmin struct {
	stream.Admin
	asked, times int
}

func (a *slowAdmin) Ends(ctx context.Context, tps ...stream.TopicPartition) ([]int64, error) {
	if a.asked++; a.asked <= a.times {
		return make([]int64, len(tps)), nil
	}
	return a.Admin.Ends(ctx, tps...)
}

// counted returns a log with the output of words.
func counted(t *testing.T, counts ...byte) stream.System {
	t.Helper()
	system := memory.New()
	create := system.Admin().CreateTopic(t.Context(), stream.TopicConfig{Name: "counts", Partitions: 2})
	p, err := system.OpenProducer(t.Context(), stream.ProducerConfig{})
	if err = errors.Join(create, err); err != nil {
		t.Fatal(err)
	}
	w, err := p.Writer("counts")
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range counts {
		if err := w.Send(int32(i%2), &stream.Record{Value: []byte{0, 0, 0, 0, 0, 0, 0, n}}); err != nil {
			t.Fatal(err)
		}
	}
	_, err = p.Commit(t.Context(), stream.GroupOffsets{})
	if err = errors.Join(err, p.Close()); err != nil {
		t.Fatal(err)
	}
	return system
}

// A run that has ended prints all that it has written, even if that is visible and
// arrives only later.
func TestPrinter_PrintsToTheEnd(t *testing.T) {
	system := counted(t, 1, 2, 3)
	var out bytes.Buffer
	words := programtest.Words()
	p, err := newPrinter(t.Context(), words, system.Admin(), "counts", &out, false)
	if err != nil {
		t.Fatal(err)
	}
	for i := range p.from {
		p.from[i].Offset = 0
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.run(over, slowSystem{system, 3}); err != nil {
		t.Fatal(err)
	}
	if got := (programtest.Result{Out: out.String()}).Lines(); !slices.Equal(got, []string{"1\n", "2\n", "3\n"}) {
		t.Errorf("printed %q", got)
	}
}

// A rawText is a user's text that is no JSON.
type rawText struct{ serde.Text }

func (rawText) JSON(encoded []byte) (json.RawMessage, bool) { return encoded, true }

func TestPrinter_OneLineARecord(t *testing.T) {
	var none *serde.Registry
	for name, test := range map[string]struct {
		text  serde.Text
		value string
		want  string
	}{
		"JSON on several lines":   {none.Text("json(main.X)"), "{\n  \"a\": [1,\r\n 2]\n}\n", `{"a":[1,2]}`},
		"JSON on one line":        {none.Text("json(main.X)"), `{"a": 1}`, `{"a": 1}`},
		"no JSON":                 {none.Text("json(main.X)"), "{\n", `"ewo="`},
		"text with line ends":     {none.Text("string"), "a\nb\r", `"a\nb\r"`},
		"text that isn't UTF-8":   {none.Text("string"), "\xff\n", `"/wo="`},
		"bytes that are JSON":     {none.Text("bytes"), "{\n\"a\":\n1}", `{"a":1}`},
		"bytes that are no JSON":  {none.Text("bytes"), "a\n", `"YQo="`},
		"a serde without a name":  {none.Text(""), "[\n]", `[]`},
		"a user's serde":          {rawText{}, "a\nb", `"YQpi"`},
		"a user's serde, as JSON": {rawText{}, "[\n1]", `[1]`},
	} {
		if got := string(appendJSON(nil, test.text, []byte(test.value))); got != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
	}
	if got := string(appendJSON(nil, rawText{}, nil)); got != "null" {
		t.Errorf("a tombstone: got %s", got)
	}
}
