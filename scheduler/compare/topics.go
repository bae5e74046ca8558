package compare

import (
	"fmt"
	"slices"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/internal/phrase"
)

// repartitions compares the topics between stages.
func (c *comparison) repartitions() {
	was, is := c.old.Transfers(), c.now.Transfers()
	for _, o := range was {
		if i := slices.IndexFunc(is, func(x scheduler.Transfer) bool { return x.Topic == o.Topic }); i >= 0 {
			c.transfer(&o, &is[i])
			continue
		}
		c.drain = append(c.drain, o.Topic)
		if c.now.stage(o.To) == nil {
			continue // reported with the stage
		}
		c.add(Change{
			Subject: SubjectRepartition, Name: o.Name, Stage: o.To, From: "from stage " + o.From, Effect: Restart,
			Why: fmt.Sprintf("nothing reads topic %s any more", o.Topic),
			Do:  fmt.Sprintf("let the old version read %s to the end before it stops, or the records there won't be processed", o.Topic),
		})
	}
	for _, x := range is {
		known := slices.ContainsFunc(was, func(o scheduler.Transfer) bool { return x.Topic == o.Topic })
		if !known && c.old.stage(x.To) != nil {
			c.add(Change{
				Subject: SubjectRepartition, Name: x.Name, Stage: x.To, To: "from stage " + x.From, Effect: Restart,
				Why: fmt.Sprintf("topic %s has records from now on", x.Topic),
			})
		}
	}
}

// transfer compares a repartition that both plans have.
func (c *comparison) transfer(old, now *scheduler.Transfer) {
	ch := Change{Subject: SubjectRepartition, Name: now.Name, Stage: now.To}
	if old.To != now.To && !c.has(now.To, Incompatible) {
		moved := ch
		moved.Acceptable = true
		c.add(moved.with("to stage "+old.To, "to stage "+now.To, Incompatible,
			"only its former stage knows how far it was read, so the records in the topic would be processed again",
			"give the PartitionBy a new name, and with it a new topic; or let the PartitionBy that named the stage come first again; or "+byReset))
	}
	switch {
	case old.Delivery != now.Delivery:
		c.drain = append(c.drain, now.Topic)
		c.add(ch.with(describeDelivery(old.Delivery), describeDelivery(now.Delivery), Restart,
			"the records in the topic were sent by the old rule, and are read by the new one",
			fmt.Sprintf("let the old version read %s to the end before it stops", now.Topic)))
	case old.Partitions != now.Partitions && now.Delivery == scheduler.DeliverBroadcast:
		c.add(ch.with(phrase.Count(old.Partitions, "partition"), phrase.Count(now.Partitions, "partition"), Compatible,
			"a broadcast has a partition for each task that reads it; new tasks get records from now on", ""))
	case old.Partitions != now.Partitions:
		wider := ch
		wider.Acceptable = c.sameWidth(now.To)
		c.add(wider.with(phrase.Count(old.Partitions, "partition"), phrase.Count(now.Partitions, "partition"), Incompatible,
			"a repartition topic keeps its number of partitions: otherwise equal keys would be in two partitions, and in two tasks",
			fmt.Sprintf("let it have %s, as created; or %s", phrase.Count(old.Partitions, "partition"), byReset)))
	}
	if old.From != now.From {
		c.add(ch.with("from stage "+old.From, "from stage "+now.From, Restart, "the records in the topic are processed first, then what the other stage sends", ""))
	}
	switch {
	case old.Serdes.KeyText() == now.Serdes.KeyText() && old.Serdes.Encodings() == now.Serdes.Encodings():
		c.records(ch, old, now)
	case old.Serdes.KeyText() != now.Serdes.KeyText() && old.Keyed && now.Keyed:
		rekeyed := ch
		rekeyed.Acceptable = true
		c.add(rekeyed.serdes(old.Serdes, now.Serdes, Incompatible,
			"keys that are encoded differently go to other partitions, and their state stays where it is",
			"change it back; or "+byReset))
	default:
		c.drain = append(c.drain, now.Topic)
		c.add(ch.serdes(old.Serdes, now.Serdes, Restart,
			"the records in the topic were written by the old serde, and are read by the new one",
			fmt.Sprintf("let the old version read %s to the end before it stops, unless both serdes write the same bytes", now.Topic)))
	}
}

// outputs compares the topics that a stage writes for others, by name.
func (c *comparison) outputs(old, now *scheduler.Stage) {
	was, is := c.old.Writings(old), c.now.Writings(now)
	for _, o := range was {
		if !slices.ContainsFunc(is, func(w scheduler.Writing) bool { return w.Topic == o.Topic }) {
			ch := Change{Subject: SubjectOutput, Name: o.Topic, Stage: now.Name}
			c.add(ch.with(describeSerdes(o.Serdes), "", Restart, "the stage no longer writes to it; its records stay", ""))
		}
	}
	for _, w := range is {
		ch := Change{Subject: SubjectOutput, Name: w.Topic, Stage: now.Name}
		i := slices.IndexFunc(was, func(o scheduler.Writing) bool { return w.Topic == o.Topic })
		if i < 0 {
			c.add(ch.with("", describeSerdes(w.Serdes), Restart, "it gets results from now on", ""))
			continue
		}
		c.written(ch, was[i].Serdes, w.Serdes)
		if from, to := was[i].Partitions, w.Partitions; from != to {
			c.add(ch.with(phrase.Count(from, "partition"), phrase.Count(to, "partition"), Compatible, "the results of a key may go to another partition from now on", ""))
		}
	}
}
