package streamtest

import (
	"maps"
	"slices"

	"github.com/gretestream/grete/stream"
	"pgregory.net/rapid"
)

// machine does random operations on a system and on a model of it: a topic with a few
// partitions, one producer and one reader.
type machine struct {
	f     *fixture
	topic string
	parts []stream.TopicPartition
	group string
	p     *producer
	r     *reader

	start   []int64
	kept    [][]string // values of each partition from offset 0 on, including deleted ones
	pending [][]string
	offset  int64 // the group's offset of partition 0
	sent    int
}

const modelPartitions = 3

func newMachine(f *fixture) *machine {
	topic := f.topic(modelPartitions)
	m := &machine{
		f: f, topic: topic, parts: allOf(topic, modelPartitions), group: newName(),
		start:   make([]int64, modelPartitions),
		kept:    make([][]string, modelPartitions),
		pending: make([][]string, modelPartitions),
		offset:  -1,
	}
	m.open()
	return m
}

// open opens a new producer and a new reader.
func (m *machine) open() {
	m.p, m.r = m.f.producer(m.group), m.f.reader(64<<10)
	for i, part := range m.parts {
		m.r.assign(part, m.start[i])
	}
	m.forget()
}

func (m *machine) close() {
	m.f.must(m.p.Close())
	m.f.must(m.r.Close())
}

func (m *machine) forget() {
	for i := range m.pending {
		m.pending[i] = nil
	}
}

func (m *machine) send(t *rapid.T) {
	i := rapid.IntRange(0, modelPartitions-1).Draw(t, "partition")
	for range rapid.SampledFrom([]int{1, 1, 2, 10, 700}).Draw(t, "records") {
		r := value("%d %0*d", m.sent, m.sent%90, 0)
		m.sent++
		m.p.send(m.topic, int32(i), r)
		m.pending[i] = append(m.pending[i], string(r.Value))
	}
}

func (m *machine) commit(t *rapid.T) {
	offsets := stream.GroupOffsets{}
	if rapid.Bool().Draw(t, "offsets") {
		m.offset = int64(m.sent)
		offsets = stream.GroupOffsets{Group: m.group, Positions: []stream.Position{{TopicPartition: m.parts[0], Offset: m.offset}}}
	}
	got, err := m.p.Commit(m.f.ctx, offsets)
	m.f.must(err)
	want := make(map[stream.TopicPartition]int64)
	for i, part := range m.parts {
		if len(m.pending[i]) > 0 {
			m.kept[i] = append(m.kept[i], m.pending[i]...)
			want[part] = int64(len(m.kept[i]))
		}
	}
	m.forget()
	ends := make(map[stream.TopicPartition]int64)
	for _, pos := range got {
		ends[pos.TopicPartition] = pos.Offset
	}
	if !maps.Equal(ends, want) {
		t.Fatalf("Commit returns %v, want %v", ends, want)
	}
}

func (m *machine) abort(*rapid.T) {
	m.f.must(m.p.Abort(m.f.ctx))
	m.forget()
}

// replace fences the producer by a new one.
func (m *machine) replace(t *rapid.T) {
	old := m.p
	m.p = m.f.producer(m.group)
	m.forget()
	if _, err := old.Commit(m.f.ctx, stream.GroupOffsets{}); err == nil {
		t.Fatal("a fenced producer can commit")
	}
	m.f.must(old.Close())
}

func (m *machine) delete(t *rapid.T) {
	i := rapid.IntRange(0, modelPartitions-1).Draw(t, "partition")
	to := rapid.Int64Range(0, int64(len(m.kept[i]))).Draw(t, "offset")
	m.f.must(m.f.sys.Admin().DeleteRecords(m.f.ctx, stream.Position{TopicPartition: m.parts[i], Offset: to}))
	m.start[i] = max(m.start[i], to)
	if m.r.next[m.parts[i]] < m.start[i] {
		m.r.assign(m.parts[i], m.start[i])
	}
}

func (m *machine) seek(t *rapid.T) {
	i := rapid.IntRange(0, modelPartitions-1).Draw(t, "partition")
	m.r.assign(m.parts[i], rapid.Int64Range(m.start[i], int64(len(m.kept[i]))).Draw(t, "offset"))
}

// poll compares chunks with the model, and releases some of them.
func (m *machine) poll(t *rapid.T) {
	for _, c := range m.r.poll() {
		i := c.Partition
		for _, rec := range c.Records {
			if rec.Offset >= int64(len(m.kept[i])) || string(rec.Value) != m.kept[i][rec.Offset] {
				t.Fatalf("%s: offset %d has %q, of %d records", c.TopicPartition, rec.Offset, rec.Value, len(m.kept[i]))
			}
		}
		if int64(len(c.Records)) != c.Next-c.Records[0].Offset {
			t.Fatalf("%s: %d records from %d to %d", c.TopicPartition, len(c.Records), c.Records[0].Offset, c.Next)
		}
	}
	for _, part := range m.parts {
		if rapid.Bool().Draw(t, "release") {
			m.r.release(part)
		}
	}
}

// check compares starts, ends and offsets with the model.
func (m *machine) check(t *rapid.T) {
	ends := make([]int64, modelPartitions)
	for i := range ends {
		ends[i] = int64(len(m.kept[i]))
	}
	if got := m.f.ends(m.parts...); !slices.Equal(got, ends) {
		t.Fatalf("the partitions end at %v, want %v", got, ends)
	}
	if got := m.f.starts(m.parts...); !slices.Equal(got, m.start) {
		t.Fatalf("the partitions start at %v, want %v", got, m.start)
	}
	if got := m.f.committed(m.group, m.parts[0])[0]; got != m.offset {
		t.Fatalf("the group's offset is %d, want %d", got, m.offset)
	}
}

// readAll reads all records with a new reader and compares them with the model.
func (m *machine) readAll(t *rapid.T) {
	r := m.f.reader(0)
	for i, part := range m.parts {
		r.assign(part, m.start[i])
	}
	r.toEnds()
	for i, part := range m.parts {
		if got, want := r.values(part), m.kept[i][m.start[i]:]; !slices.Equal(got, want) {
			t.Fatalf("%s has %d records, want %d", part, len(got), len(want))
		}
	}
	m.f.must(r.Close())
}

func (m *machine) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"send": m.send, "commit": m.commit, "abort": m.abort, "replace": m.replace,
		"delete": m.delete, "seek": m.seek, "poll": m.poll, "": m.check,
	}
}

func model(f *fixture) {
	rapid.Check(f.T, func(t *rapid.T) {
		m := newMachine(f)
		t.Repeat(m.actions())
		m.readAll(t)
		m.close()
	})
}
