package loop

// After a failure that concerned a value, and not the record that made it, the container goes
// back to its last commit and is careful: operators check each value that they are about to
// keep, before they change anything. So the record that makes a value which can't be kept
// fails itself. Checking costs encoding the values, so it ends after some records.

// carefulRecords is how many records beyond the last failure are processed carefully, so that
// a stream of such records costs encoding, and not going back for each of them.
const carefulRecords = 10_000

// Careful reports whether the operators check each value that they are about to keep.
func (t *Task) Careful() bool { return t.loop.careful > 0 }

// Careful reports whether the operators check each value.
func (l *Loop) Careful() bool { return l.careful > 0 }

// CarefulFor is how many records the next life of the container must process carefully, to
// come across the failure of this one.
func (l *Loop) CarefulFor() int64 { return l.uncommitted + carefulRecords }

// Committed tells the loop that everything it has done is committed. Firings that were left
// out don't come again.
func (l *Loop) Committed() {
	l.uncommitted = 0
	for _, id := range l.left {
		delete(l.cfg.SkipFirings, id)
	}
	l.left = l.left[:0]
}

// processed counts records.
func (l *Loop) processed(n int) {
	l.uncommitted += int64(n)
	l.careful = max(l.careful-int64(n), 0)
}
