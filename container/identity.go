package container

import (
	"context"
	"fmt"
	"maps"

	"github.com/gretestream/grete/stream"
)

// A topic that was deleted, and made anew, has its name only: it isn't the changelog
// that a state was committed to, and offsets of before mean nothing in it, however
// long it is. It is told by its id, which meta records remember.
//
// That is looked at when a container starts. One that is made anew while a container
// reads it shows by an offset that is out of range, or not at all, until the next
// start; so does one on a log that has no ids. A meta record without them was written
// before there were any: the first commit adds them.

// identify asks for the ids of the topics that the tasks' commits are about.
func (o *opening) identify(ctx context.Context) error {
	topics := ChangelogTopics(o.cfg.Stage)
	for i := range o.cfg.Stage.Inputs {
		topics = append(topics, o.cfg.Stage.Inputs[i].Topic)
	}
	var err error
	o.ids, err = o.cfg.System.Admin().TopicIDs(ctx, topics...)
	return err
}

// madeAnew says how a topic is another one than in a meta record; "" if it isn't, or
// nobody knows.
func (o *opening) madeAnew(topic string, m *meta) string {
	was, is := m.Topics[topic], o.ids[topic]
	if was == "" || is == "" || was == is {
		return ""
	}
	return fmt.Sprintf("the topic was deleted, and made anew (its id was %s, and is %s)", was, is)
}

// checkHistory refuses a changelog that was made anew since a database was written:
// that may be the last copy of what the former one had.
func (r *restorer) checkHistory(t *restoring, m *meta) error {
	for _, l := range t.parts {
		if why := r.o.madeAnew(l.Topic, m); why != "" {
			return fmt.Errorf("changelog %s: %s, so that what is in it isn't the history of the state in %s. Nothing was changed; delete that directory, to go on with what the changelog has now, or %s",
				l.TopicPartition, why, r.o.cfg.stateDir(t.task), l.remedy())
		}
	}
	return nil
}

// checkCommitted refuses a changelog that was made anew since the last commit, which
// has come to another one. Where that is in the changelog itself, somebody has copied
// it there, to this cluster or another.
func (r *restorer) checkCommitted(t *restoring) error {
	if t.last == nil {
		return nil
	}
	for _, l := range t.parts {
		why := r.o.madeAnew(l.Topic, t.last)
		if why != "" && (l.found == nil || l.seq != t.last.Seq) {
			return fmt.Errorf("changelog %s: %s, and what was committed to it before is gone. The state was not touched; %s", l.TopicPartition, why, l.remedy())
		}
	}
	return nil
}

// changelogIDs are the ids of a meta record, but for the changelogs those of now: of
// an input it is still to be seen whether it was made anew.
func (r *restorer) changelogIDs(of map[string]string) map[string]string {
	ids := make(map[string]string)
	maps.Copy(ids, of)
	for _, topic := range ChangelogTopics(r.o.cfg.Stage) {
		if id := r.o.ids[topic]; id != "" {
			ids[topic] = id
		}
	}
	return ids
}

// renewed are inputs that were made anew, with why that is known.
type renewed struct {
	*partition
	why string
}

// locateRenewed goes on with inputs that were made anew as with those whose next
// record isn't there: where they say. The first commit makes that final.
func (o *opening) locateRenewed(ctx context.Context, inputs []renewed) error {
	if len(inputs) == 0 {
		return nil
	}
	tps := make([]stream.TopicPartition, len(inputs))
	for i, p := range inputs {
		tps[i] = p.TopicPartition
	}
	starts, err := o.cfg.System.Admin().Starts(ctx, tps...)
	if err != nil {
		return fmt.Errorf("asking where the inputs start: %w", err)
	}
	ends, err := o.cfg.System.Admin().Ends(ctx, tps...)
	if err != nil {
		return fmt.Errorf("asking where the inputs end: %w", err)
	}
	for i, p := range inputs {
		if o.cfg.Stage.Inputs[p.input].Repartition() {
			return fmt.Errorf("%s: %s: it carries the job's own traffic, and what was on its way is gone; start over under another app name", p.TopicPartition, p.why)
		}
		e := &stream.OffsetOutOfRangeError{TopicPartition: p.TopicPartition, Offset: p.position, Start: starts[i], End: ends[i]}
		if p.bound >= 0 {
			e.End = min(e.End, p.bound)
		}
		if !o.cfg.goOn(p.partition, e, p.why) {
			return fmt.Errorf("%s: %s, and offset %d means nothing in it; %s", p.TopicPartition, p.why, e.Offset, onOutOfRange)
		}
		o.unsettled = true
	}
	return nil
}
