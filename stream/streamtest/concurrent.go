package streamtest

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gretestream/grete/stream"
)

// concurrent writes and reads the same partitions from several goroutines, each with
// its own producer and consumer. All readers must see each record once, in order, and
// the same sequence.
func concurrent(f *fixture) {
	const containers, partitions, transactions, perPartition = 4, 3, 25, 4
	topic := f.topic(partitions)
	parts := allOf(topic, partitions)
	readers := make([]*reader, containers)
	for i := range readers {
		readers[i] = f.read(0, parts...)
	}
	var group sync.WaitGroup
	for i := range containers {
		group.Go(func() {
			if err := writeMany(f, topic, i, partitions, transactions, perPartition); err != nil {
				f.Error(err)
			}
		})
	}
	for _, r := range readers[1:] {
		group.Go(func() { readAlong(r, containers*partitions*transactions*perPartition) })
	}
	group.Wait()
	if f.Failed() {
		return
	}
	readers[0].toEnds()
	for _, part := range parts {
		checkOrder(f, readers[0].got[part], containers, transactions*perPartition)
		for _, r := range readers[1:] {
			if a, b := fmt.Sprint(readers[0].got[part]), fmt.Sprint(r.got[part]); a != b {
				f.Errorf("two readers of %s see different records", part)
			}
		}
	}
}

// writeMany sends "container/n" to each partition, with n from 0 on, and aborts some
// transactions.
func writeMany(f *fixture, topic string, container int, partitions int32, transactions, perPartition int) error {
	p, err := f.open(stream.ProducerConfig{ID: topic + strconv.Itoa(container)})
	if err != nil {
		return err
	}
	w, err := p.Writer(topic)
	if err != nil {
		return err
	}
	for t := range transactions {
		if t%5 == 0 {
			if err := w.Send(0, value("aborted")); err != nil {
				return err
			}
			if err := p.Abort(f.ctx); err != nil {
				return err
			}
		}
		for n := range perPartition {
			for i := range partitions {
				if err := w.Send(i, value("%d/%d", container, t*perPartition+n)); err != nil {
					return err
				}
			}
		}
		if _, err := p.Commit(f.ctx, stream.GroupOffsets{}); err != nil {
			return err
		}
	}
	return nil
}

// readAlong reads the wanted number of records. It runs in a goroutine of its own, so
// it reports errors instead of ending the test.
func readAlong(r *reader, want int) {
	for n := 0; n < want; {
		chunks, err := r.Poll()
		if err != nil {
			r.f.Error(err)
			return
		}
		for _, c := range chunks {
			for i := range c.Records {
				r.got[c.TopicPartition] = append(r.got[c.TopicPartition], clone(&c.Records[i]))
			}
			n += len(c.Records)
			r.Release(c.TopicPartition)
		}
		if len(chunks) > 0 {
			continue
		}
		select {
		case <-r.Ready():
		case <-time.After(patience):
			r.f.Errorf("timeout after %d of %d records", n, want)
			return
		}
	}
}

// checkOrder checks that each container's records occur once and in order.
func checkOrder(f *fixture, records []stream.Record, containers, each int) {
	f.Helper()
	next := make(map[string]int)
	for i := range records {
		container, n, _ := strings.Cut(string(records[i].Value), "/")
		if n != strconv.Itoa(next[container]) {
			f.Fatalf("found %q, want number %d", records[i].Value, next[container])
		}
		next[container]++
	}
	if len(next) != containers || len(records) != containers*each {
		f.Fatalf("%d records of %d containers, want %d records of each of %d", len(records), len(next), each, containers)
	}
}
