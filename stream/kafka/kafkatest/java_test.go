//go:build real

package kafkatest

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Each client must read what the other one has written.
func TestJava_ExchangesRecordsWithFranz(t *testing.T) {
	c := shared.Cluster(t)
	records := []JavaRecord{
		{Partition: 0, Offset: 0, Time: 1_400_000_000_000, Key: []byte("k"), Value: []byte{0, 255, '\n'}, Headers: []JavaHeader{{"a", []byte("1")}, {"a", nil}}},
		{Partition: 0, Offset: 1, Time: 1_400_000_000_001, Key: []byte{}, Value: []byte{}, Headers: []JavaHeader{}},
		{Partition: 1, Offset: 0, Time: 1_400_000_000_002, Key: []byte("tombstone"), Headers: []JavaHeader{}},
		{Partition: 1, Offset: 1, Time: 1_400_000_000_003, Value: []byte("no key"), Headers: []JavaHeader{{"ü", []byte{}}}},
	}
	for _, codec := range []string{"none", "zstd"} {
		topic := Name(t)
		c.CreateTopic(t, topic, 2, map[string]string{"retention.ms": "-1"})
		var steps []JavaStep
		for _, r := range records {
			steps = append(steps, JavaStep{JavaRecord: r})
		}
		begun := time.Now()
		c.JavaProduce(t, topic, map[string]string{"compression.type": codec}, steps...)
		t.Logf("%s: Java wrote in %v", codec, time.Since(begun))
		begun = time.Now()
		if got := c.JavaConsume(t, topic, nil); !reflect.DeepEqual(got, records) {
			t.Errorf("%s: Java read\n%+v, want\n%+v", codec, got, records)
		}
		t.Logf("%s: Java read in %v", codec, time.Since(begun))
		if got := readAll(t, c.Franz(t), topic, 2, len(records)); !reflect.DeepEqual(got, records) {
			t.Errorf("%s: franz-go read\n%+v, want\n%+v", codec, got, records)
		}
	}
}

// readAll reads n records of a topic by franz-go, as Java would give them.
func readAll(t *testing.T, client *kgo.Client, topic string, partitions int32, n int) []JavaRecord {
	from := map[int32]kgo.Offset{}
	for p := range partitions {
		from[p] = kgo.NewOffset().AtStart()
	}
	client.AddConsumePartitions(map[string]map[int32]kgo.Offset{topic: from})
	lists := make([][]JavaRecord, partitions)
	for read := 0; read < n; {
		fetches := client.PollFetches(within(t))
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		for _, r := range fetches.Records() {
			j := JavaRecord{Partition: r.Partition, Offset: r.Offset, Time: r.Timestamp.UnixMilli(), Key: r.Key, Value: r.Value, Headers: []JavaHeader{}}
			for _, h := range r.Headers {
				j.Headers = append(j.Headers, JavaHeader(h))
			}
			lists[r.Partition] = append(lists[r.Partition], j)
			read++
		}
	}
	return slices.Concat(lists...)
}

func TestJava_Transactions(t *testing.T) {
	c := shared.Cluster(t)
	topic := Name(t)
	c.CreateTopic(t, topic, 1, nil)
	send := func(value string) JavaStep {
		return JavaStep{JavaRecord: JavaRecord{Value: []byte(value), Time: time.Now().UnixMilli()}}
	}
	c.JavaProduce(t, topic, map[string]string{"transactional.id": Name(t)},
		JavaStep{Do: JavaBegin}, send("a"), JavaStep{Do: JavaCommit},
		JavaStep{Do: JavaBegin}, send("b"), JavaStep{Do: JavaAbort},
		JavaStep{Do: JavaBegin}, send("c"), JavaStep{Do: JavaFlush}, send("d"), JavaStep{Do: JavaCommit})
	for level, want := range map[string]string{
		"read_uncommitted": "[0=a 2=b 4=c 5=d]",
		"read_committed":   "[0=a 4=c 5=d]",
	} {
		var got []string
		for _, r := range c.JavaConsume(t, topic, map[string]string{"isolation.level": level}) {
			got = append(got, fmt.Sprintf("%d=%s", r.Offset, r.Value))
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%s: read %v, want %s", level, got, want)
		}
	}
}

func TestJava_PartitionsAsFranz(t *testing.T) {
	c := shared.Cluster(t)
	topic := Name(t)
	c.CreateTopic(t, topic, 4, nil)
	c.JavaProduce(t, topic, nil, JavaStep{JavaRecord: JavaRecord{Partition: -1, Key: []byte("k"), Time: time.Now().UnixMilli()}})
	want := kgo.StickyKeyPartitioner(nil).ForTopic(topic).Partition(&kgo.Record{Key: []byte("k")}, 4)
	if got := c.JavaConsume(t, topic, nil); len(got) != 1 || int(got[0].Partition) != want {
		t.Errorf("read %+v, want it in partition %d", got, want)
	}
}

func TestJavaBench_MeasuresRounds(t *testing.T) {
	c := shared.Cluster(t)
	topic := Name(t)
	c.CreateTopic(t, topic, 2, nil)
	const records = 5000
	produce := c.JavaBenchProduce(t, topic, records, 100, nil)
	consume := c.JavaBenchConsume(t, topic, records, nil)
	for range 3 {
		for _, b := range []*JavaBench{produce, consume} {
			begun := time.Now()
			cost := b.Round(t)
			if took := float64(time.Since(begun)) / records; cost.CPU <= 0 || cost.Wall <= 0 || cost.Wall > took {
				t.Errorf("a round that took %v ns for each record cost %+v", took, cost)
			}
			t.Logf("%+v", cost)
		}
	}
	offsets, err := c.Admin().ListEndOffsets(within(t), topic)
	if err != nil {
		t.Fatal(err)
	}
	for p := range int32(2) {
		if o, _ := offsets.Lookup(topic, p); o.Offset != 3*records/2 {
			t.Errorf("partition %d has %d records, want %d", p, o.Offset, 3*records/2)
		}
	}
	if got := c.JavaConsume(t, topic, nil); len(got) != 3*records || len(got[0].Value) != 100 {
		t.Errorf("%d records, the first with %d bytes", len(got), len(got[0].Value))
	}
}
