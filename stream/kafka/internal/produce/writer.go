package produce

import (
	"context"
	"errors"
	"fmt"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
)

// A writer sends to a topic.
type writer struct {
	producer   *Producer
	topic      string
	settings   topicSettings
	limit      int // size of a batch with more than one record
	partitions []openPartition
}

// batchBytes is the size of a full batch before compression. It is large enough to spread
// the cost of requests and goroutine switches over many records (half of it costs a third
// more per record), and far below the brokers' limit.
const batchBytes = 256 << 10

// Writer returns a writer to a topic, whose settings it looks up.
func (p *Producer) Writer(topic string) (stream.Writer, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	if w := p.writers[topic]; w != nil {
		return w, nil
	}
	w, err := p.newWriter(p.life.Context(), topic)
	if err != nil {
		return nil, p.wrap(fmt.Errorf("write to topic %s: %w", topic, err))
	}
	p.writers[topic] = w
	return w, nil
}

func (p *Producer) newWriter(ctx context.Context, topic string) (*writer, error) {
	n, err := p.partitions(ctx, topic)
	if err != nil {
		return nil, err
	}
	rules, err := settingsOf(ctx, p.client, topic)
	if err != nil {
		return nil, err
	}
	w := &writer{producer: p, topic: topic, settings: rules, limit: rules.batchBytes(p.sender.codec), partitions: make([]openPartition, n)}
	for i := range w.partitions {
		w.partitions[i].buffer = &partitionBuffer{
			TopicPartition: stream.TopicPartition{Topic: topic, Partition: int32(i)},
			held:           p.transactional(), end: unknownEnd,
		}
	}
	return w, nil
}

// partitions looks up the number of partitions of a topic.
func (p *Producer) partitions(ctx context.Context, topic string) (int32, error) {
	missed := 0
	err := p.client.Retry(ctx, func() error {
		err := p.client.Metadata.Refresh(ctx, topic)
		// A broker may not know a new topic yet.
		if errors.Is(err, kerr.UnknownTopic) {
			missed++
		}
		if missed >= unknownTries || errors.Is(err, kerr.InvalidTopic) {
			return stream.ErrUnknownTopic
		}
		return err
	})
	return p.client.Metadata.Partitions(topic), err
}

// unknownTries is how often to look for a topic that brokers don't know.
const unknownTries = 4

// Partitions returns the number of partitions when the writer was opened.
func (w *writer) Partitions() int32 { return int32(len(w.partitions)) }

// Send appends a record to the open batch of its partition.
func (w *writer) Send(partition int32, r *stream.Record) error {
	if err := w.accept(partition, r); err != nil {
		return err
	}
	p, s := w.producer, &w.partitions[partition]
	size := maxEncodedSize(r)
	if s.batch == nil || s.batch.builder.Size()+size > w.limit {
		if err := w.nextBatch(s, r, size); err != nil {
			return w.refuse(partition, err)
		}
	}
	b := &s.batch.builder
	before := b.Size()
	if r.Time == 0 {
		now := *r
		now.Time = p.client.Link.Now().UnixMilli()
		b.Append(&now)
	} else {
		b.Append(r)
	}
	p.openBytes += int64(b.Size() - before)
	return nil
}

// Check is Send without sending.
func (w *writer) Check(partition int32, r *stream.Record) error {
	if err := w.accept(partition, r); err != nil {
		return err
	}
	if batch.HeaderSize+maxEncodedSize(r) > w.limit {
		if err := w.checkSize(r); err != nil {
			return w.refuse(partition, err)
		}
	}
	return nil
}

// accept checks a record without regard to its size.
func (w *writer) accept(partition int32, r *stream.Record) error {
	p := w.producer
	if p.closed || p.life.HasFailed() {
		return p.check()
	}
	if partition < 0 || int(partition) >= len(w.partitions) {
		return w.refuse(partition, stream.ErrUnknownTopic)
	}
	if r.Key == nil && w.settings.compacted {
		return w.refuse(partition, stream.ErrNoKey)
	}
	return nil
}

// nextBatch sends the full batch, if there is one, and opens the next for a record of at
// most this size.
func (w *writer) nextBatch(s *openPartition, r *stream.Record, size int) error {
	p, room := w.producer, 0
	if s.batch != nil {
		p.closeBatch(s)
		p.send()
		room = w.limit // the next one is likely to get full, too
	}
	if batch.HeaderSize+size > w.limit {
		if err := w.checkSize(r); err != nil {
			return err
		}
	}
	p.openBatch(s, room)
	return nil
}

func (w *writer) refuse(partition int32, err error) error {
	to := stream.TopicPartition{Topic: w.topic, Partition: partition}
	if large := (*stream.RecordTooLargeError)(nil); errors.As(err, &large) {
		large.TopicPartition = to
		return w.producer.wrap(fmt.Errorf("%w: %w", kerr.MessageTooLarge, large))
	}
	return w.producer.wrap(fmt.Errorf("send to %s: %w", to, err))
}

// checkSize checks a record that is a batch of its own, as the broker does: by the batch's
// size when it is compressed.
func (w *writer) checkSize(r *stream.Record) error {
	size := batch.HeaderSize + payloadSize(r)
	if size > maxRecordBytes {
		return stream.NewRecordTooLargeError(stream.TopicPartition{}, r, int64(size), maxRecordBytes)
	}
	if w.settings.maxBytes == 0 || batch.HeaderSize+maxEncodedSize(r) <= w.settings.maxBytes {
		return nil
	}
	codec := w.producer.sender.codec
	b := batch.Builder{Codec: codec}
	b.Start(nil)
	b.Append(r)
	packed, err := b.Finish(0)
	if err != nil || len(packed) <= w.settings.maxBytes {
		return err
	}
	as := ""
	if codec != batch.None {
		as = fmt.Sprintf(" (%d compressed with %s)", len(packed), codec)
	}
	large := stream.NewRecordTooLargeError(stream.TopicPartition{}, r, int64(len(packed)), int64(w.settings.maxBytes))
	large.Compressed = codec != batch.None
	large.Advice = fmt.Sprintf("key, value and headers have %d bytes%s, and the topic's max.message.bytes is %d", size, as, w.settings.maxBytes)
	return large
}

// maxRecordBytes is what consumers read.
const maxRecordBytes = batch.Limit

// payloadSize is the size of a record's data.
func payloadSize(r *stream.Record) int {
	n := len(r.Key) + len(r.Value)
	for i := range r.Headers {
		n += len(r.Headers[i].Key) + len(r.Headers[i].Value)
	}
	return n
}

// maxEncodedSize is an upper bound of the size of an encoded record.
func maxEncodedSize(r *stream.Record) int {
	const varint32, varint64, around = 5, 10, 1
	if len(r.Headers) == 0 {
		return len(r.Key) + len(r.Value) + around + varint64 + 5*varint32
	}
	return payloadSize(r) + around + varint64 + 5*varint32 + len(r.Headers)*2*varint32
}
