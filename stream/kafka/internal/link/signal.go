package link

// A Signal tells those who wait that there is nothing to be done. It is guarded by
// its owner's lock.
type Signal struct{ waiting chan struct{} }

// Done returns a channel that is closed once the signal is given; at once if
// quiet.
func (s *Signal) Done(quiet bool) <-chan struct{} {
	if s.waiting == nil {
		s.waiting = make(chan struct{})
	}
	c := s.waiting
	if quiet {
		s.Give()
	}
	return c
}

func (s *Signal) Give() {
	if s.waiting != nil {
		close(s.waiting)
		s.waiting = nil
	}
}
