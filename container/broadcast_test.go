package container_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/container/reset"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/memory"
)

// ruled is a program whose tasks write each record that they take to their own partition of
// the output: "rules 2 7" is the value 7 of partition 2. Task 1 fails at the rule bad after
// it has written it.
type ruled struct {
	bad   string
	marks map[string]int64 // watermark by task, topic and partition
}

func (*ruled) Open(context.Context, *scheduler.Stage) (loop.Resources, error) {
	return noResources{}, nil
}

func (p *ruled) NewLogic(stage *scheduler.Stage, task *loop.Task) (loop.Logic, error) {
	out, err := task.Output(1)
	return &ruledLogic{copierLogic{tallyLogic{task: task, out: out}, &copier{}, nil}, p, stage}, err
}

type ruledLogic struct {
	copierLogic
	program *ruled
	stage   *scheduler.Stage
}

func (l *ruledLogic) Source(input int, partition int32) loop.Source {
	return &ruledSource{ruledLogic: l, topic: l.stage.Inputs[input].Topic, partition: partition}
}

type ruledSource struct {
	*ruledLogic
	topic     string
	partition int32
	record    *stream.Record
}

func (s *ruledSource) Skips() bool { return true }

func (s *ruledSource) Load(r *stream.Record) (int64, error) {
	s.record = r
	return r.Time, nil
}

func (s *ruledSource) SetWatermark(ms int64) {
	if s.program.marks != nil {
		s.program.marks[fmt.Sprintf("%d %s %d", s.task.ID, s.topic, s.partition)] = ms
	}
}

func (s *ruledSource) Process() error {
	err := s.out.Send(s.task.ID, &stream.Record{Value: fmt.Appendf(nil, "%s %d %s", s.topic, s.partition, s.record.Value)})
	if s.task.ID == 1 && string(s.record.Value) == s.program.bad {
		return errors.Join(err, errors.New("bad rule"))
	}
	return err
}

const rulePartitions = 3

// newRuled is a stage of two tasks, which read the partitions of the topic views, and all
// three of the topic rules.
func newRuled(t *testing.T) (*copying, *ruled) {
	c, p := newCopying(t, memory.New()), &ruled{}
	for _, cfg := range []stream.TopicConfig{
		{Name: "views", Partitions: 2}, {Name: "rules", Partitions: rulePartitions}, {Name: "ruled", Partitions: 2},
		{Name: "ruled-meta", Partitions: 2, Cleanup: stream.CleanupCompact},
	} {
		must(t, c.sys.Admin().CreateTopic(context.Background(), cfg))
	}
	c.cfg.Program, c.cfg.Tasks = p, []int32{0, 1}
	c.cfg.Stage = &scheduler.Stage{
		Name: "views", Group: "app-views", Tasks: 2, Containers: 1, MetaTopic: "ruled-meta", Outputs: []scheduler.Output{{Topic: "ruled", Node: 1}},
		Inputs: []scheduler.Input{{Topic: "views", Partitions: 2}, {Topic: "rules", Partitions: rulePartitions, Delivery: scheduler.DeliverBroadcast}},
	}
	return c, p
}

func (c *copying) putIn(topic string, partition int32, values ...int64) {
	c.t.Helper()
	var records []stream.Record
	for _, v := range values {
		records = append(records, stream.Record{Time: v, Value: strconv.AppendInt(nil, v, 10)})
	}
	put(c.t, c.sys, stream.TopicPartition{Topic: topic, Partition: partition}, records...)
}

// ruledBy returns what a task has taken, by topic and partition.
func (c *copying) ruledBy(task int32) map[string][]string {
	c.t.Helper()
	taken := make(map[string][]string)
	for _, r := range recordsOf(c.t, c.sys, stream.TopicPartition{Topic: "ruled", Partition: task}) {
		i := strings.LastIndex(string(r.Value), " ")
		taken[string(r.Value[:i])] = append(taken[string(r.Value[:i])], string(r.Value[i+1:]))
	}
	return taken
}

func (c *copying) wantRuled(task int32, from string, want ...string) {
	c.t.Helper()
	if got := c.ruledBy(task)[from]; !slices.Equal(got, want) {
		c.t.Errorf("task %d took %v from %s, want %v", task, got, from, want)
	}
}

func TestBroadcast_EachTaskReadsAllPartitions(t *testing.T) {
	c, _ := newRuled(t)
	c.putIn("views", 0, 1, 2)
	c.putIn("views", 1, 3)
	c.putIn("rules", 0, 10)
	c.putIn("rules", 2, 11, 12)
	c.reopen()
	must(t, c.settle())
	for task := range int32(2) {
		c.wantRuled(task, "rules 0", "10")
		c.wantRuled(task, "rules 1")
		c.wantRuled(task, "rules 2", "11", "12")
	}
	c.wantRuled(0, "views 0", "1", "2")
	c.wantRuled(1, "views 1", "3")
	c.wantRuled(0, "views 1")
}

// Positions are the task's own: a task that is opened later reads from the start, beside one
// that has read it all.
func TestBroadcast_TasksHavePositionsOfTheirOwn(t *testing.T) {
	c, _ := newRuled(t)
	c.putIn("rules", 1, 1, 2, 3)
	c.cfg.Tasks = []int32{0}
	c.reopen()
	must(t, c.settle())
	c.cfg.Tasks = []int32{0, 1}
	c.reopen()
	c.putIn("rules", 1, 4)
	must(t, c.settle())
	for task := range int32(2) {
		c.wantRuled(task, "rules 1", "1", "2", "3", "4")
	}
}

// Crashes, and moves of tasks between two containers, at random: each task takes each record
// once and in order.
func TestBroadcast_IsExactAfterCrashes(t *testing.T) {
	for seed := range uint64(30) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		c, _ := newRuled(t)
		next := int64(0)
		for range 20 {
			for range rnd.IntN(4) {
				topic, partition := "rules", rnd.Int32N(rulePartitions)
				if rnd.IntN(2) == 0 {
					topic, partition = "views", rnd.Int32N(2)
				}
				for range 1 + rnd.IntN(3) {
					next++
					c.putIn(topic, partition, next)
				}
			}
			c.cfg.Tasks = [][]int32{{0}, {1}, {0, 1}}[rnd.IntN(3)]
			c.reopen()
			for range rnd.IntN(6) { // some of them commit
				c.now = c.now.Add(time.Duration(rnd.IntN(400)) * time.Millisecond)
				c.step()
			}
		}
		c.cfg.Tasks = []int32{0, 1}
		c.reopen()
		must(t, c.settle())
		for task := range int32(2) {
			for p := range int32(rulePartitions) {
				c.wantRuled(task, fmt.Sprint("rules ", p), c.valuesIn("rules", p)...)
			}
			c.wantRuled(task, fmt.Sprint("views ", task), c.valuesIn("views", task)...)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func (c *copying) valuesIn(topic string, partition int32) (values []string) {
	for _, r := range recordsOf(c.t, c.sys, stream.TopicPartition{Topic: topic, Partition: partition}) {
		values = append(values, string(r.Value))
	}
	return values
}

// A record that one task skips, after it has undone it, isn't skipped by the others.
func TestBroadcast_SkipIsOfOneTask(t *testing.T) {
	c, p := newRuled(t)
	p.bad = "2"
	c.putIn("rules", 0, 1, 2, 3)
	c.reopen()
	must(t, c.settle())
	c.wantRuled(0, "rules 0", "1", "2", "3")
	c.wantRuled(1, "rules 0", "1", "3")
}

// An input partition that is broadcast holds the watermark of each task back, by its own.
func TestBroadcast_HasAWatermarkForEachPartition(t *testing.T) {
	c, p := newRuled(t)
	p.marks = make(map[string]int64)
	c.reopen()
	c.putIn("rules", 0, 5)
	c.putIn("rules", 1, 9)
	for range 4 {
		c.now = c.now.Add(time.Second)
		c.step()
	}
	for mark, want := range map[string]int64{"0 rules 0": 5, "1 rules 0": 5, "0 rules 1": 9, "1 rules 1": 9, "1 rules 2": stream.NoTime} {
		if p.marks[mark] != want {
			t.Errorf("the watermark of %s is %d, want %d", mark, p.marks[mark], want)
		}
	}
}

func TestBroadcast_OfABoundedRun(t *testing.T) {
	c, _ := newRuled(t)
	c.putIn("rules", 0, 1, 2, 3)
	c.putIn("views", 0, 4)
	c.cfg.Run = 1
	c.cfg.Bounds = map[stream.TopicPartition]int64{
		{Topic: "rules"}: 2, {Topic: "rules", Partition: 1}: 0, {Topic: "rules", Partition: 2}: 0,
		{Topic: "views"}: 1, {Topic: "views", Partition: 1}: 0,
	}
	c.reopen()
	must(t, c.settle())
	if !c.step().Done {
		t.Error("the run hasn't ended")
	}
	for task := range int32(2) {
		c.wantRuled(task, "rules 0", "1", "2")
	}
}

func TestBroadcast_IsHeld(t *testing.T) {
	c, _ := newRuled(t)
	c.cfg.Hold = &membership.Hold{}
	c.putIn("rules", 0, 1)
	c.reopen()
	c.step()
	c.step() // has a chunk
	c.cfg.Hold.Until(c.now.Add(time.Hour))
	c.putIn("rules", 0, 2)
	for range 5 {
		c.now = c.now.Add(time.Second)
		c.step()
	}
	for task := range int32(2) {
		if got := c.ruledBy(task)["rules 0"]; slices.Contains(got, "2") {
			t.Errorf("task %d has read %v while the inputs were held", task, got)
		}
	}
	c.now = c.now.Add(2 * time.Hour)
	must(t, c.settle())
	for task := range int32(2) {
		c.wantRuled(task, "rules 0", "1", "2")
	}
}

// A bootstrap of a broadcast input is each task's own.
func TestBroadcast_IsBootstrapped(t *testing.T) {
	c, _ := newRuled(t)
	c.cfg.Stage.Inputs[1].Bootstrap = true
	c.putIn("views", 0, 1)
	c.putIn("views", 1, 2)
	c.putIn("rules", 0, 100, 200)
	c.putIn("rules", 1, 300)
	c.reopen()
	must(t, c.settle())
	for task := range int32(2) {
		records := recordsOf(t, c.sys, stream.TopicPartition{Topic: "ruled", Partition: task})
		if n := len(records); n != 4 || !strings.HasPrefix(string(records[3].Value), "views") {
			t.Errorf("task %d: the rules don't come first: %v", task, c.ruledBy(task))
		}
	}
}

// Of a broadcast input alone, the group has the offsets of the stage's only task.
func TestBroadcast_AloneCommitsItsOffsets(t *testing.T) {
	c, _ := newRuled(t)
	c.cfg.Stage.Inputs = c.cfg.Stage.Inputs[1:]
	c.cfg.Stage.Tasks, c.cfg.Tasks = 1, []int32{0}
	c.putIn("rules", 2, 1, 2)
	c.reopen()
	must(t, c.settle())
	offsets, err := c.sys.Admin().Committed(context.Background(), "app-views", stream.TopicPartition{Topic: "rules", Partition: 2})
	must(t, err)
	if offsets[0] != 2 {
		t.Errorf("the group's offset is %d", offsets[0])
	}
	c.setGroupOffset("rules", 2, 1)
	if _, err := container.Open(context.Background(), c.cfg); err == nil || !strings.Contains(err.Error(), "was changed from outside") {
		t.Errorf("got %v", err)
	}
}

// setGroupOffset moves an offset of the group, as another client would.
func (c *copying) setGroupOffset(topic string, partition int32, offset int64) {
	c.t.Helper()
	p, err := c.sys.OpenProducer(context.Background(), stream.ProducerConfig{})
	must(c.t, err)
	_, err = p.Commit(context.Background(), stream.GroupOffsets{Group: c.cfg.Stage.Group, Positions: []stream.Position{{TopicPartition: stream.TopicPartition{Topic: topic, Partition: partition}, Offset: offset}}})
	must(c.t, err)
	must(c.t, p.Close())
}

// A reset reads a broadcast input again in all tasks. Inputs that aren't reset keep the
// position of each task.
func TestBroadcast_IsReset(t *testing.T) {
	c, _ := newRuled(t)
	c.putIn("rules", 0, 1, 2)
	c.cfg.Tasks = []int32{0}
	c.reopen()
	must(t, c.settle())
	c.putIn("rules", 0, 3)
	c.cfg.Tasks = []int32{1}
	c.reopen()
	must(t, c.settle())
	must(t, c.Close())
	c.Container = nil
	must(t, runReset(c.sys, c.cfg, reset.Target{KeepState: true}))
	c.cfg.Tasks = []int32{0, 1}
	c.reopen()
	must(t, c.settle())
	for task := range int32(2) {
		c.wantRuled(task, "rules 0", "1", "2", "3")
	}
	must(t, c.Close())
	c.Container = nil
	must(t, runReset(c.sys, c.cfg, start(0)))
	c.reopen()
	must(t, c.settle())
	for task := range int32(2) {
		c.wantRuled(task, "rules 0", "1", "2", "3", "1", "2", "3")
	}
}
