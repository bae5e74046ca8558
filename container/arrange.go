package container

// arrange puts a partition where the event time of its next record belongs, or
// takes it out while it has none to offer.
func (l *loop) arrange(p *partition) {
	if l.eligible(p) {
		l.chooser.put(p)
	} else {
		l.chooser.remove(p)
	}
	l.finishBootstrap(p.task)
}

func (l *loop) arrangeAll(t *task) {
	for _, p := range t.partitions {
		l.arrange(p)
	}
}

// keepBack stops reading the records of a task whose operators have asked for
// that, and goes on when they have enough room again.
func (l *loop) keepBack(t *task) {
	if stop := t.paused > 0; stop != t.stopped {
		t.stopped = stop
		l.arrangeAll(t)
	}
}

// bootstraps reports whether the input is still to be read to its bootstrap end.
func (p *partition) bootstraps() bool {
	if p.atBootstrapEnd() || p.bootstrapEnd > 0 && p.ended {
		p.bootstrapEnd = 0
		p.task.moved = true
	}
	return p.bootstrapEnd > 0
}

// atBootstrapEnd reports whether a run of the input has come to the bootstrap end.
func (p *partition) atBootstrapEnd() bool {
	return p.bootstrapEnd > 0 && p.position >= p.bootstrapEnd
}

// bootstraps reports whether an input of the task is still to be read to its
// bootstrap end.
func (t *task) bootstraps() bool {
	for _, p := range t.partitions {
		if p.bootstraps() {
			return true
		}
	}
	return false
}

// eligible reports whether the next record of a partition may be processed now. While
// a task bootstraps, that is so for its bootstrap inputs alone; but if inputs are
// held, the job's own traffic goes on.
func (l *loop) eligible(p *partition) bool {
	t := p.task
	switch {
	case !p.loaded || t.paused > 0:
		return false
	case !t.bootstrapping || p.bootstraps() || l.holding:
		return true
	}
	return false
}

// finishBootstrap has all inputs of a task read when its bootstrap inputs have been.
func (l *loop) finishBootstrap(t *task) {
	if t.bootstrapping && !t.bootstraps() {
		t.bootstrapping = false
		l.arrangeAll(t)
	}
}
