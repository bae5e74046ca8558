//go:build real

package kafka

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// BenchmarkConsume reads the same topic by our consumer and by others, in turn, and
// reports the medians: CPU time of the whole process (getrusage, user and system)
// and allocations, for each record. The broker runs beside them, so the time on
// the wall says little.
//
//	go test -tags real -run '^$' -bench Consume ./stream/kafka
func BenchmarkConsume(b *testing.B) {
	const partitions, records, rounds = 8, 2_000_000, 5
	cluster := shared.Cluster(b)
	topic := kafkatest.Name(b)
	cluster.CreateTopic(b, topic, partitions, nil)
	fillTopic(b, cluster, topic, partitions, records)
	java := cluster.JavaBenchConsume(b, topic, records, nil)
	contenders := []contender{
		{"grete", func() cost { return measure(records, func() { readOurs(b, cluster, topic, partitions, records) }) }},
		{"franz", func() cost { return measure(records, func() { readFranz(b, cluster, topic, records) }) }},
		{"franz-pooled", func() cost {
			return measure(records, func() { readFranz(b, cluster, topic, records, kgo.WithPools(new(recordPool))) })
		}},
		{"java", func() cost { return cost{cpu: java.Round(b).CPU} }},
	}
	compete(b, 0, rounds, contenders)
}

// A contender does the same as the others, once.
type contender struct {
	name string
	run  func() cost
}

// compete has all contenders run in turn, some times in vain and then for so many
// rounds, and reports their medians beside those of the first.
func compete(b *testing.B, warmUps, rounds int, all []contender) {
	b.Helper()
	costs := make([][]cost, len(all))
	for round := range warmUps + rounds {
		for i, c := range all {
			if cost := c.run(); round >= warmUps {
				costs[i] = append(costs[i], cost)
			}
		}
	}
	b.ReportMetric(0, "ns/op")
	first := median(costs[0])
	for i, c := range all {
		m := median(costs[i])
		b.ReportMetric(m.cpu, c.name+"-cpu-ns/record")
		b.ReportMetric(m.allocs, c.name+"-allocs/record")
		b.ReportMetric(first.cpu/m.cpu, "ours/"+c.name)
	}
}

// A cost is for each record.
type cost struct{ cpu, allocs float64 }

// measure runs f and divides what it cost.
func measure(records int, f func()) cost {
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	cpu := cpuTime()
	f()
	cpu = cpuTime() - cpu
	runtime.ReadMemStats(&after)
	return cost{float64(cpu) / float64(records), float64(after.Mallocs-before.Mallocs) / float64(records)}
}

// cpuTime is what this process has used, in ns.
func cpuTime() int64 {
	var use syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &use) // it can't fail
	return use.Utime.Nano() + use.Stime.Nano()
}

func median(all []cost) cost {
	cpu, allocs := make([]float64, len(all)), make([]float64, len(all))
	for i, c := range all {
		cpu[i], allocs[i] = c.cpu, c.allocs
	}
	slices.Sort(cpu)
	slices.Sort(allocs)
	return cost{cpu[len(cpu)/2], allocs[len(allocs)/2]}
}

// fillTopic writes records of 100 bytes, 1000 to a batch.
func fillTopic(b *testing.B, c *kafkatest.Cluster, topic string, partitions, records int) {
	b.Helper()
	const inBatch = 1000
	s := openSystem(b, Options{Brokers: c.Bootstrap()})
	must(b, s.cluster.refresh(b.Context(), topic))
	var builder batch.Builder
	builder.Start(make([]byte, wire.BatchRoom))
	for i := range inBatch {
		builder.Append(&stream.Record{Value: fmt.Appendf(nil, "%0100d", i), Time: time.Now().UnixMilli()})
	}
	data, err := builder.Finish(0)
	must(b, err)
	for n := 0; n < records; {
		req := &wire.Produce{Timeout: 30_000}
		for p := range int32(partitions) {
			mine := slices.Clone(data)
			wire.Address(mine, p)
			req.Partitions = append(req.Partitions, wire.ProducePartition{TopicPartition: at(topic, p), Batch: mine})
			n += inBatch
		}
		must(b, s.retry(b.Context(), func() error { return send(b.Context(), s, req) }))
	}
}

// send puts what is in a request to the leader of its partitions.
func send(ctx context.Context, s *System, req *wire.Produce) error {
	_, err := s.link.Exchange(ctx, s.cluster.leader(req.Partitions[0].TopicPartition).node, req, requestTimeout)
	for _, p := range req.Answer.Partitions {
		if p.Code != 0 {
			return code(p.Code)
		}
	}
	return err
}

func readOurs(b *testing.B, cluster *kafkatest.Cluster, topic string, partitions int32, records int) {
	s, err := Open(b.Context(), Options{Brokers: cluster.Bootstrap()})
	must(b, err)
	c, err := s.OpenConsumer(b.Context(), stream.ConsumerConfig{})
	must(b, err)
	for p := range partitions {
		must(b, c.Assign(at(topic, p), 0))
	}
	for n, bytes := 0, 0; n < records; {
		chunks, err := c.Poll()
		must(b, err)
		if len(chunks) == 0 {
			<-c.Ready()
		}
		for _, chunk := range chunks {
			for i := range chunk.Records {
				bytes += len(chunk.Records[i].Value)
			}
			n += len(chunk.Records)
			c.Release(chunk.TopicPartition)
		}
	}
	must(b, c.Close())
	must(b, s.Close())
}

func readFranz(b *testing.B, cluster *kafkatest.Cluster, topic string, records int, opts ...kgo.Opt) {
	opts = append(opts, kgo.SeedBrokers(cluster.Bootstrap()...), kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	client, err := kgo.NewClient(opts...)
	must(b, err)
	defer client.Close()
	for n, bytes := 0, 0; n < records; {
		fetches := client.PollFetches(b.Context())
		must(b, fetches.Err())
		fetches.EachRecord(func(r *kgo.Record) {
			bytes += len(r.Value)
			n++
			r.Recycle()
		})
	}
}

// recordPool is franz-go's way to use memory again.
type recordPool struct{ records sync.Pool }

func (p *recordPool) GetRecords(n int) []kgo.Record {
	if list, ok := p.records.Get().(*[]kgo.Record); ok && cap(*list) >= n {
		return (*list)[:n]
	}
	return make([]kgo.Record, n)
}

func (p *recordPool) PutRecords(list []kgo.Record) { p.records.Put(&list) }
