package fetch

import (
	"cmp"
	"slices"

	"github.com/gretestream/grete/stream/kafka/internal/cluster"
)

// pump sends the requests that may be sent. Where memory is short, the brokers come first
// that have waited longest. The caller holds mu.
func (c *Consumer) pump() {
	if c.stopped {
		return
	}
	now := c.link.Now()
	slices.SortStableFunc(c.fetchers, func(a, b *fetcher) int { return cmp.Compare(a.lastStart, b.lastStart) })
	for _, f := range c.fetchers {
		f.pump(now)
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
		c.fetchers = append(c.fetchers, newFetcher(c, node))
	}
	return c.fetchers[i]
}
