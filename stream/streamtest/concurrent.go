package streamtest

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gretestream/grete/stream"
)

// concurrent: several containers write to the same partitions and read them, each
// with a producer and a consumer of its own. Everything arrives once and in
// order, and everybody sees the same.
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

// writeMany sends "container/n" to each partition with n from 0 on, and aborts
// something now and then.
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

// readAlong reads until it has seen so many records, or waits in vain. It runs in
// a goroutine of its own and so doesn't end the test itself.
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
			r.f.Errorf("waited in vain for more than %d of %d records", n, want)
			return
		}
	}
}

// checkOrder: each container's records are there, in order, once.
func checkOrder(f *fixture, records []stream.Record, containers, each int) {
	f.Helper()
	next := make(map[string]int)
	for i := range records {
		container, n, _ := strings.Cut(string(records[i].Value), "/")
		if n != strconv.Itoa(next[container]) {
			f.Fatalf("%q where %d was expected", records[i].Value, next[container])
		}
		next[container]++
	}
	if len(next) != containers || len(records) != containers*each {
		f.Fatalf("%d records of %d containers, want %d of each of %d", len(records), len(next), each, containers)
	}
}
