package stream

import "strconv"

// A Record is one entry of a partition. Key and Value may be nil; a nil Value
// is a tombstone: it deletes the key in a compacted topic.
//
// The slices of a record that was read belong to the consumer, see [Consumer].
type Record struct {
	Key, Value []byte
	Headers    []Header
	Time       int64 // when it was produced, ms since 1970
	Offset     int64
}

// A Header is a named value beside a record's key and value.
type Header struct {
	Key   string
	Value []byte
}

// Header returns the value of the first header of that name, and whether there
// is one.
func (r *Record) Header(name string) ([]byte, bool) {
	for i := range r.Headers {
		if r.Headers[i].Key == name {
			return r.Headers[i].Value, true
		}
	}
	return nil, false
}

// A TopicPartition names one partition of a topic. Partitions count from 0.
type TopicPartition struct {
	Topic     string
	Partition int32
}

// String is the usual written form, "topic/3".
func (tp TopicPartition) String() string {
	return tp.Topic + "/" + strconv.Itoa(int(tp.Partition))
}

// A Position is an offset in a partition. As something committed, it is the
// offset of the first record that has not been processed.
type Position struct {
	TopicPartition
	Offset int64
}
