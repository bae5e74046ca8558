//go:build real

package kafkasim

import (
	"flag"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/addoffsetstotxn"
	"github.com/segmentio/kafka-go/protocol/addpartitionstotxn"
	"github.com/segmentio/kafka-go/protocol/endtxn"
	"github.com/segmentio/kafka-go/protocol/findcoordinator"
	"github.com/segmentio/kafka-go/protocol/initproducerid"
	"github.com/segmentio/kafka-go/protocol/listoffsets"
	"github.com/segmentio/kafka-go/protocol/metadata"
	"github.com/segmentio/kafka-go/protocol/offsetcommit"
	"github.com/segmentio/kafka-go/protocol/txnoffsetcommit"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
	"github.com/gretestream/grete/stream/kafka/kafkasim/internal/errcode"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

var broker1 kafkatest.Shared

var update = flag.Bool("update", false, "write the answers of real brokers to the golden files")

func TestMain(m *testing.M) { os.Exit(broker1.Around(m).Run()) }

// The answers of a real broker must be those of the golden files.
func TestRules_MatchKafka(t *testing.T) {
	c := broker1.Cluster(t)
	for name, play := range scripts() {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && strings.HasPrefix(name, "exhausted") {
				t.Skip("it takes a broker 30,000 transactional requests: make soak-tests has it, and what it said then is written down")
			}
			t.Parallel()
			b := newReal(t, c)
			s := newScript(t, b, kafkatest.Name(t)+"-")
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("the output so far:\n%s", s.out.String())
				}
			})
			play(s)
			if *update {
				if err := os.WriteFile(golden(name), []byte(s.out.String()), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			compareWith(t, name, s.out.String())
		})
	}
}

// realBrokers sends requests to real brokers, over one connection to each.
type realBrokers struct {
	*testing.T
	c     *kafkatest.Cluster
	conns map[int32]net.Conn
	away  int // how many brokers are suspended, the last ones
}

func newReal(t *testing.T, c *kafkatest.Cluster) *realBrokers {
	b := &realBrokers{T: t, c: c, conns: make(map[int32]net.Conn)}
	t.Cleanup(func() {
		for _, conn := range b.conns {
			_ = conn.Close()
		}
	})
	return b
}

// patience is the longest wait.
const patience = 30 * time.Second

func (b *realBrokers) conn(node int32) net.Conn {
	if conn := b.conns[node]; conn != nil {
		return conn
	}
	conn, err := net.Dial("tcp", b.c.Bootstrap()[node-1])
	if err != nil {
		b.Fatal(err)
	}
	b.conns[node] = conn
	return conn
}

// ask sends a request until the brokers are ready for it. The leader may have moved
// meanwhile, so the request goes to one broker after the other.
func (b *realBrokers) ask(node int32, req protocol.Message) (answer protocol.Message) {
	b.Helper()
	b.until(Describe(req), func() bool {
		answer = b.once(node, req)
		if !early(answer) {
			return true
		}
		node = node%int32(b.answering()) + 1
		return false
	})
	return answer
}

// answering returns the number of running brokers, the first ones.
func (b *realBrokers) answering() int { return len(b.c.Bootstrap()) - b.away }

// early reports whether a broker doesn't know yet what it leads.
func early(answer protocol.Message) bool {
	c := int16(0)
	switch a := answer.(type) {
	case *initproducerid.Response:
		c = a.ErrorCode
	case *addpartitionstotxn.Response:
		c = a.Results[0].Results[0].ErrorCode
	case *addoffsetstotxn.Response:
		c = a.ErrorCode
	case *endtxn.Response:
		c = a.ErrorCode
	case *txnoffsetcommit.Response:
		c = a.Topics[0].Partitions[0].ErrorCode
	case *offsetcommit.Response:
		c = a.Topics[0].Partitions[0].ErrorCode
	case *listoffsets.Response:
		c = a.Topics[0].Partitions[0].ErrorCode
	default:
		c = earlyMember(answer)
	case *wire.OffsetFetch:
		c = a.Answer.Code
	case *wire.Produce:
		c = a.Answer.Partitions[0].Code
	case *wire.DeleteRecords:
		c = a.Answer[0].Code
	case *wire.Fetch:
		if len(a.Answer.Partitions) > 0 {
			c = a.Answer.Partitions[0].Code
		}
	}
	return c == errcode.NotLeader || c == errcode.NotCoordinator || c == errcode.CoordinatorLoading || c == errcode.CoordinatorNotAvailable
}

// earlyMember returns the error code of an answer to a member.
func earlyMember(answer protocol.Message) int16 {
	switch a := answer.(type) {
	case *wire.JoinGroup:
		return a.Answer.Code
	case *wire.SyncGroup:
		return a.Answer.Code
	case *wire.Heartbeat:
		return a.Code
	case *wire.LeaveGroup:
		return a.Code
	case *wire.DescribeGroup:
		return a.Answer.Code
	}
	return 0
}

func (b *realBrokers) once(node int32, req protocol.Message) protocol.Message {
	b.Helper()
	conn := b.conn(node)
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		b.Fatal(err)
	}
	if own, ok := req.(wire.Request); ok {
		if err := wire.Exchange(conn, 1, "test", own); err != nil {
			b.Fatalf("%s: %v", Describe(req), err)
		}
		return own
	}
	answer, err := protocol.RoundTrip(conn, spoken()[req.ApiKey()], 1, "test", req)
	if err != nil {
		b.Fatalf("%s: %v", Describe(req), err)
	}
	return answer
}

// spoken returns the versions of requests that package kafka negotiates.
func spoken() map[protocol.ApiKey]int16 {
	return map[protocol.ApiKey]int16{
		protocol.Metadata: 8, protocol.ListOffsets: 5, protocol.OffsetCommit: 7, protocol.FindCoordinator: 2, protocol.CreateTopics: 5,
		protocol.DeleteTopics: 3, protocol.InitProducerId: 4, protocol.AddPartitionsToTxn: 3, protocol.AddOffsetsToTxn: 3,
		protocol.EndTxn: 3, protocol.TxnOffsetCommit: 3, protocol.DescribeConfigs: 3, protocol.ApiVersions: 2,
	}
}

// until polls.
func (b *realBrokers) until(what string, done func() bool) {
	b.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for end := time.Now().Add(patience); !done(); <-ticker.C {
		if time.Now().After(end) {
			b.Fatalf("%s: it takes too long", what)
		}
	}
}

func (b *realBrokers) leader(tp stream.TopicPartition) int32 {
	leader := int32(-1)
	b.until("wait for the leader of "+tp.String(), func() bool {
		a := b.ask(1, &metadata.Request{TopicNames: []string{tp.Topic}}).(*metadata.Response)
		t := a.Topics[0]
		if t.ErrorCode != 0 || int(tp.Partition) >= len(t.Partitions) {
			leader = 1 // without a leader, any broker answers with the error
			return true
		}
		for _, p := range t.Partitions {
			if p.PartitionIndex == tp.Partition {
				leader = p.LeaderID
			}
		}
		return leader > 0
	})
	return leader
}

func (b *realBrokers) coordinator(name string, transactional bool) int32 {
	req := &findcoordinator.Request{Key: name}
	if transactional {
		req.KeyType = ofTransactions
	}
	node := int32(-1)
	b.until("wait for a coordinator", func() bool {
		a := b.ask(1, req).(*findcoordinator.Response)
		node = a.NodeID
		return a.ErrorCode == 0
	})
	return node
}

func (b *realBrokers) state(id string) string {
	all, err := b.c.Admin().DescribeTransactions(b.Context(), id)
	if err != nil {
		b.Fatal(err)
	}
	return all[id].State
}

func (b *realBrokers) settle(id string) {
	b.until("wait for markers", func() bool { return !strings.HasPrefix(b.state(id), "Prepare") })
}

func (b *realBrokers) timeOut(id string) {
	b.until("wait for a time-out", func() bool { return b.state(id) == "CompleteAbort" })
}

// send uses a connection of its own, since a held request blocks its connection.
func (b *realBrokers) send(node int32, req protocol.Message) (answer func() protocol.Message) {
	other := newReal(b.T, b.c)
	done := make(chan protocol.Message, 1)
	go func() {
		defer close(done)
		done <- other.ask(node, req)
	}()
	return func() protocol.Message {
		got, ok := <-done
		if !ok {
			b.FailNow()
		}
		return got
	}
}

func (b *realBrokers) pass(is func() bool) { b.until("wait for time to pass", is) }

func (b *realBrokers) wait(is func() bool) { b.until("wait", is) }

// compact waits for the broker's cleaner, which runs twice a second.
func (b *realBrokers) compact(_ stream.TopicPartition, done func() bool) { b.wait(done) }
