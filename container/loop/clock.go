package loop

import "time"

// resume has the operators of tasks that were woken take in what has returned,
// and reports whether there is more.
func (l *Loop) resume() (pending bool, err error) {
	for _, t := range l.Tasks {
		if !t.woken.Swap(false) {
			continue
		}
		t.Moved = true
		more := false
		err := t.guarded(func() (err error) {
			more, err = t.Logic.Resume()
			return err
		})
		if err != nil {
			return false, err
		}
		if more {
			t.woken.Store(true)
			pending = true
		}
		t.keepBack()
	}
	return pending, nil
}

// tick does what the clock has made due, and reports whether there is more. A task
// that has come to the end of a bounded run does nothing more.
func (l *Loop) tick() (pending bool, err error) {
	for _, t := range l.Tasks {
		if t.Ended || t.Logic.ClockDue() > l.now {
			continue
		}
		t.Moved = true
		more := false
		err := t.guarded(func() (err error) {
			more, err = t.Logic.Tick(l.now)
			return err
		})
		if err != nil {
			return false, err
		}
		pending = pending || more
		t.keepBack()
	}
	return pending, nil
}

// ClockDue is when the clock next makes something due, if that is before at.
func (all Tasks) ClockDue(at time.Time) time.Time {
	for _, t := range all {
		if due := t.Logic.ClockDue(); !t.Ended && due < at.UnixMilli() {
			at = time.UnixMilli(due)
		}
	}
	return at
}

// Busy reports whether operators wait for calls or deliveries.
func (all Tasks) Busy() bool {
	for _, t := range all {
		if t.Logic.Busy() {
			return true
		}
	}
	return false
}
