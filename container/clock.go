package container

import "time"

// resume has the operators of tasks that were woken take in what has returned,
// and reports whether there is more.
func (l *loop) resume() (pending bool, err error) {
	for _, t := range l.tasks {
		if !t.wake.asked.Swap(false) {
			continue
		}
		t.moved = true
		more := false
		err := t.guarded(func() (err error) {
			more, err = t.logic.Resume()
			return err
		})
		if err != nil {
			return false, err
		}
		if more {
			t.wake.asked.Store(true)
			pending = true
		}
		l.keepBack(t)
	}
	return pending, nil
}

// tick does what the clock has made due, and reports whether there is more. A task
// that has come to the end of a bounded run does nothing more.
func (l *loop) tick() (pending bool, err error) {
	for _, t := range l.tasks {
		if t.ended || t.logic.ClockDue() > l.now {
			continue
		}
		t.moved = true
		more := false
		err := t.guarded(func() (err error) {
			more, err = t.logic.Tick(l.now)
			return err
		})
		if err != nil {
			return false, err
		}
		pending = pending || more
		l.keepBack(t)
	}
	return pending, nil
}

// clockDue is when the clock next makes something due, if that is before at.
func (all taskList) clockDue(at time.Time) time.Time {
	for _, t := range all {
		if due := t.logic.ClockDue(); !t.ended && due < at.UnixMilli() {
			at = time.UnixMilli(due)
		}
	}
	return at
}

// busy reports whether operators wait for calls or deliveries.
func (all taskList) busy() bool {
	for _, t := range all {
		if t.logic.Busy() {
			return true
		}
	}
	return false
}
