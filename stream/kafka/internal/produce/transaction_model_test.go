package produce

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
)

// A modelCoordinator is a broker that keeps the transactions of one transactional id, by
// the protocol's rules.
type modelCoordinator struct {
	epoch, last int16 // last: the one before, if it was raised by request of its owner
	open        bool
	ended       ending // how the last one ended
	parts       []*partitionBuffer
	data        []string // that was written to the partitions
	group       bool
	offsets     string
	busy        int // how many more requests come too early after an end
	committed   []string
	atOffsets   string // that are committed
}

// carryOut is what the broker does about a step, even if the answer is lost.
func (m *modelCoordinator) carryOut(s step, t transaction) (producerID, kerr.Code) {
	if s == stepInitProducer {
		return m.initialise(t.who)
	}
	switch {
	case t.who.epoch != m.epoch:
		return t.who, kerr.ProducerFenced
	case m.busy > 0 && s != stepCommitOffsets:
		m.busy--
		return t.who, kerr.ConcurrentTxns
	}
	switch s {
	case stepAddPartitions:
		for _, o := range t.adding {
			m.open = true
			if !slices.Contains(m.parts, o) {
				m.parts = append(m.parts, o)
			}
		}
	case stepAddOffsets:
		m.open, m.group = true, true
	case stepCommitOffsets:
		if !m.group {
			return t.who, kerr.BadTransactionState
		}
		m.offsets = t.offsets.Group
	case stepEnd:
		if !m.open && m.ended != t.ending {
			return t.who, kerr.BadTransactionState
		}
		if m.open {
			m.finish(t.ending)
		}
	}
	return t.who, 0
}

func (m *modelCoordinator) initialise(who producerID) (producerID, kerr.Code) {
	switch who.epoch {
	case m.epoch:
		m.last, m.epoch = m.epoch, m.epoch+1
		if m.open {
			m.finish(abort)
		}
	case m.last:
	default:
		return who, kerr.ProducerFenced
	}
	return producerID{who.id, m.epoch}, 0
}

// write is what a partition does with a batch.
func (m *modelCoordinator) write(o *partitionBuffer) bool {
	m.data = append(m.data, o.String())
	return slices.Contains(m.parts, o)
}

// finish ends the transaction. One that a late request has opened, without records or with
// offsets that are committed already, leaves no trace.
func (m *modelCoordinator) finish(e ending) {
	if e == commit && (len(m.data) > 0 || m.offsets != "" && m.offsets != m.atOffsets) {
		m.committed = append(m.committed, describeTransaction(m.data, m.offsets))
		if m.offsets != "" {
			m.atOffsets = m.offsets
		}
	}
	*m = modelCoordinator{epoch: m.epoch, last: m.last, ended: e, busy: 2, committed: m.committed, atOffsets: m.atOffsets}
}

func describeTransaction(data []string, offsets string) string {
	return fmt.Sprint(slices.Sorted(slices.Values(data)), offsets)
}

// A transactionModel drives a transaction against such a coordinator, over a network that
// loses requests and answers and delays some.
type transactionModel struct {
	*rapid.T
	client transaction
	broker modelCoordinator
	late   []func()
	ending ending // of the transaction, decided at any time
	want   []string
}

// arrive delivers some of the late requests.
func (m *transactionModel) arrive() {
	for len(m.late) > 0 && rapid.Bool().Draw(m.T, "something late arrives") {
		i := rapid.IntRange(0, len(m.late)-1).Draw(m.T, "which")
		m.late[i]()
		m.late = slices.Delete(m.late, i, i+1)
	}
}

// drive takes the steps that the client says until there is none.
func (m *transactionModel) drive() {
	for s := m.client.next(); s != stepNone; s = m.client.next() {
		m.arrive()
		request := m.client.request(s)
		request.adding = slices.Clone(request.adding)
		if m.ending == abort && rapid.Bool().Draw(m.T, "abort meanwhile") {
			m.client.finish(abort)
		}
		switch rapid.SampledFrom([]string{"fine", "fine", "fine", "answer lost", "request lost", "late"}).Draw(m.T, "fate") {
		case "fine":
			m.answer(s, request)
			continue
		case "answer lost":
			m.broker.carryOut(s, request)
		case "late":
			m.late = append(m.late, func() { m.broker.carryOut(s, request) })
		}
		m.client.missed(s, false)
	}
}

func (m *transactionModel) answer(s step, request transaction) {
	who, c := m.broker.carryOut(s, request)
	switch c {
	case 0:
		for _, o := range m.client.done(s, who) {
			if !m.broker.write(o) {
				m.Fatalf("%s is written to, and isn't in the transaction", o)
			}
		}
	case kerr.ConcurrentTxns:
		m.client.missed(s, true)
	default:
		m.Fatalf("step %d: %v", s, c)
	}
}

// transact runs a transaction with partitions and offsets of its own.
func (m *transactionModel) transact(n int) {
	var data []string
	offsets := ""
	m.ending = rapid.SampledFrom([]ending{commit, abort}).Draw(m.T, "ending")
	for i := range rapid.IntRange(0, 3).Draw(m.T, "partitions") {
		o := &partitionBuffer{TopicPartition: stream.TopicPartition{Topic: fmt.Sprint("of ", n), Partition: int32(i)}}
		data = append(data, o.String())
		m.client.toAdd = append(m.client.toAdd, o)
		if rapid.Bool().Draw(m.T, "at once") {
			m.drive()
		}
	}
	if rapid.Bool().Draw(m.T, "offsets") {
		offsets = fmt.Sprint("offsets ", n)
		m.client.offsets, m.client.toGroup = stream.GroupOffsets{Group: offsets}, stepAddOffsets
	}
	m.client.finish(m.ending)
	m.drive()
	m.client.reset()
	if m.ending == commit && len(data)+len(offsets) > 0 {
		m.want = append(m.want, describeTransaction(data, offsets))
	}
}

// Whatever the network does, exactly what should be committed is, once and whole, and no
// late request ends a later transaction.
func TestTransactionModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := transactionModel{T: t, client: transaction{who: producerID{5, 0}}, broker: modelCoordinator{last: -1}}
		for n := range rapid.IntRange(1, 6).Draw(t, "transactions") {
			m.transact(n)
			m.arrive()
			if !slices.Equal(m.broker.committed, m.want) {
				t.Fatalf("committed are %q, want %q", m.broker.committed, m.want)
			}
		}
	})
}
