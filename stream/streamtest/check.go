package streamtest

import (
	"bytes"
	"errors"
	"slices"

	"github.com/gretestream/grete/stream"
)

// checked compares Check with Send for records that a topic takes and others. That includes
// records that follow others, which may share their batch, and all sizes around the limit
// of a broker.
func checked(f *fixture) {
	topic, compacted := f.topic(1), f.create(stream.TopicConfig{Partitions: 1, Cleanup: stream.CleanupCompact})
	p := f.producer("")
	var want []string
	check := func(topic string, partition int32, r *stream.Record) {
		f.Helper()
		w, err := p.Writer(topic)
		f.must(err)
		refused := w.Check(partition, r)
		if again := w.Check(partition, r); !sameError(refused, again) {
			f.Errorf("Check returns %v, and then %v", refused, again)
		}
		sent := w.Send(partition, r)
		if !sameError(refused, sent) {
			f.Errorf("%s/%d, %d bytes: Check returns %v, Send %v", topic, partition, len(r.Value), refused, sent)
		}
		if sent == nil && topic != compacted {
			want = append(want, string(r.Value))
		}
	}
	for _, partition := range []int32{-1, 0, 1} {
		check(topic, partition, value("any partition"))
		check(compacted, partition, &stream.Record{Key: []byte("key"), Value: []byte("v")})
		check(compacted, partition, value("no key"))
	}
	random := bytes.Repeat([]byte("0123456789"), 250_000)
	for i := range random {
		random[i] = byte(i*i>>7 ^ i*7>>3 ^ i>>11)
	}
	for _, size := range []int{200_000, 900_000, 1_000_000, 1<<20 - 100, 1<<20 - 70, 1 << 20, 1<<20 + 12, 1_100_000, 2_500_000} {
		check(topic, 0, &stream.Record{Key: []byte("key"), Value: random[:size]})
		check(topic, 0, value("after %d", size))
	}
	p.commit()
	r := f.read(0, tp(topic, 0))
	r.toEnds()
	if got := r.values(tp(topic, 0)); !slices.Equal(got, want) {
		f.Errorf("read %d records, want %d", len(got), len(want))
	}
}

// sameError reports whether two errors say the same, or both are nil.
func sameError(a, b error) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	for _, known := range []error{stream.ErrUnknownTopic, stream.ErrNoKey} {
		if errors.Is(a, known) != errors.Is(b, known) {
			return false
		}
	}
	return errors.As(a, new(*stream.RecordTooLargeError)) == errors.As(b, new(*stream.RecordTooLargeError)) && a.Error() == b.Error()
}
