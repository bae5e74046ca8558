package kafka

import "github.com/gretestream/grete/stream"

// A transaction is what the coordinator is told of one, step by step, and what it
// has answered. It is a state machine without any I/O: next says what to ask, and
// done or missed what came of it.
type transaction struct {
	who     producerID
	wanted  []*outbox // partitions that have to be added
	asked   []*outbox // partitions that are being added
	offsets stream.GroupOffsets
	toGroup step  // addOffsets or commitOffsets, as long as it is to be done
	refused error // why the group doesn't take the offsets: then there is no commit
	ending  ending
	begun   bool // the coordinator has it open
	// unknown is the step whose answer was missed: it is repeated before anything
	// else, which every one of them allows.
	unknown step
	// doubt: a request of this epoch may yet arrive, whose answer was missed. When
	// the transaction is over there must be a new epoch, or it might end the next one.
	doubt   bool
	closing bool // whatever is open is aborted, and nothing begun
}

// A step is a request to a coordinator.
type step int8

const (
	rest step = iota // there is nothing to ask
	initialise
	addPartitions
	addOffsets
	commitOffsets
	end
)

// An ending is what is to become of a transaction.
type ending int8

const (
	undecided ending = iota
	commit
	abort
)

// newTransaction is of a producer that has no id yet.
func newTransaction() transaction { return transaction{who: noProducer()} }

// next is what to ask now.
func (t *transaction) next() step {
	switch {
	case t.closing:
		if t.begun {
			return end
		}
		return rest
	case t.unknown != rest:
		return t.unknown
	case t.who.id < 0 || t.doubt && !t.begun:
		return initialise
	case t.ending == abort:
		if t.begun {
			return end
		}
		return rest
	case len(t.wanted)+len(t.asked) > 0:
		return addPartitions
	case t.toGroup != rest:
		return t.toGroup
	case t.ending == commit && t.begun && t.refused == nil:
		return end
	}
	return rest
}

// ask returns what the request of a step has to say. It stays as it is until done
// or missed is called.
func (t *transaction) ask(s step) transaction {
	if s == addPartitions && t.unknown != addPartitions {
		t.asked = append(t.asked, t.wanted...)
		t.wanted = nil
	}
	return *t
}

// done says that a step has succeeded; an initialise as whom. It returns the
// outboxes whose partitions were added.
func (t *transaction) done(s step, who producerID) (added []*outbox) {
	t.unknown = rest
	switch s {
	case initialise:
		t.who, t.doubt = who, false
	case addPartitions:
		added, t.asked = t.asked, nil
		t.begun = true
	case addOffsets:
		t.toGroup = commitOffsets
		t.begun = true
	case commitOffsets:
		t.toGroup = rest
	case end:
		t.over()
	}
	return added
}

// missed says that a step has failed, to be tried again. Without an answer it isn't
// known whether it was done, or will be yet.
func (t *transaction) missed(s step, answered bool) {
	t.unknown = rest
	if !answered {
		t.unknown = s
		t.doubt = t.doubt || s != initialise
		t.begun = t.begun || t.closing && s != initialise
	}
}

// refuse says that the group doesn't take the offsets. The transaction goes on.
func (t *transaction) refuse(err error) {
	t.unknown, t.toGroup, t.refused = rest, rest, err
}

// refusal ends an attempt to commit what the group doesn't take; nil: it is over.
func (t *transaction) refusal() error {
	err := t.refused
	if err != nil {
		t.ending, t.refused = undecided, nil
	}
	return err
}

// finish decides what becomes of the transaction. A commit comes after everything
// else, an abort instead of it.
func (t *transaction) finish(e ending) { t.ending = e }

// over is where the next transaction begins.
func (t *transaction) over() {
	*t = transaction{who: t.who, doubt: t.doubt, closing: t.closing}
}

// close aborts what may be open.
func (t *transaction) close() {
	if t.unknown != rest && t.unknown != initialise {
		t.begun = true
	}
	t.unknown, t.closing = rest, true
	t.finish(abort)
}
