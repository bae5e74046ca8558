package flow_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/apitest"
	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/api/internal/op"
	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream/serde"
)

// A probe is an operator with every capability: two input ports of different
// types, two output ports, two stores. It sends each call
// that it gets to its main port, and logs it.
type probe struct {
	log  *[]string
	down flow.Push[string]
	side flow.Push[int64]
	time *flow.EventTime
	task *loop.Task

	words, numbers *kv.Values[int64]
	scope          *flow.Scope
	alarm          int64 // of the clock
	asked          bool  // event time is waited for
}

func (p *probe) say(format string, args ...any) error {
	line := fmt.Sprintf(format, args...)
	*p.log = append(*p.log, line)
	return p.down(line)
}

func (p *probe) word(w string) error {
	n, _, err := p.words.Upsert(p.scope.Key)
	if err != nil {
		return err
	}
	*n++
	switch w {
	case "alarm":
		p.alarm = p.task.Now() + 1000
	case "wait":
		p.asked = true
	}
	return p.say("word %s %d", w, *n)
}

func (p *probe) number(i int64) error {
	n, _, err := p.numbers.Upsert(p.scope.Key)
	if err != nil {
		return err
	}
	*n += i
	return p.side(*n)
}

func (p *probe) Due() int64 {
	if !p.asked {
		return loop.IdleTime
	}
	return 60_000
}

func (p *probe) Advance() (bool, error) {
	p.asked = false
	return false, p.say("advance at %d", p.time.Now())
}

func (p *probe) End() (bool, error) { return false, p.say("end") }

func (p *probe) Watermark() int64 { return p.time.Behind(1000, loop.IdleTime) }

func (p *probe) ClockDue() int64 { return p.alarm }

func (p *probe) Tick(int64) (bool, error) {
	p.alarm = loop.IdleTime
	p.task.Wake()
	return false, p.say("tick")
}

func (p *probe) Resume() (bool, error) { return false, p.say("resume") }
func (p *probe) Busy() bool            { return false }

func (p *probe) BeforeCommit() error { *p.log = append(*p.log, "before"); return nil }
func (p *probe) AfterCommit() error  { *p.log = append(*p.log, "after"); return nil }
func (p *probe) Close() error        { *p.log = append(*p.log, "close"); return nil }

// record records the probe between two inputs and two outputs.
func record(app *api.App, log *[]string) {
	p := app.Pipeline().Pipeline
	eventTime := func(string) time.Time { return time.UnixMilli(0) }
	words := op.KeyedInput[string](p, scheduler.Node{Kind: scheduler.KindInput, Topic: "words"}, op.InputSpec[string]{EventTime: eventTime})
	numbers := op.KeyedInput[string](p, scheduler.Node{Kind: scheduler.KindInput, Topic: "numbers"}, op.InputSpec[int64]{})
	words.To, numbers.To = "left", "right"
	ints, name := serde.For[int64]()
	main := p.Add(flow.Node{
		Node: scheduler.Node{
			Kind: "probe", Name: "probe", From: []scheduler.Edge{words, numbers},
			Stores: []scheduler.StoreSpec{{Layout: "values", Key: "string", Value: name}, {Name: "numbers", Layout: "values", Key: "string", Value: name}},
		},
		Emits: []flow.Port{flow.Emit[string](""), flow.Emit[int64]("sums"), flow.Emit[string]("unused")},
		Build: func(b *flow.Builder) (flow.Operator, error) {
			if b.Needed("unused") || !b.Needed("sums") {
				return nil, fmt.Errorf("what is read of it isn't known")
			}
			o := &probe{
				log: log, down: flow.Down[string](b, ""), side: flow.Down[int64](b, "sums"),
				time: b.EventTime(), task: b.Task, scope: b.Scope, alarm: loop.IdleTime,
			}
			for i, values := range []**kv.Values[int64]{&o.words, &o.numbers} {
				*values = kv.NewValues(b.Task.State, b.Store(i), ints)
			}
			flow.Take(b, "left", o.word)
			flow.Take(b, "right", o.number)
			return o, nil
		},
	})
	op.Output(p, main, "said", op.OutputSpec[string]{})
	op.Output(p, scheduler.Edge{Node: main.Node, Port: "sums"}, "sums", op.OutputSpec[int64]{})
}

func probed(t *testing.T) (*apitest.Test, *[]string) {
	log := new([]string)
	app := api.New("probes")
	record(app, log)
	return apitest.New(t, app), log
}

func TestOperator_PortsAndStores(t *testing.T) {
	x, _ := probed(t)
	x.SendKeyed("words", "k", "a")
	x.SendKeyed("numbers", "k", int64(2))
	x.SendKeyed("numbers", "k", int64(3))
	x.SendKeyed("words", "k", "b")
	x.Expect("sums", int64(2), int64(5))
	x.Expect("said", "word a 1", "word b 2")
	x.Restart()
	x.SendKeyed("words", "k", "c")
	x.SendKeyed("numbers", "k", int64(1))
	x.Expect("said", "word c 3")
	x.Expect("sums", int64(6))
}

func TestOperator_Times(t *testing.T) {
	x, log := probed(t)
	x.SendKeyed("words", "k", "alarm")
	x.SendKeyed("words", "k", "wait")
	x.Expect("said", "word alarm 1", "word wait 2")
	x.Wait(time.Second)
	x.Expect("said", "tick", "resume")
	x.Advance(59 * time.Second)
	x.Expect[string]("said")
	x.Advance(time.Second)
	if got := x.Output[string]("said"); len(got) != 1 || !strings.HasPrefix(got[0], "advance at 60000") {
		t.Fatalf("got %q", got)
	}
	if !slices.Contains(*log, "before") || !slices.Contains(*log, "after") {
		t.Errorf("the operator took no part in commits: %q", *log)
	}
}

// The event time that an operator has reached survives a restart.
func TestOperator_EventTimeIsKept(t *testing.T) {
	x, log := probed(t)
	x.SendKeyed("words", "k", "a")
	x.SendKeyed("numbers", "k", int64(1))
	x.Advance(90 * time.Second)
	x.Restart()
	x.SendKeyed("words", "k", "wait")
	if got := x.Output[string]("said"); !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "advance at 9") }) {
		t.Fatalf("said %q, log %q", got, *log)
	}
	if !slices.Contains(*log, "close") {
		t.Errorf("it was never closed: %q", *log)
	}
}

// A node whose operator doesn't take the records of one of its input ports is a
// mistake of the operator's author, found when a task is built.
func TestBuilder_PortWithoutTake(t *testing.T) {
	p := &flow.Pipeline{App: "a"}
	in := op.Input(p, scheduler.Node{Kind: scheduler.KindInput, Topic: "in"}, op.InputSpec[string]{})
	in.To = "left"
	p.Add(flow.Node{
		Node:  scheduler.Node{Kind: "deaf", From: []scheduler.Edge{in}},
		Build: func(*flow.Builder) (flow.Operator, error) { return nil, nil },
	})
	stage := &scheduler.Stage{Name: "in", Nodes: []int{0, 1}, Inputs: []scheduler.Input{{Topic: "in", Nodes: []int{0}}}}
	_, err := p.Program().NewLogic(stage, &loop.Task{})
	if err == nil || !strings.Contains(err.Error(), `deaf at`) || !strings.Contains(err.Error(), `input port "left"`) {
		t.Errorf("got %v", err)
	}
}
