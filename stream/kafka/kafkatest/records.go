package kafkatest

import (
	"bytes"
	"math/rand/v2"
	"strconv"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/gretestream/grete/stream"
)

// Samples returns records with everything that a record can have or lack.
func Samples() []stream.Record {
	return []stream.Record{
		{Key: []byte("key"), Value: []byte("value"), Time: 1398926301271},
		{Key: []byte{}, Value: []byte{}, Time: 1},
		{Key: []byte("deleted"), Time: 1398926301270}, // a tombstone
		{Value: []byte("no key"), Time: 4},
		{Time: 2},
		{Key: []byte{0, 255}, Value: bytes.Repeat([]byte("ab"), 5000), Time: 3, Headers: []stream.Header{{Key: "h", Value: []byte("v")}}},
		{Value: []byte("headers"), Time: 1398926301271, Headers: []stream.Header{
			{Key: "same", Value: []byte("1")}, {Key: "same", Value: []byte("2")},
			{Key: "nil"}, {Key: "empty", Value: []byte{}}, {Key: "", Value: []byte{0}}, {Key: "ü", Value: []byte("ü")},
		}},
	}
}

// ManySamples returns records that fill several batches and compress to half their size.
func ManySamples() []stream.Record {
	random := rand.New(rand.NewPCG(1, 2))
	var all []stream.Record
	for i := range 300 {
		value := bytes.Repeat([]byte(strconv.Itoa(i)), 500)
		for k := range value[:500] {
			value[k] = byte(random.Uint32())
		}
		all = append(all, stream.Record{Value: value, Time: int64(i + 1)})
	}
	return all
}

// ToJava converts a record to what the Java client reads.
func ToJava(r *stream.Record) JavaRecord {
	j := JavaRecord{Time: r.Time, Key: r.Key, Value: r.Value, Headers: []JavaHeader{}}
	for _, h := range r.Headers {
		j.Headers = append(j.Headers, JavaHeader(h))
	}
	return j
}

// FromFranz converts a record of franz-go.
func FromFranz(r *kgo.Record) JavaRecord {
	j := JavaRecord{Partition: r.Partition, Offset: r.Offset, Time: r.Timestamp.UnixMilli(), Key: r.Key, Value: r.Value, Headers: []JavaHeader{}}
	for _, h := range r.Headers {
		j.Headers = append(j.Headers, JavaHeader(h))
	}
	return j
}
