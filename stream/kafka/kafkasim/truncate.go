package kafkasim

import (
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
)

// Truncate is an unclean election: batches with the last n offsets are gone as if
// they had never been, and the leader epoch is up. Coordinators know nothing of it.
func (c *Cluster) Truncate(tp stream.TopicPartition, n int64) {
	p := c.mustHave(tp)
	end := max(p.log.end-n, p.log.start)
	old := p.log.entries
	for len(old) > 0 && old[len(old)-1].Next() > end {
		old = old[:len(old)-1]
	}
	clear(p.log.entries[len(old):])
	if p.log.end > end {
		p.log.end = p.log.start
		if len(old) > 0 {
			p.log.end = max(old[len(old)-1].Next(), p.log.start)
		}
	}
	c.reread(&p.log, old)
	p.elected(p.leader)
	c.changed()
}

// reread finds out from its batches what a log has to know.
func (c *Cluster) reread(l *log, entries []entry) {
	l.init()
	l.entries, l.open, l.aborted = entries, nil, nil
	for i := range entries {
		e := &entries[i]
		if e.ProducerID < 0 {
			continue
		}
		p := l.producers.of(e.ProducerID)
		switch {
		case e.Attributes&batch.Control != 0:
			p.enter(e.ProducerEpoch)
			l.finish(p, c.commits(e), e.BaseOffset)
		default:
			p.wrote(&e.Header)
			if e.Attributes&batch.Transactional != 0 && p.first < 0 {
				l.begin(p, e.BaseOffset)
			}
		}
	}
}
