package run

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/records"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/serde"
)

// A printer prints this run's records of an output topic, one JSON value a line.
type printer struct {
	topic string
	text  serde.Text // of the topic's values
	out   *bufio.Writer
	from  []stream.Position
}

// printers opens the printers of the run: of the topic of -print, or of all outputs
// where a person is looking at samples.
func (j *job) printers(ctx context.Context) ([]*printer, error) {
	var printed []string
	switch {
	case j.Print != "":
		printed = []string{j.Print}
	case j.sampling() && j.console.OutIsTerminal:
		printed = j.outputs()
	}
	var all []*printer
	for _, t := range printed {
		p, err := newPrinter(ctx, j.pipeline, j.system.Admin(), t, j.console.Out)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// newPrinter notes where the topic ends now: later records are this run's. Records that
// can't be read yet are those of an earlier one.
func newPrinter(ctx context.Context, p program.Pipeline, admin stream.Admin, topic string, out io.Writer) (*printer, error) {
	_, name, err := p.TopicSerdes(scheduler.KindOutput, topic)
	if err != nil {
		return nil, fmt.Errorf("-print %s: %w", topic, err)
	}
	pr := &printer{topic: topic, text: p.Serdes.Text(name), out: bufio.NewWriter(out)}
	tps, err := records.Partitions(ctx, admin, topic)
	if err != nil {
		return nil, err
	}
	ends, err := admin.LogEnds(ctx, tps...)
	if err != nil {
		return nil, err
	}
	for i, tp := range tps {
		pr.from = append(pr.from, stream.Position{TopicPartition: tp, Offset: ends[i]})
	}
	return pr, nil
}

// run prints what arrives until ctx is done, and then what is left.
func (p *printer) run(ctx context.Context, system stream.System) (err error) {
	// Committed records are printed even if ctx is done already.
	r, err := records.Open(context.WithoutCancel(ctx), system)
	if err != nil {
		return err
	}
	defer func() { err = program.Close(err, r) }()
	for _, pos := range p.from {
		if err := r.From(pos.TopicPartition, pos.Offset, pos.Offset); err != nil {
			return err
		}
	}
	if err := errors.Join(p.follow(ctx, r, system.Admin()), p.out.Flush()); err != nil {
		return fmt.Errorf("printing %s: %w", p.topic, err)
	}
	return nil
}

// follow prints until ctx is done, and then to the end that the topic has then.
func (p *printer) follow(ctx context.Context, r *records.Reader, admin stream.Admin) error {
	for ctx.Err() == nil {
		n, err := r.Poll(p.print)
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
		case <-r.Ready():
		}
	}
	return p.finish(context.WithoutCancel(ctx), r, admin)
}

// finish prints to the end of the topic. What was committed last may be visible only a
// moment later.
func (p *printer) finish(ctx context.Context, r *records.Reader, admin stream.Admin) error {
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
		r.SetEnd(tp, at[i])
	}
	if err := records.AwaitEnds(ctx, admin, ends); err != nil {
		return err
	}
	return r.ToEnds(ctx, p.print)
}

func (p *printer) print(_ stream.TopicPartition, r *stream.Record) error {
	line := asJSON(p.text, r.Value)
	// Whole lines at a time, so that no other output comes in between.
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

// asJSON renders an encoded value as JSON. Bytes that the serde can't show are printed as
// they are if they are JSON, and else in base64.
func asJSON(text serde.Text, value []byte) []byte {
	if value == nil {
		return []byte("null")
	}
	shown, base64 := serde.Show(text, value)
	if base64 && json.Valid(value) {
		return value
	}
	return shown
}
