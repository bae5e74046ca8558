package produce

import "github.com/gretestream/grete/stream"

// A transaction is the state machine of a producer's transactions, without I/O: next
// returns the step to take, done and missed take in its result.
type transaction struct {
	who     producerID
	toAdd   []*partitionBuffer // partitions to be added
	adding  []*partitionBuffer // partitions in the request to add them
	offsets stream.GroupOffsets
	toGroup step  // stepAddOffsets or stepCommitOffsets while that is to be done
	refused error // why the group refused the offsets: there is no commit then
	ending  ending
	open    bool // the coordinator has it open
	// unanswered is the step whose answer was lost. It is repeated before anything else,
	// which is safe for every step.
	unanswered step
	// needsEpoch: an unanswered request of this epoch may still arrive. After the
	// transaction the producer needs a new epoch, or the request might end the next
	// transaction.
	needsEpoch bool
	closing    bool // the open transaction is aborted, and no other one starts
}

// A step is a request to a coordinator.
type step int8

const (
	stepNone step = iota // no request
	stepInitProducer
	stepAddPartitions
	stepAddOffsets
	stepCommitOffsets
	stepEnd
)

// An ending is the intended end of a transaction.
type ending int8

const (
	undecided ending = iota
	commit
	abort
)

// newTransaction is that of a producer without an id.
func newTransaction() transaction { return transaction{who: noProducer()} }

// next returns the step to take.
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

// request returns the contents of a step's request, which stay the same until done or
// missed is called.
func (t *transaction) request(s step) transaction {
	if s == stepAddPartitions && t.unanswered != stepAddPartitions {
		t.adding = append(t.adding, t.toAdd...)
		t.toAdd = nil
	}
	return *t
}

// done takes in the success of a step; who is the result of stepInitProducer. It returns
// the buffers whose partitions were added.
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

// missed takes in the failure of a step that will be retried. Without an answer, the step
// may have been carried out, or be carried out later.
func (t *transaction) missed(s step, answered bool) {
	t.unanswered = stepNone
	if !answered {
		t.unanswered = s
		t.needsEpoch = t.needsEpoch || s != stepInitProducer
		t.open = t.open || t.closing && s != stepInitProducer
	}
}

// refuse notes that the group refused the offsets. The transaction stays open.
func (t *transaction) refuse(err error) {
	t.unanswered, t.toGroup, t.refused = stepNone, stepNone, err
}

// refusal ends the attempt to commit refused offsets, and returns why they were; nil: they
// weren't.
func (t *transaction) refusal() error {
	err := t.refused
	if err != nil {
		t.ending, t.refused = undecided, nil
	}
	return err
}

// finish decides the end of the transaction. A commit comes after everything else, an
// abort instead of it.
func (t *transaction) finish(e ending) { t.ending = e }

// reset prepares the next transaction.
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
