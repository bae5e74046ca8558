package loop

import "time"

// endAtBounds marks the partitions that have reached their bound.
func (in *Inputs) endAtBounds() {
	if !in.bounded {
		return
	}
	for _, p := range in.partitions {
		if p.generator != "" && in.cfg.Run != 0 {
			if total, ended := in.consumer.Total(p.TopicPartition); ended && (p.bound < 0 || total < p.bound) {
				p.bound = total
			}
		}
		if p.bound >= 0 && p.position >= p.bound && !p.ended {
			in.end(p)
			p.source.SetWatermark(IdleTime)
			p.task.Moved = true
			in.arrange(p)
		}
	}
}

// idleEvery is how often inputs are checked for idleness.
const idleEvery = 10 * time.Millisecond

// checkIdle marks the partitions that are idle: read to their end, and quiet for a
// while. An input that lags is never idle, however long it takes, nor is one that
// is held.
func (in *Inputs) checkIdle(now time.Time) {
	if now.Sub(in.lastIdle) < idleEvery {
		return
	}
	in.lastIdle = now
	for _, p := range in.partitions {
		if p.marks != nil || p.ended || p.idle {
			continue
		}
		if end := in.consumer.End(p.TopicPartition); in.holding || p.loaded || end < 0 || p.position < end {
			p.quiet = now
		} else if p.quiet.IsZero() {
			p.quiet = now
		} else if now.Sub(p.quiet) >= in.cfg.IdleTimeout {
			p.idle = true
			p.source.SetWatermark(IdleTime)
			p.task.Moved = true
		}
	}
}
