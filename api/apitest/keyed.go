package apitest

import "github.com/gretestream/grete/stream"

// SendTombstone appends a record without a value to an input topic: it deletes the key.
func (x *Test) SendTombstone[K comparable](topic string, key K) {
	x.t.Helper()
	keys, _ := x.app.Pipeline().Serdes.Key[K]()
	x.send(topic, 1, func(_ int, r *stream.Record) (err error) {
		r.Key, err = keys.Append(nil, key)
		return err
	})
}

// SendKeyedTo is [Test.SendKeyed] to a partition of the topic, as a producer does that hashes
// keys in its own way.
func (x *Test) SendKeyedTo[K comparable, M any](topic string, partition int32, key K, value M) {
	x.t.Helper()
	keys, _ := x.app.Pipeline().Serdes.Key[K]()
	values, _ := x.app.Pipeline().Serdes.For[M]()
	x.sendTo(topic, partition, 1, func(_ int, r *stream.Record) (err error) {
		if r.Key, err = keys.Append(nil, key); err != nil {
			return err
		}
		r.Value, err = values.Append(nil, value)
		return err
	})
}

// A Keyed is a record of an output topic with its key.
type Keyed[K comparable, M any] struct {
	Key K
	// Value is nil for a tombstone, which deletes the key.
	Value *M
}

// OutputKeyed is [Test.Output] with the keys of the records. It returns tombstones, too.
func (x *Test) OutputKeyed[K comparable, M any](topic string) []Keyed[K, M] {
	x.t.Helper()
	x.settle()
	keys, _ := x.app.Pipeline().Serdes.Key[K]()
	values, _ := x.app.Pipeline().Serdes.For[M]()
	var out []Keyed[K, M]
	x.read(topic, func(r *stream.Record) (err error) {
		var row Keyed[K, M]
		if row.Key, err = keys.Parse(r.Key); err != nil {
			return err
		}
		if r.Value != nil {
			m, err := values.Parse(r.Value)
			if err != nil {
				return err
			}
			row.Value = &m
		}
		out = append(out, row)
		return nil
	})
	return out
}
