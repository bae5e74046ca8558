package container_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/stream"
	streammemory "github.com/gretestream/grete/stream/memory"
)

// A mortal is a container that is killed again and again, with all that it needs.
type mortal struct {
	*tally
	log     *looseLog
	disk    *disk
	now     time.Time
	cfg     container.Config
	running *container.Container // nil while there is none

	crashes, stops int
}

func newMortal(t *testing.T, seed uint64, atLeastOnce bool) *mortal {
	log := &looseLog{System: streammemory.New(), rnd: rand.New(rand.NewPCG(seed, 1))}
	log.Remote = seed%3 == 0
	m := &mortal{tally: &tally{t: t, sys: log.System, input: make(map[int32][]string), once: !atLeastOnce}, log: log, disk: newDisk(log), now: time.Unix(0, 0)}
	createTallyTopics(t, log.Admin())
	m.cfg = container.Config{
		App: "app", Stage: tallyStage(), Tasks: []int32{0, 1}, Program: m.tally, System: log, Engine: m.disk,
		AtLeastOnce: atLeastOnce, Now: func() time.Time { return m.now },
	}
	if seed%2 == 0 {
		m.cfg.Memory = 16 << 10 // a restore is written in many pieces, and each of them may be the last
	}
	return m
}

// survive tells whether an action was survived; else the container is gone.
func (m *mortal) survive(err error) bool {
	m.t.Helper()
	if err == nil {
		return true
	}
	if !errors.Is(err, errCrash) {
		m.t.Fatal(err)
	}
	m.kill()
	return false
}

func (m *mortal) kill() {
	if m.running != nil {
		_ = m.running.Close() // a killed one doesn't care
	}
	m.running = nil
	m.crashes++
}

// act does one thing at random.
func (m *mortal) act() {
	m.now = m.now.Add(time.Duration(m.log.rnd.IntN(5000)) * time.Millisecond)
	switch n := m.log.rnd.IntN(20); {
	case n < 6:
		m.send(1 + m.log.rnd.IntN(30))
	case n < 7 && m.running != nil:
		m.kill()
	case n < 8 && m.running != nil:
		err := m.running.Stop(context.Background())
		if failed := (*kv.DatabaseError)(nil); errors.As(err, &failed) {
			m.kill() // that the state was bad is left to the next start
		} else if m.survive(err) {
			m.running = nil
			m.stops++
		}
	case n < 9 && m.running == nil:
		clear(m.disk.dbs)
	case n < 10:
		m.disk.rot()
	case m.running == nil:
		m.open()
	default:
		_, err := m.running.Step(context.Background())
		m.survive(err)
	}
}

func (m *mortal) open() {
	m.t.Helper()
	c, err := container.Open(context.Background(), m.cfg)
	if m.survive(err) {
		m.running = c
	}
}

func (m *mortal) send(n int) {
	partition := int32(m.log.rnd.IntN(2))
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("k%d", m.log.rnd.IntN(9))
	}
	m.sendTo(partition, keys...)
}

func (m *mortal) sendTo(partition int32, keys ...string) {
	m.t.Helper()
	var records []stream.Record
	for _, key := range keys {
		records = append(records, stream.Record{Key: []byte(key), Value: strconv.AppendInt(nil, int64(len(m.input[partition])), 10)})
		m.input[partition] = append(m.input[partition], key)
	}
	put(m.t, m.sys, stream.TopicPartition{Topic: "in", Partition: partition}, records...)
}

// finish lets everything be processed, and looks at what is there at the end.
func (m *mortal) finish() {
	m.log.crash = 0
	clear(m.disk.rotten)
	for range 2 {
		if m.running == nil {
			m.open()
		}
		for quiet := 0; quiet < 3; quiet++ { // what is seen late only, too
			m.now = m.now.Add(time.Second)
			w, err := m.running.Step(context.Background())
			must(m.t, err)
			if w.Until.IsZero() || w.Uncommitted {
				quiet = 0
			}
		}
		must(m.t, m.running.Stop(context.Background()))
		m.running = nil
		for partition, keys := range m.input {
			m.checkOutput(partition, int64(len(keys)))
		}
		clear(m.disk.dbs) // and once more, from the changelogs alone
	}
}

// Whatever is lost and whatever is not, at whatever moment: the state is as of a
// record, in all stores, what that record and all before it have put out is there,
// and what is put out again is the same.
func TestAtLeastOnce_RandomFailures(t *testing.T) { surviveEverything(t, true) }

// And with transactions nothing is put out twice.
func TestExactlyOnce_RandomFailures(t *testing.T) { surviveEverything(t, false) }

func surviveEverything(t *testing.T, atLeastOnce bool) {
	crashes, stops, healed := 0, 0, 0
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			m := newMortal(t, seed, atLeastOnce)
			m.skips = seed%4 == 1 // no record deserves it
			for range 150 {
				m.log.crash = []float64{0, 0.02, 0.2}[m.log.rnd.IntN(3)]
				m.act()
			}
			m.finish()
			crashes, stops, healed = crashes+m.crashes, stops+m.stops, healed+m.disk.healed
		})
		if t.Failed() {
			return
		}
	}
	t.Logf("%d crashes, %d stops, %d corrupt databases", crashes, stops, healed)
	if crashes < 500 || stops < 50 || healed < 100 {
		t.Errorf("only %d crashes, %d stops and %d corrupt databases", crashes, stops, healed)
	}
}
