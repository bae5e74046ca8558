package recovery

import (
	"context"
	"fmt"

	"github.com/gretestream/grete/container/meta"
)

// A topic that was deleted and created again shares nothing with the old one but the name.
// It isn't the changelog that state was committed to, and old offsets mean nothing in it,
// however long it is. Its id tells it from the old one; meta records remember the ids.
//
// Ids are checked when a container opens tasks. It opens them again when a topic didn't
// exist for a while, and checks ids at intervals. On a log without ids, a topic that is
// recreated at once is noticed only by an offset that is out of range. The first commit adds
// the ids to a meta record that has none.

// identify asks for the ids of the topics that the tasks' commits are about.
func (r *Recovery) identify(ctx context.Context) error {
	topics := meta.ChangelogTopics(r.cfg.Stage)
	for i := range r.cfg.Stage.Inputs {
		if in := &r.cfg.Stage.Inputs[i]; !in.Generator() {
			topics = append(topics, in.Topic)
		}
	}
	var err error
	r.TopicIDs, err = r.cfg.System.Admin().TopicIDs(ctx, topics...)
	return err
}

// recreated says how a topic differs from the one of a meta record; "" if it doesn't, or if
// that isn't known.
func (r *Recovery) recreated(topic string, m *meta.Record) string {
	was, is := m.Topics[topic], r.TopicIDs[topic]
	if was == "" || is == "" || was == is {
		return ""
	}
	return fmt.Sprintf("the topic was deleted and created again (its id was %s, and is %s)", was, is)
}

// checkHistory refuses a changelog that was created again since the database was written:
// the database may be the last copy of what the old changelog had.
func (x *restorer) checkHistory(t *history, m *meta.Record) error {
	for _, l := range t.logs {
		if why := x.r.recreated(l.Topic, m); why != "" {
			return fmt.Errorf("changelog %s: %s, so its content isn't the history of the state in %s. Nothing was changed; delete that directory, to go on with what the changelog has now, or %s",
				l.TopicPartition, why, x.r.cfg.directory(t.ID), l.remedy())
		}
	}
	return nil
}

// checkCommitted refuses a changelog that was created again since the last commit. If the
// changelog has that commit itself, it is a copy, on this cluster or another.
func (x *restorer) checkCommitted(t *history) error {
	if t.last == nil {
		return nil
	}
	for _, l := range t.logs {
		why := x.r.recreated(l.Topic, t.last)
		if why != "" && (l.found == nil || l.seq != t.last.Seq) {
			return fmt.Errorf("changelog %s: %s, and everything that was committed to it before is gone. The state was not touched; %s", l.TopicPartition, why, l.remedy())
		}
	}
	return nil
}
