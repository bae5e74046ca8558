package api

import (
	"context"
	"errors"
	"testing"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/memory"
)

// A guarded log lets nobody make topics.
type guarded struct{ *memory.System }

type guardedAdmin struct{ stream.Admin }

var errGuarded = errors.New("you may not")

func (g guarded) Admin() stream.Admin { return guardedAdmin{g.System.Admin()} }

func (guardedAdmin) CreateTopic(context.Context, stream.TopicConfig) error { return errGuarded }

// To feed a topic that exists, one need not be allowed to make it.
func TestOnlyTopicsThatAreMissingAreMade(t *testing.T) {
	sys := memory.New()
	r := &run{app: words(), system: sys, feeds: []feed{{topic: "words"}, {topic: "words"}}}
	if err := r.createInputs(t.Context()); err != nil || r.created != 1 {
		t.Fatalf("made %d topics, %v", r.created, err)
	}
	r.system = guarded{sys}
	if err := r.createInputs(t.Context()); err != nil || r.created != 1 {
		t.Errorf("made %d topics, %v", r.created, err)
	}
	r.feeds = []feed{{topic: "others"}}
	if err := r.createInputs(t.Context()); !errors.Is(err, errGuarded) {
		t.Errorf("the error is %v", err)
	}
}
