package container

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// topicIDs are the ids of inputs and changelogs, by topic. A meta record says to which
// topics its positions belong, so a life of a container never knows two ids of one topic.
type topicIDs map[string]string

// A recreatedError reports that a topic was deleted and created again while the container
// was at work. What it has read since then may be of either topic.
type recreatedError struct{ topic, was, is string }

func (e *recreatedError) Error() string {
	return fmt.Sprintf("topic %s was deleted and created again (its id was %s, and is %s)", e.topic, e.was, e.is)
}

// compare takes in ids. It is an error if one differs from the known id of its topic. An
// empty id means that it isn't known.
func (t *topicIDs) compare(ids map[string]string) error {
	for _, topic := range slices.Sorted(maps.Keys(ids)) {
		if was, is := (*t)[topic], ids[topic]; was != "" && is != "" && was != is {
			return &recreatedError{topic, was, is}
		}
	}
	if *t == nil {
		*t = make(topicIDs)
	}
	maps.Copy(*t, ids)
	return nil
}

// identifyTimeout is how long a commit waits for the ids of topics.
const identifyTimeout = 2 * time.Second

// identifyTopics checks now and then that the topics are still those that the next meta
// records say. A consumer notices most recreated topics itself: they don't exist for a
// moment. If the ids can't be had, the next check is an interval later.
func (c *committer) identifyTopics(ctx context.Context, now time.Time) error {
	if now.Sub(c.lastIdentified) < c.cfg.RefreshTopics || len(c.topics) == 0 {
		return nil
	}
	c.lastIdentified = now
	ctx, cancel := context.WithTimeout(ctx, identifyTimeout)
	defer cancel()
	ids, err := c.cfg.System.Admin().TopicIDs(ctx, slices.Sorted(maps.Keys(c.topics))...)
	if err != nil {
		return nil
	}
	return c.topics.compare(ids)
}
