package loop

// A chooser is a heap of the partitions whose next record may be processed: highest
// priority first, then lowest event time, so that a job that catches up goes through
// event time evenly and doesn't keep every window open.
type chooser struct {
	heap []*partition
	turn int64 // counts runs, to find who has waited longest
}

const (
	// runLength is how many records are taken of a partition at once, as long as
	// they are not far ahead of the others'.
	runLength = 256
	// slack is how far ahead of the others a run may get, in ms of event time.
	slack = 100
	// patience is after how many runs a partition is served although its event
	// time is the highest: a single record of the year 2100 must not stop it.
	patience = 4096
)

// choose returns the partition to read from, and the event time up to which it
// may be read before choosing again. Nil if there is none.
func (c *chooser) choose() (*partition, int64) {
	if len(c.heap) == 0 {
		return nil, 0
	}
	c.turn++
	if c.turn%patience == 0 {
		p := c.longestWaiting()
		if p.joined {
			p = c.first(p.task)
		}
		p.served = c.turn
		return p, p.head
	}
	p := c.heap[0]
	p.served = c.turn
	limit := int64(IdleTime)
	for _, i := range []int{1, 2} {
		if i < len(c.heap) && c.heap[i].priority == p.priority && c.heap[i].head < limit-slack {
			limit = c.heap[i].head + slack
		}
	}
	if p.joined {
		limit = min(limit, p.task.before(p))
	}
	return p, limit
}

// first returns the partition of a task whose record comes first.
func (c *chooser) first(t *Running) *partition {
	var first *partition
	for _, p := range t.partitions {
		if p.heapIndex >= 0 && (first == nil || c.less(p.heapIndex, first.heapIndex)) {
			first = p
		}
	}
	return first
}

// before returns the last event time at which a record of p comes before those of the other
// inputs of a join: between them there is no slack.
func (t *Running) before(p *partition) int64 {
	limit := int64(IdleTime)
	for _, q := range t.partitions {
		if q == p || q.heapIndex < 0 || !q.joined || q.priority != p.priority {
			continue
		}
		if last := q.head; q.table && !p.table {
			limit = min(limit, last-1)
		} else {
			limit = min(limit, last)
		}
	}
	return limit
}

func (c *chooser) longestWaiting() *partition {
	longest := c.heap[0]
	for _, p := range c.heap[1:] {
		if p.served < longest.served {
			longest = p
		}
	}
	return longest
}

// put inserts the partition, or moves it after its head has changed.
func (c *chooser) put(p *partition) {
	if p.heapIndex < 0 {
		p.heapIndex = len(c.heap)
		c.heap = append(c.heap, p)
	}
	c.fix(p.heapIndex)
}

// remove takes the partition out, if it is in.
func (c *chooser) remove(p *partition) {
	i := p.heapIndex
	if i < 0 {
		return
	}
	last := len(c.heap) - 1
	c.swap(i, last)
	c.heap[last] = nil
	c.heap = c.heap[:last]
	p.heapIndex = -1
	if i < last {
		c.fix(i)
	}
}

// fix restores the order at i. It isn't container/heap because that boxes, and
// calls through an interface for each comparison.
func (c *chooser) fix(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !c.less(i, parent) {
			break
		}
		c.swap(i, parent)
		i = parent
	}
	for {
		least := i
		for _, child := range [2]int{2*i + 1, 2*i + 2} {
			if child < len(c.heap) && c.less(child, least) {
				least = child
			}
		}
		if least == i {
			return
		}
		c.swap(i, least)
		i = least
	}
}

// less orders by priority, then by event time. Where that is equal tables come first, and then
// it orders by place, so that a run can be repeated exactly.
func (c *chooser) less(i, j int) bool {
	a, b := c.heap[i], c.heap[j]
	if a.priority != b.priority {
		return a.priority > b.priority
	}
	if a.head != b.head {
		return a.head < b.head
	}
	if a.table != b.table {
		return a.table
	}
	if a.Partition != b.Partition {
		return a.Partition < b.Partition
	}
	if a.input != b.input {
		return a.input < b.input
	}
	return a.task.ID < b.task.ID // several tasks read a broadcast input
}

func (c *chooser) swap(i, j int) {
	c.heap[i], c.heap[j] = c.heap[j], c.heap[i]
	c.heap[i].heapIndex, c.heap[j].heapIndex = i, j
}
