package kv

// SetStep sets the work of a step of Trim.
func (b *Budget) SetStep(work int) { b.step = work }

// InUse returns the bytes that are held and not condemned.
func (b *Budget) InUse() int64 { return b.used - b.condemned }

// Account returns what the windows are charged, and what they should be.
func (w *Windows[V]) Account() (charged, want int64) {
	want = int64(w.open.Len()) * indexBytes
	count := func(win *window[V]) { want += win.bytes() + w.windowBytes() }
	if hand := w.resident.hand; hand != nil {
		count(hand)
		for win := hand.next; win != hand; win = win.next {
			count(win)
		}
	}
	for _, d := range w.dropped {
		if d.window != nil {
			count(d.window)
		}
	}
	return w.held(), want
}

// Account returns what the values are charged, and what they should be.
func (c *Values[V]) Account() (charged, want int64) { return c.held(), c.cache.bytes() }
