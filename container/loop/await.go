package loop

import "time"

// A record whose event time is lower may be on its way: an input has some that haven't arrived
// yet. The other inputs of the task wait for it, so that a job that catches up processes
// records in the order in which they happened, as one that keeps up does.

// awaitBound bounds the wait: an input that can't be read must not stop the others.
const awaitBound = 5 * time.Second

// awaited says whether a task waits for records, and the highest priority of the inputs from
// which they come. Inputs of that priority and below wait.
type awaited struct {
	any      bool
	priority int
}

// await finds out which inputs of a task are awaited, and reports whether that has changed.
func (in *Inputs) await(t *Running) (changed bool) {
	if len(t.partitions) < 2 {
		return false
	}
	before := t.awaited
	t.awaited = awaited{}
	for _, p := range t.partitions {
		if !in.lags(p) {
			p.missing, p.overdue = time.Time{}, false
		} else if !p.overdue && (!t.awaited.any || p.priority > t.awaited.priority) {
			t.awaited = awaited{true, p.priority}
		}
	}
	return t.awaited != before
}

// lags reports whether an input has records that haven't arrived. The readers of a broadcast
// input don't wait for it: each of them could wait for the others to use up its chunk.
func (in *Inputs) lags(p *partition) bool {
	if p.loaded || p.ended || p.unread(in.holding) || len(p.cursor.readers) > 1 || p.task.bootstrapping && !p.bootstraps() {
		return false
	}
	end := in.consumer.End(p.TopicPartition)
	if p.bound >= 0 {
		end = min(end, p.bound)
	}
	return end < 0 || p.position < end
}

// checkAwaited counts the waits, and ends those that have been too long.
func (in *Inputs) checkAwaited(tasks Tasks, now time.Time) {
	for _, t := range tasks {
		if !t.awaited.any {
			continue
		}
		for _, p := range t.partitions {
			switch {
			case !in.lags(p) || p.overdue || !t.offers(p.priority):
			case p.missing.IsZero():
				p.missing = now
				p.counts.Awaited++
			case now.Sub(p.missing) >= awaitBound:
				p.overdue = true
				p.counts.Overdue++
			}
		}
		in.arrange(t.partitions[0])
	}
}

// offers reports whether an input has a record that waits for those of a priority.
func (t *Running) offers(priority int) bool {
	for _, p := range t.partitions {
		if p.loaded && p.priority <= priority {
			return true
		}
	}
	return false
}
