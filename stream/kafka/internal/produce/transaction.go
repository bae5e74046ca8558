package produce

import "github.com/gretestream/grete/stream"

// A transaction is what the coordinator is told of one, step by step, and what it
// has answered. It is a state machine without any I/O: next says what to ask, and
// done or missed what came of it.
type transaction struct {
	who     producerID
	toAdd   []*partitionBuffer // partitions that have to be added
	adding  []*partitionBuffer // partitions that are being added
	offsets stream.GroupOffsets
	toGroup step  // addOffsets or commitOffsets, as long as it is to be done
	refused error // why the group doesn't take the offsets: then there is no commit
	ending  ending
	open    bool // the coordinator has it open
	// unknown is the step whose answer was missed: it is repeated before anything
	// else, which every one of them allows.
	unanswered step
	// doubt: a request of this epoch may yet arrive, whose answer was missed. When
	// the transaction is over there must be a new epoch, or it might end the next one.
	needsEpoch bool
	closing    bool // whatever is open is aborted, and nothing begun
}

// A step is a request to a coordinator.
type step int8

const (
	stepNone step = iota // there is nothing to ask
	stepInitProducer
	stepAddPartitions
	stepAddOffsets
	stepCommitOffsets
	stepEnd
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
		if t.open {
			return stepEnd
		}
		return stepNone
	case t.unanswered != stepNone:
		return t.unanswered
	case t.who.id < 0 || t.needsEpoch && !t.open:
		return stepInitProducer
	case t.ending == abort:
		if t.open {
			return stepEnd
		}
		return stepNone
	case len(t.toAdd)+len(t.adding) > 0:
		return stepAddPartitions
	case t.toGroup != stepNone:
		return t.toGroup
	case t.ending == commit && t.open && t.refused == nil:
		return stepEnd
	}
	return stepNone
}

// request returns what the request of a step has to say. It stays as it is until done
// or missed is called.
func (t *transaction) request(s step) transaction {
	if s == stepAddPartitions && t.unanswered != stepAddPartitions {
		t.adding = append(t.adding, t.toAdd...)
		t.toAdd = nil
	}
	return *t
}

// done says that a step has succeeded; an initialise as whom. It returns the
// outboxes whose partitions were added.
func (t *transaction) done(s step, who producerID) (added []*partitionBuffer) {
	t.unanswered = stepNone
	switch s {
	case stepInitProducer:
		t.who, t.needsEpoch = who, false
	case stepAddPartitions:
		added, t.adding = t.adding, nil
		t.open = true
	case stepAddOffsets:
		t.toGroup = stepCommitOffsets
		t.open = true
	case stepCommitOffsets:
		t.toGroup = stepNone
	case stepEnd:
		t.reset()
	}
	return added
}

// missed says that a step has failed, to be tried again. Without an answer it isn't
// known whether it was done, or will be yet.
func (t *transaction) missed(s step, answered bool) {
	t.unanswered = stepNone
	if !answered {
		t.unanswered = s
		t.needsEpoch = t.needsEpoch || s != stepInitProducer
		t.open = t.open || t.closing && s != stepInitProducer
	}
}

// refuse says that the group doesn't take the offsets. The transaction goes on.
func (t *transaction) refuse(err error) {
	t.unanswered, t.toGroup, t.refused = stepNone, stepNone, err
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

// reset is where the next transaction begins.
func (t *transaction) reset() {
	*t = transaction{who: t.who, needsEpoch: t.needsEpoch, closing: t.closing}
}

// close aborts what may be open.
func (t *transaction) close() {
	if t.unanswered != stepNone && t.unanswered != stepInitProducer {
		t.open = true
	}
	t.unanswered, t.closing = stepNone, true
	t.finish(abort)
}
