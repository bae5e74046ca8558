package wire

import (
	"bytes"
	"encoding/binary"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/gretestream/grete/stream"
)

// broker is a connection to one that is written with another library: it decodes
// the request into want and answers.
type broker struct {
	t           *testing.T
	want        kmsg.Request
	answer      kmsg.Response
	correlation int32 // of the answer, less that of the request
	cut         int   // how many bytes of the answer are missing
	in, out     bytes.Buffer
}

func (b *broker) Write(p []byte) (int, error) { return b.in.Write(p) }

func (b *broker) Read(p []byte) (int, error) {
	if b.in.Len() > 0 {
		b.reply()
	}
	return b.out.Read(p)
}

func (b *broker) reply() {
	b.t.Helper()
	frame := slices.Clone(b.in.Bytes())
	b.in.Reset()
	be := binary.BigEndian
	if size := int(be.Uint32(frame)); size != len(frame)-4 {
		b.t.Fatalf("the request says %d bytes and has %d", size, len(frame)-4)
	}
	key, version, correlation := int16(be.Uint16(frame[4:])), int16(be.Uint16(frame[6:])), int32(be.Uint32(frame[8:]))
	if key != b.want.Key() {
		b.t.Fatalf("request %d, want %d", key, b.want.Key())
	}
	name := int(be.Uint16(frame[12:]))
	if got := string(frame[14 : 14+name]); got != "client" {
		b.t.Fatalf("client %q", got)
	}
	body := frame[14+name:]
	b.want.SetVersion(version)
	if b.want.IsFlexible() {
		body = body[1:]
	}
	if err := b.want.ReadFrom(body); err != nil {
		b.t.Fatalf("the request can't be read: %v", err)
	}
	b.answer.SetVersion(version)
	out := be.AppendUint32(make([]byte, 4), uint32(correlation+b.correlation))
	if b.answer.IsFlexible() {
		out = append(out, 0)
	}
	out = b.answer.AppendTo(out)
	be.PutUint32(out, uint32(len(out)-4))
	b.out.Write(out[:len(out)-b.cut])
}

// exchange has a request answered.
func exchange(t *testing.T, req Request, want kmsg.Request, answer kmsg.Response) {
	t.Helper()
	b := &broker{t: t, want: want, answer: answer}
	if err := Exchange(b, 7, "client", req); err != nil {
		t.Fatal(err)
	}
	if b.out.Len() != 0 {
		t.Errorf("%d bytes of the answer are left", b.out.Len())
	}
}

func tp(topic string, partition int32) stream.TopicPartition {
	return stream.TopicPartition{Topic: topic, Partition: partition}
}

func TestFetch(t *testing.T) {
	req := &Fetch{
		MaxWait: 500, MinBytes: 1, MaxBytes: 1 << 20, Session: 5, Epoch: 6,
		Partitions: []FetchPartition{
			{tp("a", 0), -1, 10, 100}, {tp("a", 3), 4, 11, 101}, {tp("b", 1), 2, 12, 102},
		},
		Forgotten: []stream.TopicPartition{tp("c", 1), tp("c", 2), tp("d", 0)},
		Take:      func(n int) []byte { return make([]byte, n, 2*n) },
	}
	got, answer := kmsg.NewPtrFetchRequest(), fetchAnswer()
	exchange(t, req, got, answer)
	if got.ReplicaID != -1 || got.MaxWaitMillis != 500 || got.MinBytes != 1 || got.MaxBytes != 1<<20 || got.IsolationLevel != 1 || got.SessionID != 5 || got.SessionEpoch != 6 {
		t.Errorf("the request is %+v", got)
	}
	var asked []FetchPartition
	for _, topic := range got.Topics {
		for _, p := range topic.Partitions {
			asked = append(asked, FetchPartition{tp(topic.Topic, p.Partition), p.CurrentLeaderEpoch, p.FetchOffset, p.PartitionMaxBytes})
		}
	}
	if !reflect.DeepEqual(asked, req.Partitions) {
		t.Errorf("asked for %v", asked)
	}
	if f := got.ForgottenTopics; len(f) != 2 || !slices.Equal(f[0].Partitions, []int32{1, 2}) || f[1].Topic != "d" {
		t.Errorf("forgotten are %v", f)
	}
	want := FetchAnswer{Throttle: 3, Code: 70, Session: 9, Partitions: []FetchedPartition{
		{TopicPartition: tp("a", 0), Code: 1, StableEnd: 21, FetchedEnd: 22, Start: 2, Aborted: []Aborted{{30, 31}, {32, 33}}, Records: []byte("records")},
		{TopicPartition: tp("b", 7), StableEnd: 5, FetchedEnd: 5, Start: -1},
	}}
	if !reflect.DeepEqual(req.Answer, want) {
		t.Errorf("the answer is %+v, want %+v", req.Answer, want)
	}
}

func fetchAnswer() *kmsg.FetchResponse {
	answer := kmsg.NewPtrFetchResponse()
	answer.SetVersion(11)
	answer.ThrottleMillis, answer.ErrorCode, answer.SessionID = 3, 70, 9
	answer.Topics = []kmsg.FetchResponseTopic{
		{Topic: "a", Partitions: []kmsg.FetchResponseTopicPartition{{
			Partition: 0, ErrorCode: 1, HighWatermark: 22, LastStableOffset: 21, LogStartOffset: 2,
			AbortedTransactions: []kmsg.FetchResponseTopicPartitionAbortedTransaction{{ProducerID: 30, FirstOffset: 31}, {ProducerID: 32, FirstOffset: 33}},
			RecordBatches:       []byte("records"),
		}}},
		{Topic: "b", Partitions: []kmsg.FetchResponseTopicPartition{{Partition: 7, HighWatermark: 5, LastStableOffset: 5, LogStartOffset: -1}}},
	}
	return answer
}

func TestFetch_ReusesMemory(t *testing.T) {
	block := make([]byte, 100)
	req := &Fetch{Take: func(int) []byte { return block }}
	frame := fetchAnswer().AppendTo(make([]byte, 8))
	binary.BigEndian.PutUint32(frame, uint32(len(frame)-4))
	var src bytes.Reader
	read := func() {
		src.Reset(frame)
		r := reader{src: &src, left: len(frame), room: maxAnswer}
		r.int64()
		req.decode(&r)
		if r.err != nil {
			t.Fatal(r.err)
		}
	}
	read()
	// Each exchange allocates a reader.
	if n := testing.AllocsPerRun(100, read); n > 3 {
		t.Errorf("%v allocations", n)
	}
}

// addressed is a batch behind its room.
func addressed(batch []byte, partition int32) []byte {
	b := append(make([]byte, BatchRoom), batch...)
	Address(b, partition)
	return b
}

func TestProduce(t *testing.T) {
	long := bytes.Repeat([]byte("batch"), 1000)
	for _, transaction := range []string{"", "mine"} {
		req := &Produce{Transaction: transaction, Timeout: 1000, Partitions: []ProducePartition{
			{tp("a", 0), addressed(long, 0)}, {tp("a", 1), addressed([]byte("x"), 1)}, {tp("b", 4), addressed(long[1:], 4)},
		}}
		got, answer := kmsg.NewPtrProduceRequest(), kmsg.NewPtrProduceResponse()
		why := "why"
		answer.ThrottleMillis = 8
		answer.Topics = []kmsg.ProduceResponseTopic{{Topic: "a", Partitions: []kmsg.ProduceResponseTopicPartition{
			{Partition: 0, BaseOffset: 77, LogAppendTime: -1},
			{Partition: 1, ErrorCode: 87, BaseOffset: -1, ErrorMessage: &why, ErrorRecords: []kmsg.ProduceResponseTopicPartitionErrorRecord{{RelativeOffset: 1, ErrorMessage: nil}}},
		}}}
		exchange(t, req, got, answer)
		if (got.TransactionID == nil) != (transaction == "") || got.Acks != -1 || got.TimeoutMillis != 1000 {
			t.Errorf("the request is %+v", got)
		}
		var sent []ProducePartition
		for _, topic := range got.Topics {
			for _, p := range topic.Partitions {
				sent = append(sent, ProducePartition{tp(topic.Topic, p.Partition), addressed(p.Records, p.Partition)})
			}
		}
		if !reflect.DeepEqual(sent, req.Partitions) {
			t.Error("other batches were sent")
		}
		want := ProduceAnswer{Throttle: 8, Partitions: []ProducedPartition{{tp("a", 0), 0, 77, ""}, {tp("a", 1), 87, -1, "why"}}}
		if !reflect.DeepEqual(req.Answer, want) {
			t.Errorf("the answer is %+v", req.Answer)
		}
	}
}

func TestOffsetFetch(t *testing.T) {
	req := &OffsetFetch{Group: "g", Partitions: []stream.TopicPartition{tp("a", 1), tp("a", 0), tp("b", 2)}}
	got, answer := kmsg.NewPtrOffsetFetchRequest(), kmsg.NewPtrOffsetFetchResponse()
	meta := "meta"
	answer.ErrorCode = 14
	answer.Topics = []kmsg.OffsetFetchResponseTopic{{Topic: "a", Partitions: []kmsg.OffsetFetchResponseTopicPartition{
		{Partition: 1, Offset: 5, LeaderEpoch: 2, Metadata: &meta}, {Partition: 0, Offset: -1, ErrorCode: 88},
	}}}
	exchange(t, req, got, answer)
	if got.Group != "g" || !got.RequireStable || len(got.Topics) != 2 || !slices.Equal(got.Topics[0].Partitions, []int32{1, 0}) || got.Topics[1].Topic != "b" {
		t.Errorf("the request is %+v", got)
	}
	if want := (OffsetFetchAnswer{14, []CommittedOffset{{tp("a", 1), 5, 0}, {tp("a", 0), -1, 88}}}); !reflect.DeepEqual(req.Answer, want) {
		t.Errorf("the answer is %+v", req.Answer)
	}
}

func TestJoinGroup(t *testing.T) {
	req := &JoinGroup{Group: "g", SessionTimeout: 1, RebalanceTimeout: 2, Member: "m", Instance: "i", ProtocolType: "consumer", Protocol: "grete", Metadata: []byte("meta")}
	got, answer := kmsg.NewPtrJoinGroupRequest(), joinAnswer()
	exchange(t, req, got, answer)
	if got.Group != "g" || got.SessionTimeoutMillis != 1 || got.RebalanceTimeoutMillis != 2 || got.MemberID != "m" || *got.InstanceID != "i" ||
		got.ProtocolType != "consumer" || len(got.Protocols) != 1 || got.Protocols[0].Name != "grete" || string(got.Protocols[0].Metadata) != "meta" {
		t.Errorf("the request is %+v", got)
	}
	want := JoinGroupAnswer{27, 5, "grete", "l", "m", []JoinedMember{{"m", "i", []byte("meta")}, {"n", "", nil}}}
	if !reflect.DeepEqual(req.Answer, want) {
		t.Errorf("the answer is %+v", req.Answer)
	}
}

func joinAnswer() *kmsg.JoinGroupResponse {
	answer, instance, protocol := kmsg.NewPtrJoinGroupResponse(), "i", "grete"
	answer.ErrorCode, answer.Generation, answer.Protocol, answer.LeaderID, answer.MemberID = 27, 5, &protocol, "l", "m"
	answer.Members = []kmsg.JoinGroupResponseMember{{MemberID: "m", InstanceID: &instance, ProtocolMetadata: []byte("meta")}, {MemberID: "n"}}
	return answer
}

func TestSyncGroup(t *testing.T) {
	req := &SyncGroup{Group: "g", Generation: 3, Member: "m", Assignments: []MemberAssignment{{"m", []byte("a")}}}
	got, answer := kmsg.NewPtrSyncGroupRequest(), kmsg.NewPtrSyncGroupResponse()
	answer.ErrorCode, answer.MemberAssignment = 25, []byte("b")
	exchange(t, req, got, answer)
	if got.Group != "g" || got.Generation != 3 || got.MemberID != "m" || got.InstanceID != nil || len(got.GroupAssignment) != 1 || string(got.GroupAssignment[0].MemberAssignment) != "a" {
		t.Errorf("the request is %+v", got)
	}
	if want := (SyncGroupAnswer{25, []byte("b")}); !reflect.DeepEqual(req.Answer, want) {
		t.Errorf("the answer is %+v", req.Answer)
	}
}

func TestHeartbeatAndLeaveGroup(t *testing.T) {
	beat := &Heartbeat{Group: "g", Generation: 3, Member: "m", Instance: "i"}
	beaten, alive := kmsg.NewPtrHeartbeatRequest(), kmsg.NewPtrHeartbeatResponse()
	alive.ErrorCode, alive.ThrottleMillis = 22, 9
	exchange(t, beat, beaten, alive)
	if beaten.Group != "g" || beaten.Generation != 3 || beaten.MemberID != "m" || *beaten.InstanceID != "i" || beat.Code != 22 {
		t.Errorf("the request is %+v, the answer %d", beaten, beat.Code)
	}
	leave := &LeaveGroup{Group: "g", Member: "m", Instance: "i"}
	left, gone := kmsg.NewPtrLeaveGroupRequest(), kmsg.NewPtrLeaveGroupResponse()
	gone.Members = []kmsg.LeaveGroupResponseMember{{MemberID: "m", ErrorCode: 25}}
	exchange(t, leave, left, gone)
	if left.Group != "g" || len(left.Members) != 1 || left.Members[0].MemberID != "m" || *left.Members[0].InstanceID != "i" || leave.Code != 25 {
		t.Errorf("the request is %+v, the answer %d", left, leave.Code)
	}
}

func TestDescribeGroup(t *testing.T) {
	req := &DescribeGroup{Group: "g"}
	got, answer := kmsg.NewPtrDescribeGroupsRequest(), describeAnswer()
	exchange(t, req, got, answer)
	if !slices.Equal(got.Groups, []string{"g"}) || got.IncludeAuthorizedOperations {
		t.Errorf("the request is %+v", got)
	}
	want := DescribeGroupAnswer{30, "Stable", "consumer", "grete", []DescribedMember{
		{"m", "i", "client", "/host", []byte("meta"), []byte("assigned")}, {"n", "", "", "", nil, nil},
	}}
	if !reflect.DeepEqual(req.Answer, want) {
		t.Errorf("the answer is %+v", req.Answer)
	}
	exchange(t, req, got, kmsg.NewPtrDescribeGroupsResponse())
	if !reflect.DeepEqual(req.Answer, DescribeGroupAnswer{}) {
		t.Errorf("an answer without the group is %+v", req.Answer)
	}
}

func describeAnswer() *kmsg.DescribeGroupsResponse {
	answer, instance := kmsg.NewPtrDescribeGroupsResponse(), "i"
	g := kmsg.NewDescribeGroupsResponseGroup()
	g.ErrorCode, g.Group, g.State, g.ProtocolType, g.Protocol = 30, "g", "Stable", "consumer", "grete"
	g.Members = []kmsg.DescribeGroupsResponseGroupMember{
		{MemberID: "m", InstanceID: &instance, ClientID: "client", ClientHost: "/host", ProtocolMetadata: []byte("meta"), MemberAssignment: []byte("assigned")},
		{MemberID: "n"},
	}
	answer.Groups = []kmsg.DescribeGroupsResponseGroup{g}
	return answer
}

func TestDeleteRecords(t *testing.T) {
	req := &DeleteRecords{Before: []stream.Position{{TopicPartition: tp("a", 1), Offset: 9}}, Timeout: 100}
	got, answer := kmsg.NewPtrDeleteRecordsRequest(), kmsg.NewPtrDeleteRecordsResponse()
	answer.Topics = []kmsg.DeleteRecordsResponseTopic{{Topic: "a", Partitions: []kmsg.DeleteRecordsResponseTopicPartition{{Partition: 1, LowWatermark: 9, ErrorCode: 1}}}}
	exchange(t, req, got, answer)
	if got.TimeoutMillis != 100 || got.Topics[0].Topic != "a" || got.Topics[0].Partitions[0].Offset != 9 {
		t.Errorf("the request is %+v", got)
	}
	if want := []DeletedRecords{{tp("a", 1), 9, 1}}; !reflect.DeepEqual(req.Answer, want) {
		t.Errorf("the answer is %+v", req.Answer)
	}
}

func TestMetadata(t *testing.T) {
	req := &Metadata{Topics: []string{"a", "b", "none"}}
	got, answer := kmsg.NewPtrMetadataRequest(), metadataAnswer()
	exchange(t, req, got, answer)
	if len(got.Topics) != 3 || *got.Topics[0].Topic != "a" || got.Topics[1].TopicID != [16]byte{} || got.AllowAutoTopicCreation {
		t.Errorf("the request is %+v", got)
	}
	want := []TopicID{{"a", [16]byte{1, 2, 15: 3}, 0}, {"b", [16]byte{}, 0}, {"none", [16]byte{}, 3}}
	if !reflect.DeepEqual(req.Answer, want) {
		t.Errorf("the answer is %+v", req.Answer)
	}
}

func metadataAnswer() *kmsg.MetadataResponse {
	answer := kmsg.NewPtrMetadataResponse()
	answer.SetVersion(10)
	cluster, rack, a, b, none := "cluster", "rack", "a", "b", "none"
	answer.ClusterID = &cluster
	answer.Brokers = []kmsg.MetadataResponseBroker{{NodeID: 1, Host: "host", Port: 9092, Rack: &rack}, {NodeID: 2, Host: "other"}}
	answer.Topics = []kmsg.MetadataResponseTopic{
		{Topic: &a, TopicID: [16]byte{1, 2, 15: 3}, Partitions: []kmsg.MetadataResponseTopicPartition{
			{Partition: 0, Leader: 1, Replicas: []int32{1, 2}, ISR: []int32{1}, OfflineReplicas: []int32{2}}, {Partition: 1, ErrorCode: 5},
		}},
		{Topic: &b, IsInternal: true},
		{Topic: &none, ErrorCode: 3},
	}
	return answer
}

func TestDecode_InvalidAnswers(t *testing.T) {
	b := &broker{t: t, want: kmsg.NewPtrFetchRequest(), answer: fetchAnswer(), correlation: 1}
	if err := Exchange(b, 7, "client", &Fetch{}); err == nil || !strings.Contains(err.Error(), "request 8, expected 7") {
		t.Errorf("an answer to another request: %v", err)
	}
	whole := len(fetchAnswer().AppendTo(nil)) + 8
	for cut := 1; cut <= whole; cut++ {
		b := &broker{t: t, want: kmsg.NewPtrFetchRequest(), answer: fetchAnswer(), cut: cut}
		if err := Exchange(b, 7, "client", &Fetch{Take: func(n int) []byte { return make([]byte, n) }}); err == nil {
			t.Fatalf("%d of %d bytes are missing, and nobody notices", cut, whole)
		}
	}
}
