package fetch

import (
	"cmp"
	"slices"
	"time"
)

// A fetcher requests the partitions that one broker leads. It has two sessions, so that a
// long poll never holds up partitions that have records: the patient session is for
// partitions at their end, the eager one for all others, and for those that become ready
// while the patient one has a request in flight. It is guarded by Consumer.mu.
type fetcher struct {
	consumer    *Consumer
	node        int32
	cursors     []*cursor // in the order of compare
	patient     session
	eager       session
	order       []*cursor // scratch space of afford
	wanted      bool      // other partitions lag, and will need the eager session
	unreachable bool
}

const (
	// patientWait is how long a broker may delay an answer without records.
	patientWait = 500 * time.Millisecond
	// eagerWait is the same in the eager session, which other partitions may need.
	eagerWait = 20 * time.Millisecond
	// busyWait is the same if other partitions are known to need it.
	busyWait = 5 * time.Millisecond
	// soon is how long a partition at its end waits for the patient session instead of
	// using the eager one.
	soon = 3 * time.Millisecond
)

func newFetcher(c *Consumer, node int32) *fetcher {
	f := &fetcher{consumer: c, node: node}
	f.patient.fetcher, f.eager.fetcher = f, f
	return f
}

// startNext sends the next request of a session, if there is memory for it.
func (f *fetcher) startNext(s *session, now time.Time) {
	switch {
	case s.inFlight != nil || len(s.picked) == 0:
	case s == &f.eager:
		f.startEager()
	default:
		f.startPatient(now)
	}
}

func (f *fetcher) add(r *cursor) {
	i, _ := f.find(r)
	f.cursors = slices.Insert(f.cursors, i, r)
	r.fetcher = f
}

func (f *fetcher) remove(r *cursor) {
	if i, ok := f.find(r); ok {
		f.cursors = slices.Delete(f.cursors, i, i+1)
	}
	r.fetcher = nil
}

func (f *fetcher) find(r *cursor) (int, bool) {
	return slices.BinarySearchFunc(f.cursors, r, func(a, b *cursor) int { return compare(a.TopicPartition, b.TopicPartition) })
}

// pick assigns partitions to the sessions that may send a request.
func (f *fetcher) pick(now time.Time) {
	if f.patient.inFlight != nil && f.eager.inFlight != nil {
		return
	}
	f.patient.picked, f.eager.picked, f.wanted = f.patient.picked[:0], f.eager.picked[:0], false
	free, back := f.patient.inFlight == nil, f.patient.deadline.Sub(now)
	for _, r := range f.cursors {
		switch {
		case !r.ready():
			f.wanted = f.wanted || r.n == len(r.blocks) && !r.atEnd()
		case !r.atEnd():
			f.eager.picked = append(f.eager.picked, r)
		case free:
			f.patient.picked = append(f.patient.picked, r)
		case back > soon:
			f.eager.picked = append(f.eager.picked, r)
		}
	}
}

// startPatient uses memory that is set aside for it, so that long polls hold up nothing
// else. Where that is less than a single batch, it reserves other memory, too; if that
// leaves none for other requests, the poll is a short one.
func (f *fetcher) startPatient(now time.Time) {
	c := f.consumer
	s := &f.patient
	part := max(c.budget.aside/int64(len(c.fetchers)), minQuota)
	room := min(part, c.budget.room()+c.budget.aside, c.budget.quotas(s.picked))
	if room < minQuota {
		return
	}
	wait := patientWait
	if f.eager.inFlight != nil && f.eager.idle && f.eager.empty {
		// The partitions of the eager session are at their ends, too, and move here soon.
		wait = max(f.eager.deadline.Sub(now), 0) + soon
	}
	reserved := int64(0)
	for _, r := range s.picked {
		reserved = max(reserved, c.budget.expected(r)-c.budget.aside)
	}
	if reserved > 0 && c.budget.room()-reserved < minQuota {
		wait = min(wait, c.shortWait())
	}
	s.start(room, reserved, wait)
}

// shortWait is how long a poll without records may keep others waiting for memory.
func (c *Consumer) shortWait() time.Duration {
	if slices.ContainsFunc(c.assigned, func(r *cursor) bool { return r.state == healthy && r.n == 0 && !r.atEnd() }) {
		return busyWait
	}
	return eagerWait
}

func (f *fetcher) startEager() {
	room := f.afford()
	if len(f.eager.picked) == 0 {
		return
	}
	wait := eagerWait
	if f.wanted {
		wait = busyWait
	}
	// A buffer may be a quarter larger than its contents.
	reserved := room + room/4
	for _, r := range f.eager.picked {
		reserved = max(reserved, f.consumer.budget.expected(r))
	}
	f.eager.start(room, reserved, wait)
}

// afford keeps the partitions of the eager session for which there is memory, and returns
// how much. Partitions without any block come first and get as much as there is; the
// others get their share at most. Within each group, the partition goes first that has
// waited longest for records. A partition whose request brought nothing because others
// used up the answer keeps its place: it becomes the first of a request, which brings a
// batch of any size.
func (f *fetcher) afford() int64 {
	c, all := f.consumer, f.eager.picked
	room := c.budget.room()
	if need := c.budget.quotas(all); need <= room {
		return need
	}
	room = min(room, c.budget.pool.max/int64(len(c.fetchers))) // or one broker would starve another
	f.order = append(f.order[:0], all...)
	slices.SortStableFunc(f.order, func(a, b *cursor) int { return cmp.Or(cmp.Compare(a.n, b.n), cmp.Compare(a.served, b.served)) })
	left := room
	for _, r := range f.order {
		if quota := c.budget.quota(r); r.n == 0 && left > 0 || quota <= left {
			r.chosen = true
			left -= quota
		}
	}
	clear(f.order)
	f.eager.picked = slices.DeleteFunc(all, func(r *cursor) bool {
		chosen := r.chosen
		r.chosen = false
		return !chosen
	})
	return room - max(left, 0)
}
