package wire

import (
	"reflect"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/gretestream/grete/stream"
)

func TestDescribeProducers(t *testing.T) {
	req := &DescribeProducers{Partitions: []stream.TopicPartition{tp("a", 1), tp("a", 2)}}
	got, answer := kmsg.NewPtrDescribeProducersRequest(), kmsg.NewPtrDescribeProducersResponse()
	message := "why"
	answer.Topics = []kmsg.DescribeProducersResponseTopic{{Topic: "a", Partitions: []kmsg.DescribeProducersResponseTopicPartition{
		{Partition: 1, ActiveProducers: []kmsg.DescribeProducersResponseTopicPartitionActiveProducer{
			{ProducerID: 7, ProducerEpoch: 1, LastSequence: 2, LastTimestamp: 3, CoordinatorEpoch: 4, CurrentTxnStartOffset: 5}, {ProducerID: 8, CurrentTxnStartOffset: -1},
		}},
		{Partition: 2, ErrorCode: 6, ErrorMessage: &message},
	}}}
	exchange(t, req, got, answer)
	if len(got.Topics) != 2 || got.Topics[0].Topic != "a" || got.Topics[1].Partitions[0] != 2 {
		t.Errorf("the request is %+v", got)
	}
	want := []DescribedProducers{{tp("a", 1), 0, []DescribedProducer{{7, 3, 5}, {8, 0, -1}}}, {TopicPartition: tp("a", 2), Code: 6}}
	if !reflect.DeepEqual(req.Answer, want) {
		t.Errorf("the answer is %+v", req.Answer)
	}
}

func TestListTransactions(t *testing.T) {
	req := &ListTransactions{Producers: []int64{7, 8}}
	got, answer := kmsg.NewPtrListTransactionsRequest(), kmsg.NewPtrListTransactionsResponse()
	answer.ErrorCode, answer.UnknownStateFilters = 5, []string{"odd"}
	answer.TransactionStates = []kmsg.ListTransactionsResponseTransactionState{{TransactionalID: "a", ProducerID: 7, TransactionState: "Ongoing"}}
	exchange(t, req, got, answer)
	if len(got.StateFilters) != 0 || !reflect.DeepEqual(got.ProducerIDFilters, []int64{7, 8}) {
		t.Errorf("the request is %+v", got)
	}
	if want := []ListedTransaction{{"a", 7}}; req.Code != 5 || !reflect.DeepEqual(req.Answer, want) {
		t.Errorf("the answer is %+v", req)
	}
}

func TestDescribeTransaction(t *testing.T) {
	req := &DescribeTransaction{TransactionalID: "a"}
	got, answer := kmsg.NewPtrDescribeTransactionsRequest(), kmsg.NewPtrDescribeTransactionsResponse()
	answer.TransactionStates = []kmsg.DescribeTransactionsResponseTransactionState{{
		ErrorCode: 5, TransactionalID: "a", State: "Ongoing", TimeoutMillis: 1, StartTimestamp: 1234, ProducerID: 7, ProducerEpoch: 2,
		Topics: []kmsg.DescribeTransactionsResponseTransactionStateTopic{{Topic: "t", Partitions: []int32{1, 2}}},
	}}
	exchange(t, req, got, answer)
	if !reflect.DeepEqual(got.TransactionalIDs, []string{"a"}) {
		t.Errorf("the request is %+v", got)
	}
	if req.Code != 5 || req.Started != 1234 || req.Producer != 7 {
		t.Errorf("the answer is %+v", req)
	}
}
