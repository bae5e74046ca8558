package scheduler

import (
	"fmt"
	"slices"
)

// repartitions compares what is on its way between stages.
func (c *comparison) repartitions() {
	was, is := c.old.crossings(), c.now.crossings()
	for _, o := range was {
		if i := slices.IndexFunc(is, func(x crossing) bool { return x.topic == o.topic }); i >= 0 {
			c.crossing(&o, &is[i])
			continue
		}
		c.drain = append(c.drain, o.topic)
		if c.now.stage(o.to) == nil {
			continue // told with the stage
		}
		c.add(Change{
			Subject: SubjectRepartition, Name: o.name, Stage: o.to, From: "from stage " + o.from, Effect: Restart,
			Why: fmt.Sprintf("nothing reads topic %s any more", o.topic),
			Do:  fmt.Sprintf("let the old version read %s to its end before it stops, or what is on its way there isn't processed", o.topic),
		})
	}
	for _, x := range is {
		known := slices.ContainsFunc(was, func(o crossing) bool { return x.topic == o.topic })
		if !known && c.old.stage(x.to) != nil {
			c.add(Change{
				Subject: SubjectRepartition, Name: x.name, Stage: x.to, To: "from stage " + x.from, Effect: Restart,
				Why: fmt.Sprintf("topic %s has what is sent from now on", x.topic),
			})
		}
	}
}

// crossing compares a repartition that both plans have.
func (c *comparison) crossing(old, now *crossing) {
	ch := Change{Subject: SubjectRepartition, Name: now.name, Stage: now.to}
	if old.to != now.to && !c.has(now.to, Incompatible) {
		c.add(ch.with("to stage "+old.to, "to stage "+now.to, Incompatible,
			"how far it was read is known to its former stage alone, so what is still in the topic would be processed once more",
			"give the PartitionBy a new name, and with it a topic of its own; or let the same PartitionBy come first that the stage was named after"))
	}
	switch {
	case old.delivery != now.delivery:
		c.drain = append(c.drain, now.topic)
		c.add(ch.with(old.delivery.text(), now.delivery.text(), Restart,
			"what is on its way was sent by the old rule, and is read by the new one",
			fmt.Sprintf("let the old version read %s to its end before it stops", now.topic)))
	case old.partitions != now.partitions && now.delivery == DeliverBroadcast:
		c.add(ch.with(plural(int(old.partitions), "partition"), plural(int(now.partitions), "partition"), Compatible,
			"a broadcast has a partition for each task that reads it; new tasks get what is sent from now on", ""))
	case old.partitions != now.partitions:
		c.add(ch.with(plural(int(old.partitions), "partition"), plural(int(now.partitions), "partition"), Incompatible,
			"a repartition topic keeps its number: equal keys would be in two partitions, and with two tasks",
			fmt.Sprintf("let it have %s, as it was made; or start over under another app name", plural(int(old.partitions), "partition"))))
	}
	if old.from != now.from {
		c.add(ch.with("from stage "+old.from, "from stage "+now.from, Restart, "what is on its way is processed, and then what the other stage sends", ""))
	}
	switch {
	case old.serdes == now.serdes:
	case old.serdes.key != now.serdes.key && old.keyed && now.keyed:
		c.add(ch.with(old.serdes.String(), now.serdes.String(), Incompatible,
			"keys that are written otherwise come to other partitions, and what is kept of them stays where it is",
			"change it back; or give the PartitionBy and the operators behind it new names, to begin empty"))
	default:
		c.drain = append(c.drain, now.topic)
		c.add(ch.with(old.serdes.String(), now.serdes.String(), Restart,
			"what is on its way was written by the old serde, and is read by the new one",
			fmt.Sprintf("let the old version read %s to its end before it stops, unless both serdes write the same", now.topic)))
	}
}

// outputs compares the topics that a stage writes for others, by name.
func (c *comparison) outputs(old, now *Stage) {
	was, is := c.old.written(old), c.now.written(now)
	for _, o := range was {
		if !slices.ContainsFunc(is, func(w written) bool { return w.topic == o.topic }) {
			ch := Change{Subject: SubjectOutput, Name: o.topic, Stage: now.Name}
			c.add(ch.with(texts(o.serdes), "", Restart, "the stage writes no more to it; what is there stays", ""))
		}
	}
	for _, w := range is {
		ch := Change{Subject: SubjectOutput, Name: w.topic, Stage: now.Name}
		i := slices.IndexFunc(was, func(o written) bool { return w.topic == o.topic })
		if i < 0 {
			c.add(ch.with("", texts(w.serdes), Restart, "it gets what is processed from now on", ""))
			continue
		}
		if from, to := texts(was[i].serdes), texts(w.serdes); from != to {
			c.add(ch.with(from, to, Restart, "who reads it finds both, the one after the other", ""))
		}
		if from, to := was[i].partitions, w.partitions; from != to {
			c.add(ch.with(plural(int(from), "partition"), plural(int(to), "partition"), Compatible, "a key's results may come to another partition from now on", ""))
		}
	}
}
