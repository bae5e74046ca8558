package fetch

import (
	"cmp"
	"slices"

	"github.com/gretestream/grete/stream/kafka/internal/cluster"
)

// pump sends the requests that may be sent. Where memory is short, the sessions come first
// that have waited longest, so that none keeps the memory from the others. The caller holds
// mu.
func (c *Consumer) pump() {
	if c.stopped {
		return
	}
	now := c.link.Now()
	for _, f := range c.fetchers {
		f.pick(now)
	}
	slices.SortStableFunc(c.sessions, func(a, b *session) int { return cmp.Compare(a.lastStart, b.lastStart) })
	for _, s := range c.sessions {
		s.fetcher.startNext(s, now)
	}
}

// follow makes a partition fetched from its leader. It returns false if the leader is
// unknown. The caller holds mu.
func (c *Consumer) follow(r *cursor) bool {
	l := c.client.Metadata.Leader(r.TopicPartition)
	if l.Node == cluster.NoLeader {
		return false
	}
	f := c.fetcherFor(l.Node)
	if r.fetcher != f {
		if r.fetcher != nil {
			r.fetcher.remove(r)
		}
		f.add(r)
	}
	r.epoch = l.Epoch
	r.state = healthy
	return true
}

func (c *Consumer) fetcherFor(node int32) *fetcher {
	i := slices.IndexFunc(c.fetchers, func(f *fetcher) bool { return f.node == node })
	if i < 0 {
		i = len(c.fetchers)
		f := newFetcher(c, node)
		c.fetchers = append(c.fetchers, f)
		c.sessions = append(c.sessions, &f.eager, &f.patient)
	}
	return c.fetchers[i]
}
