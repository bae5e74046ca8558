package link

// A Signal tells waiters that no work is left. Its owner's lock guards it.
type Signal struct{ waiting chan struct{} }

// Done returns a channel that Give closes. If idle, the channel is closed already.
func (s *Signal) Done(idle bool) <-chan struct{} {
	if s.waiting == nil {
		s.waiting = make(chan struct{})
	}
	c := s.waiting
	if idle {
		s.Give()
	}
	return c
}

// Give closes the channels that Done has returned.
func (s *Signal) Give() {
	if s.waiting != nil {
		close(s.waiting)
		s.waiting = nil
	}
}
