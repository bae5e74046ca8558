package loop

// arrange puts a partition where the event time of its next record belongs, or
// takes it out while it has none to offer.
func (in *Inputs) arrange(p *partition) {
	if t := p.task; in.await(t) {
		for _, q := range t.partitions {
			in.place(q)
		}
	} else {
		in.place(p)
	}
	in.finishBootstrap(p.task)
}

func (in *Inputs) place(p *partition) {
	if in.eligible(p) {
		in.chooser.put(p)
	} else {
		in.chooser.remove(p)
	}
}

func (in *Inputs) arrangeAll(t *Running) {
	for _, p := range t.partitions {
		in.arrange(p)
	}
}

// bootstraps reports whether the input is still to be read to its bootstrap end.
func (p *partition) bootstraps() bool {
	if p.atBootstrapEnd() || p.bootstrapEnd > 0 && p.ended {
		p.bootstrapEnd = 0
		p.task.Moved = true
	}
	return p.bootstrapEnd > 0
}

// atBootstrapEnd reports whether a run of the input has come to the bootstrap end.
func (p *partition) atBootstrapEnd() bool {
	return p.bootstrapEnd > 0 && p.position >= p.bootstrapEnd
}

// bootstraps reports whether an input of the task is still to be read to its
// bootstrap end.
func (t *Running) bootstraps() bool {
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
func (in *Inputs) eligible(p *partition) bool {
	t := p.task
	switch {
	case !p.loaded || t.paused > 0 || t.awaited.any && p.priority <= t.awaited.priority:
		return false
	case !t.bootstrapping || p.bootstraps() || in.holding:
		return true
	}
	return false
}

// finishBootstrap has all inputs of a task read when its bootstrap inputs have been.
func (in *Inputs) finishBootstrap(t *Running) {
	if t.bootstrapping && !t.bootstraps() {
		t.bootstrapping = false
		in.arrangeAll(t)
	}
}
