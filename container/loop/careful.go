package loop

// A value with memory of its own isn't encoded before the commit. If it can't be, the record
// that has made it is long gone. Then, and if a record fails after it has changed such a
// value, the container goes back to its last commit and is careful: each record is a segment,
// in which values are saved by encoding them, and checked at its end. So the record that makes
// a value which can't be kept fails itself, and can be taken back. This costs encoding the
// values, so it ends after some records.

// carefulRecords is how many records beyond the last failure are processed carefully, so that
// a stream of such records costs encoding, and not going back for each of them.
const carefulRecords = 10_000

// Careful reports whether all values are saved and checked.
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
