package model_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/gretestream/grete/api/apitest"
	"github.com/gretestream/grete/api/internal/model"
	"github.com/gretestream/grete/scheduler"
)

// seeds is how many random programs are run; GRETE_SEEDS sets another number.
func seeds() uint64 {
	if n, err := strconv.ParseUint(os.Getenv("GRETE_SEEDS"), 10, 64); err == nil {
		return n
	}
	return 300
}

// Every operator has the results of its naive reference, in any combination with others,
// whatever the number of partitions and containers, and however often the job crashes.
func TestRandomPrograms_MatchInterpreter(t *testing.T) {
	for seed := range seeds() {
		if msg := run(t, seed, program(seed)); msg != "" {
			p, msg := shrink(t, seed, program(seed), msg)
			t.Fatalf("seed %d: %s\n%v", seed, msg, p)
		}
	}
}

// program returns the program of a seed.
func program(seed uint64) model.Program {
	for rnd := rand.New(rand.NewPCG(seed, 0)); ; {
		if p := model.Random(rnd); planned(p) {
			return p
		}
	}
}

// planned reports whether a program has a plan. Random ones may have a stage that would wait
// for itself.
func planned(p model.Program) bool {
	_, err := p.Build().Pipeline().Plan(scheduler.Metadata{Partitions: map[string]int32{"a": 1, "b": 1}}, scheduler.Options{Partitions: 1})
	return err == nil
}

// shrink leaves out nodes while the program still fails.
func shrink(t *testing.T, seed uint64, p model.Program, msg string) (model.Program, string) {
	for node := len(p.Nodes) - 1; node >= 0; node-- {
		if smaller, ok := p.Without(node); ok && planned(smaller) {
			if m := run(t, seed, smaller); m != "" {
				p, msg = smaller, m
			}
		}
	}
	return p, msg
}

// run runs a program on the records of a seed, and returns what is wrong with its results.
func run(t *testing.T, seed uint64, p model.Program) (msg string) {
	ok := t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		inputs := model.RandomInputs(rnd)
		x := apitest.New(t, p.Build(), apitest.Options{Partitions: 1 + rnd.Int32N(4), Containers: 1 + rnd.IntN(3)})
		send(x, rnd, p, inputs)
		got := make(map[int][]model.Out)
		x.End()
		for _, node := range p.Leaves() {
			got[node] = x.Output[model.Out](model.Name(node))
		}
		msg = compare(p, p.Interpret(&model.Context{Inputs: inputs}), got)
	})
	if !ok {
		msg = "the job failed"
	}
	return msg
}

// send sends the records of the inputs, with crashes and restarts between them.
func send(x *apitest.Test, rnd *rand.Rand, p model.Program, inputs map[string][]model.Item) {
	next := make(map[string]int)
	for {
		var open []string
		for _, n := range p.Nodes {
			if in, ok := n.Op.(model.Input); ok && next[in.Topic] < len(inputs[in.Topic]) {
				open = append(open, in.Topic)
			}
		}
		if len(open) == 0 {
			return
		}
		topic := open[rnd.IntN(len(open))]
		i := inputs[topic][next[topic]]
		next[topic]++
		x.SendKeyed(topic, i.Key, i.Rec)
		switch rnd.IntN(30) {
		case 0:
			x.Restart()
		case 1:
			x.Wait(0)
		}
	}
}

// compare returns the differences of the results, node by node.
func compare(p model.Program, want [][]model.Item, got map[int][]model.Out) string {
	var b strings.Builder
	for _, node := range p.Leaves() {
		missing := make(map[model.Out]bool)
		for _, i := range want[node] {
			out := model.Out{Key: i.Key, Rec: i.Rec}
			missing[out] = true
		}
		for _, out := range got[node] {
			if !missing[out] {
				fmt.Fprintf(&b, "%s has %+v, which is wrong or doubled\n", model.Name(node), out)
			}
			delete(missing, out)
		}
		for out := range missing {
			fmt.Fprintf(&b, "%s misses %+v\n", model.Name(node), out)
		}
	}
	return b.String()
}
