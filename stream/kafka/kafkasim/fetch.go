package kafkasim

import (
	"slices"
	"time"

	"github.com/gretestream/grete/stream/kafka/internal/wire"
	"github.com/gretestream/grete/stream/kafka/kafkasim/internal/errcode"
)

// A heldFetch is a fetch from its arrival to its answer.
type heldFetch struct {
	c          *Cluster
	node       int32
	life       int      // of the broker
	session    *session // nil: none, or a new one
	begins     bool     // the request asks for a session
	epoch      int32    // of the request
	minBytes   int
	maxBytes   int
	partitions []*following

	code    int16
	told    int32 // the session's id
	fetched []fetched
}

// A fetched is a partition's part of an answer: slices of the log.
type fetched struct {
	wire.FetchedPartition
	batches [][]byte // the last one may be cut short
	size    int
}

func (c *Cluster) fetch(now time.Time, node int32, f *wire.Fetch) *Reply {
	h := &heldFetch{c: c, node: node, life: c.nodes[node-1].life, epoch: f.Epoch, minBytes: int(f.MinBytes), maxBytes: int(f.MaxBytes)}
	r := &Reply{fetch: h}
	if h.code = h.enter(&c.nodes[node-1], f); h.code != 0 {
		return r
	}
	if !h.answer(f.MaxWait <= 0 || len(h.partitions) == 0 || h.failed()) {
		r.Until = now.Add(time.Duration(f.MaxWait) * time.Millisecond)
	}
	return r
}

// enter sets the session and the partitions.
func (h *heldFetch) enter(b *broker, f *wire.Fetch) int16 {
	if f.Epoch <= 0 {
		if f.Session != 0 {
			b.close(f.Session)
		}
		h.begins = f.Epoch == 0
		h.alone(f)
		return 0
	}
	s := b.session(f.Session)
	switch {
	case s == nil:
		return errcode.FetchSessionNotFound
	case s.epoch != f.Epoch:
		return errcode.FetchSessionEpoch
	}
	s.update(f)
	if len(s.partitions) == 0 {
		b.close(s.id)
		h.alone(f)
		return 0
	}
	s.epoch = next(s.epoch)
	h.session, h.partitions = s, slices.Clone(s.partitions) // answers reorder the session's
	return 0
}

// alone sets the partitions of a request without a session.
func (h *heldFetch) alone(f *wire.Fetch) {
	all := make([]following, len(f.Partitions))
	h.partitions = make([]*following, len(all))
	for i := range all {
		all[i] = following{f.Partitions[i], -1, -1}
		h.partitions[i] = &all[i]
	}
}

// failed reports whether a partition has an error, so that the fetch isn't held.
func (h *heldFetch) failed() bool {
	return slices.ContainsFunc(h.partitions, func(o *following) bool {
		_, failed := h.c.readable(h.node, &o.FetchPartition)
		return failed != 0
	})
}

// readable returns a partition that can be read, or why it can't.
func (c *Cluster) readable(node int32, f *wire.FetchPartition) (*partition, int16) {
	p, failed := c.atEpoch(node, f.TopicPartition, f.LeaderEpoch)
	if failed == 0 && (f.Offset < p.log.Start() || f.Offset > p.log.End()) {
		return nil, errcode.OffsetOutOfRange
	}
	return p, failed
}

// answer answers if there are enough bytes, or if time is over.
func (h *heldFetch) answer(over bool) bool {
	b := &h.c.nodes[h.node-1]
	if !b.alive || b.life != h.life {
		return false
	}
	if !over && !h.enough() {
		return false
	}
	if h.session != nil && h.session.epoch != next(h.epoch) {
		h.code, h.told = errcode.FetchSessionEpoch, h.session.id // the client has sent the next request
		return true
	}
	h.read()
	switch {
	case h.session != nil:
		h.told = h.session.id
		h.incremental()
	case h.begins:
		for i, o := range h.partitions {
			o.tell(&h.fetched[i])
		}
		h.told = b.open(h.partitions)
	}
	return true
}

// enough is Kafka's DelayedFetch: it reports whether the client gets as many bytes as it
// wants, or an error.
func (h *heldFetch) enough() bool {
	size := 0
	for _, o := range h.partitions {
		p, failed := h.c.readable(h.node, &o.FetchPartition)
		if failed != 0 || o.Offset > p.log.Stable() {
			return true
		}
		size += p.log.Readable(o.Offset, int(o.MaxBytes))
	}
	return size >= h.minBytes
}

// read is Kafka's ReplicaManager.readFromLog: within the limits of the request and of each
// partition, except that a first batch is returned whole.
func (h *heldFetch) read() {
	left, first := h.maxBytes, true
	h.fetched = make([]fetched, len(h.partitions))
	for i, o := range h.partitions {
		out := &h.fetched[i]
		p, failed := h.c.readable(h.node, &o.FetchPartition)
		out.FetchedPartition = wire.FetchedPartition{TopicPartition: o.TopicPartition, Code: failed, StableEnd: -1, FetchedEnd: -1, Start: -1}
		if failed != 0 {
			continue
		}
		out.StableEnd, out.FetchedEnd, out.Start = p.log.Stable(), p.log.End(), p.log.Start()
		out.batches, out.size = p.log.Read(o.Offset, min(left, int(o.MaxBytes)), first)
		if out.size > 0 {
			out.Aborted = p.log.AbortedFrom(o.Offset)
			left, first = max(left-out.size, 0), false
		}
	}
}

// incremental leaves out partitions without news. Partitions with data move to the end, so
// that each has its turn.
func (h *heldFetch) incremental() {
	s := h.session
	kept := h.fetched[:0]
	for i, o := range h.partitions {
		out := h.fetched[i]
		if !o.tell(&out) {
			continue
		}
		kept = append(kept, out)
		if at := slices.Index(s.partitions, o); out.size > 0 && at >= 0 {
			s.partitions = append(slices.Delete(s.partitions, at, at+1), o)
		}
	}
	h.fetched = kept
}

// deliver sets the answer as wire's decoder does.
func (h *heldFetch) deliver(f *wire.Fetch) {
	a := &f.Answer
	a.Throttle, a.Code, a.Session = 0, h.code, h.told
	a.Partitions = a.Partitions[:0]
	for i := range h.fetched {
		out := h.fetched[i].FetchedPartition
		if size := h.fetched[i].size; size > 0 {
			out.Records = f.Take(size)[:size]
			at := 0
			for _, b := range h.fetched[i].batches {
				at += copy(out.Records[at:], b)
			}
		}
		out.Aborted = slices.Clone(out.Aborted)
		a.Partitions = append(a.Partitions, out)
	}
}
