package run

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/records"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/serde"
)

// A printer prints this run's records of an output topic, one JSON value a line.
type printer struct {
	topic string
	value serde.Text
	key   serde.Text // nil: values only
	out   *bufio.Writer
	line  []byte
	from  []stream.Position
}

// printers opens the printers of the run: of the topic of -print, or of all outputs
// where a person is looking at samples.
func (j *job) printers(ctx context.Context) ([]*printer, error) {
	var printed []string
	switch {
	case len(j.Print) > 0:
		printed = slices.Clone(j.Print)
		slices.Sort(printed)
		printed = slices.Compact(printed)
	case j.sampling() && j.console.OutIsTerminal:
		printed = j.outputs()
	}
	var all []*printer
	for _, t := range printed {
		p, err := newPrinter(ctx, j.pipeline, j.system.Admin(), t, j.console.Out, j.PrintKeys)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// newPrinter notes where the topic ends now: later records are this run's. Records that
// can't be read yet are those of an earlier one.
func newPrinter(ctx context.Context, p program.Pipeline, admin stream.Admin, topic string, out io.Writer, keys bool) (*printer, error) {
	key, value, err := p.TopicSerdes(scheduler.KindOutput, topic)
	if err != nil {
		return nil, fmt.Errorf("-print %s: %w", topic, err)
	}
	pr := &printer{topic: topic, value: p.Serdes.Text(value), out: bufio.NewWriter(out)}
	if keys {
		pr.key = p.Serdes.Text(key)
	}
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
	p.line = p.line[:0]
	if p.key == nil {
		p.line = appendJSON(p.line, p.value, r.Value)
	} else {
		p.line = fmt.Appendf(p.line, `{"topic":"%s","key":`, p.topic) // topics have no characters to escape
		p.line = appendJSON(p.line, p.key, r.Key)
		p.line = append(p.line, `,"value":`...)
		p.line = append(appendJSON(p.line, p.value, r.Value), '}')
	}
	p.line = append(p.line, '\n')
	// Whole lines at a time, so that no other output comes in between.
	if len(p.line) > p.out.Available() {
		if err := p.out.Flush(); err != nil {
			return err
		}
	}
	_, err := p.out.Write(p.line)
	return err
}

// appendJSON appends an encoded key or value as JSON without line ends. Bytes that the serde
// can't show are JSON already, or else appended in base64.
func appendJSON(dst []byte, text serde.Text, encoded []byte) []byte {
	if encoded == nil {
		return append(dst, "null"...)
	}
	shown, base64 := serde.Show(text, encoded)
	if base64 && json.Valid(encoded) {
		shown = encoded
	}
	if !bytes.ContainsAny(shown, "\n\r") {
		return append(dst, shown...)
	}
	var line bytes.Buffer
	if json.Compact(&line, shown) != nil { // a serde of the user shows something else
		return append(dst, serde.Base64(encoded)...)
	}
	return append(dst, line.Bytes()...)
}
