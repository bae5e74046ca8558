package kafka

// A signal tells those who wait that there is nothing to be done. It is guarded by
// its owner's lock.
type signal struct{ waiting chan struct{} }

// when returns a channel that is closed once the signal is given; at once if
// quiet.
func (s *signal) when(quiet bool) <-chan struct{} {
	if s.waiting == nil {
		s.waiting = make(chan struct{})
	}
	c := s.waiting
	if quiet {
		s.give()
	}
	return c
}

func (s *signal) give() {
	if s.waiting != nil {
		close(s.waiting)
		s.waiting = nil
	}
}
