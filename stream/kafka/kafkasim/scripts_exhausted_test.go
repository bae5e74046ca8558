package kafkasim

import "math"

// raise raises an epoch to another, without output.
func (s *script) raise(w who, epoch int16) who {
	before := s.out.Len()
	for w.epoch < epoch {
		w = s.initialise(w)
	}
	said := s.out.String()[:before]
	s.out.Reset()
	s.say("%s... up to %s", said, s.name(w))
	return w
}

func exhausted(s *script) {
	s.topic("t", 2)
	a := s.raise(s.initialise(newcomer("a")), math.MaxInt16-2)
	b := s.initialise(a)
	s.begin(b)
	s.settled(b, true)
	c := s.initialise(b)
	s.initialise(b)
	s.initialise(a)
	s.tries(b, 1)
	s.begin(c)
	s.settled(c, true)
	s.initialise(b)
	s.initialise(newcomer("a"))
	s.initialise(c)
}

func exhaustedInTransaction(s *script) {
	s.topic("t", 2)
	a := s.raise(s.initialise(newcomer("a")), math.MaxInt16-1)
	s.begin(a)
	s.initialise(newcomer("a"))
	s.settle(s.real("a"))
	b := s.initialise(newcomer("a"))
	s.tries(a, 1)
	s.initialise(a)
	s.begin(b)
	s.settled(b, true)
	s.read("t", 0, 0)
}
