package kafka

import (
	"cmp"
	"slices"
)

// pump starts the requests that can be started; where memory is short, those to
// brokers that have waited longest. The caller holds mu.
func (c *consumer) pump() {
	if c.over {
		return
	}
	now := c.link.Now()
	slices.SortStableFunc(c.fetchers, func(a, b *fetcher) int { return cmp.Compare(a.started, b.started) })
	for _, f := range c.fetchers {
		f.pump(now)
	}
}

// follow has a partition fetched from its leader. It reports false if nobody is
// known to be that. The caller holds mu.
func (c *consumer) follow(r *reading) bool {
	l := c.client.cluster.leader(r.TopicPartition)
	if l.node == noLeader {
		return false
	}
	f := c.fetcherOf(l.node)
	if r.fetcher != f {
		if r.fetcher != nil {
			r.fetcher.remove(r)
		}
		f.add(r)
	}
	r.epoch = l.epoch
	r.state = healthy
	return true
}

func (c *consumer) fetcherOf(node int32) *fetcher {
	i := slices.IndexFunc(c.fetchers, func(f *fetcher) bool { return f.node == node })
	if i < 0 {
		i = len(c.fetchers)
		c.fetchers = append(c.fetchers, newFetcher(c, node))
	}
	return c.fetchers[i]
}
