package fetch

import (
	"cmp"
	"slices"
	"time"
)

// A fetcher asks one broker for the partitions that it leads. It has two lanes,
// so that a broker that waits for records of some partitions never holds up those
// that have some: the patient lane is for partitions that were read to their end,
// the eager one for all others, and for those that become due while the patient
// one is under way. It is guarded by consumer.mu.
type fetcher struct {
	consumer    *Consumer
	node        int32
	cursors     []*cursor // in the order of compare
	patient     session
	eager       session
	order       []*cursor // of turns, while afford looks for it
	lastStart   int64     // the consumer's count when the eager lane was last used
	unreachable bool      // the broker doesn't answer
}

const (
	// patientWait is how long a broker may wait where there is nothing new.
	patientWait = 500 * time.Millisecond
	// eagerWait is the same in the eager lane, which may be needed for others.
	eagerWait = 20 * time.Millisecond
	// hurriedWait is the same where they are known.
	busyWait = 5 * time.Millisecond
	// soon is how long a partition at its end waits for the patient lane rather than
	// taking the eager one.
	soon = 3 * time.Millisecond
)

func newFetcher(c *Consumer, node int32) *fetcher {
	f := &fetcher{consumer: c, node: node}
	f.patient.fetcher, f.eager.fetcher = f, f
	return f
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

// pump starts what can be started.
func (f *fetcher) pump(now time.Time) {
	if f.patient.inFlight != nil && f.eager.inFlight != nil {
		return
	}
	wanted := f.pick(now)
	if f.eager.inFlight == nil && len(f.eager.picked) > 0 {
		f.startEager(wanted)
	}
	if f.patient.inFlight == nil && len(f.patient.picked) > 0 {
		f.startPatient(now)
	}
}

// pick decides which partition goes into which lane. It reports whether there are
// others that lag, and will want the eager lane once there is room for them.
func (f *fetcher) pick(now time.Time) (wanted bool) {
	f.patient.picked, f.eager.picked = f.patient.picked[:0], f.eager.picked[:0]
	free, back := f.patient.inFlight == nil, f.patient.deadline.Sub(now)
	for _, r := range f.cursors {
		switch {
		case !r.ready():
			wanted = wanted || r.n == len(r.blocks) && !r.atEnd()
		case !r.atEnd():
			f.eager.picked = append(f.eager.picked, r)
		case free:
			f.patient.picked = append(f.patient.picked, r)
		case back > soon:
			f.eager.picked = append(f.eager.picked, r)
		}
	}
	return wanted
}

// startPatient takes memory that is set aside for it, so that waiting holds nothing
// else up; unless memory is so small that a single batch is larger than that.
func (f *fetcher) startPatient(now time.Time) {
	c := f.consumer
	l := &f.patient
	part := max(c.budget.aside/int64(len(c.fetchers)), minQuota)
	room := min(part, c.budget.room()+c.budget.aside, c.budget.quotas(l.picked))
	if room < minQuota {
		return
	}
	wait := patientWait
	if f.eager.inFlight != nil && f.eager.idle && f.eager.empty {
		// The partitions in the eager lane have come to rest, and are to come over.
		wait = max(f.eager.deadline.Sub(now), 0) + soon
	}
	reserved := int64(0)
	for _, r := range l.picked {
		reserved = max(reserved, c.budget.expected(r)-c.budget.aside)
	}
	l.start(room, reserved, wait)
}

func (f *fetcher) startEager(wanted bool) {
	room := f.afford()
	if len(f.eager.picked) == 0 {
		return
	}
	f.consumer.starts++
	f.lastStart = f.consumer.starts
	wait := eagerWait
	if wanted {
		wait = busyWait
	}
	// A buffer may be a quarter larger than what is in it.
	reserved := room + room/4
	for _, r := range f.eager.picked {
		reserved = max(reserved, f.consumer.budget.expected(r))
	}
	f.eager.start(room, reserved, wait)
}

// afford keeps those of the eager lane's partitions for which there is memory, and
// returns how much. Partitions of which there is nothing in memory come first: they
// get as much as there is, the others not more than their part. Among both it is
// the turn of whoever got something the longest time ago. A partition that was in
// a request and got nothing, as others had used up the answer, keeps its turn: it
// comes to be the first in a request, which gets a batch however large it is.
func (f *fetcher) afford() int64 {
	c, all := f.consumer, f.eager.picked
	room := c.budget.room()
	if need := c.budget.quotas(all); need <= room {
		return need
	}
	room = min(room, c.budget.pool.max/int64(len(c.fetchers))) // or one broker would leave the crumbs to another
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
