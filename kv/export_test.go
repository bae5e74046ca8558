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
	for i := range w.store.saved.all {
		if c := &w.store.saved.all[i]; c.kind == windowFreed {
			count(c.win)
		}
	}
	return w.held(), want
}

// SaveEncoded makes segments save values by encoding them, whatever their type is.
func (c *Values[V]) SaveEncoded() { c.store.saved.plain = false }

// SaveEncoded makes segments save values by encoding them, whatever their type is.
func (w *Windows[V]) SaveEncoded() { w.store.saved.plain = false }

// Account returns what the values are charged, and what they should be.
func (c *Values[V]) Account() (charged, want int64) { return c.held(), c.cache.bytes() }
