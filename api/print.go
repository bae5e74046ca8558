package api

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// A printer writes this run's records of an output topic, one JSON value a line.
type printer struct {
	topic string
	serde string // of the topic's values
	out   *bufio.Writer
	from  []stream.Position
}

// newPrinter notes where the topic ends now: what comes after that is this
// run's. What can't be read yet is of a former one.
func newPrinter(ctx context.Context, a *App, system stream.System, topic string, out io.Writer) (*printer, error) {
	_, serde, err := a.serdesOf(scheduler.KindOutput, topic)
	if err != nil {
		return nil, fmt.Errorf("-print %s: %w", topic, err)
	}
	p := &printer{topic: topic, serde: serde, out: bufio.NewWriter(out)}
	tps, err := partitionsOf(ctx, system, topic)
	if err != nil {
		return nil, err
	}
	ends, err := system.Admin().LogEnds(ctx, tps...)
	if err != nil {
		return nil, err
	}
	for i, tp := range tps {
		p.from = append(p.from, stream.Position{TopicPartition: tp, Offset: ends[i]})
	}
	return p, nil
}

// run prints what arrives until ctx is done, and then what is left.
func (p *printer) run(ctx context.Context, system stream.System) (err error) {
	// What is committed is printed even if ctx is done before this begins.
	r, err := openReader(context.WithoutCancel(ctx), system)
	if err != nil {
		return err
	}
	defer func() { err = closing(err, r.consumer) }()
	for _, pos := range p.from {
		if err := r.from(pos.TopicPartition, pos.Offset, pos.Offset); err != nil {
			return err
		}
	}
	if err := errors.Join(p.follow(ctx, r, system), p.out.Flush()); err != nil {
		return fmt.Errorf("printing %s: %w", p.topic, err)
	}
	return nil
}

// follow prints until ctx is done, and then to where the topic ends by then.
func (p *printer) follow(ctx context.Context, r *reader, system stream.System) error {
	for ctx.Err() == nil {
		n, err := r.poll(p.print)
		if err != nil {
			return err
		}
		if n > 0 {
			continue
		}
		if err := p.out.Flush(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-r.consumer.Ready():
		}
	}
	return p.finish(context.WithoutCancel(ctx), r, system.Admin())
}

// finish prints to where the topic ends. What was committed last may be seen only a
// moment later.
func (p *printer) finish(ctx context.Context, r *reader, admin stream.Admin) error {
	tps := make([]stream.TopicPartition, len(p.from))
	for i, pos := range p.from {
		tps[i] = pos.TopicPartition
	}
	at, err := admin.LogEnds(ctx, tps...)
	if err != nil {
		return err
	}
	ends := make([]stream.Position, len(tps))
	for i, tp := range tps {
		ends[i] = stream.Position{TopicPartition: tp, Offset: at[i]}
		r.setEnd(tp, at[i])
	}
	if err := awaitEnds(ctx, admin, ends); err != nil {
		return err
	}
	return r.toEnds(ctx, p.print)
}

func (p *printer) print(_ stream.TopicPartition, r *stream.Record) error {
	line, err := asJSON(p.serde, r.Value)
	if err != nil {
		return err
	}
	// Whole lines at a time, so that nothing comes between.
	if len(line) >= p.out.Available() {
		if err := p.out.Flush(); err != nil {
			return err
		}
	}
	if _, err := p.out.Write(line); err != nil {
		return err
	}
	return p.out.WriteByte('\n')
}

// asJSON shows an encoded value as JSON: bytes that are no text in base64.
func asJSON(serde string, value []byte) ([]byte, error) {
	switch {
	case value == nil:
		return []byte("null"), nil
	case serde == "string":
		return json.Marshal(string(value))
	case serde == "int64" && len(value) == 8:
		return json.Marshal(int64(binary.BigEndian.Uint64(value)))
	case serde == "int32" && len(value) == 4:
		return json.Marshal(int32(binary.BigEndian.Uint32(value)))
	case json.Valid(value):
		return value, nil
	case serde == "int64" || serde == "int32":
		return nil, errors.New("the value is no " + serde)
	}
	return json.Marshal(value)
}
