package stream

import "strconv"

// A Record is one entry of a partition. Key and Value may be nil; a nil Value
// is a tombstone: it deletes the key in a compacted topic.
//
// The slices of a record that was read belong to its [Consumer] and are valid
// until its chunk is released.
type Record struct {
	Key, Value []byte
	Headers    []Header
	Time       int64 // when the record was produced, in ms since 1970
	Offset     int64
}

// A Header is a named value of a record, in addition to its key and value.
type Header struct {
	Key   string
	Value []byte
}

// Header returns the value of the first header with the given name, and whether
// there is one.
func (r *Record) Header(name string) ([]byte, bool) {
	for i := range r.Headers {
		if r.Headers[i].Key == name {
			return r.Headers[i].Value, true
		}
	}
	return nil, false
}

// A TopicPartition names one partition of a topic. Partitions are numbered from 0.
type TopicPartition struct {
	Topic     string
	Partition int32
}

// String returns the usual form, such as "topic/3".
func (tp TopicPartition) String() string {
	return tp.Topic + "/" + strconv.Itoa(int(tp.Partition))
}

// A Position is an offset in a partition. A committed position is the offset of
// the first record that hasn't been processed.
type Position struct {
	TopicPartition
	Offset int64
}
