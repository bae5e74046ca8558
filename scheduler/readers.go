package scheduler

// Everywhere tells whether each task of the stage reads all partitions of the input. A
// broadcast repartition isn't such an input: its topic has a partition for each task.
func (in *Input) Everywhere() bool { return in.Delivery == DeliverBroadcast && !in.Repartition() }

// Generator tells whether the input is a generator, which isn't a topic.
func (in *Input) Generator() bool { return in.Delivery == DeliverGenerator }

// Reads lists the partitions of the input that a task reads.
func (in *Input) Reads(task int32) []int32 {
	switch {
	case in.Delivery == DeliverGlobal:
		return nil
	case in.Generator() && task > 0:
		return nil
	case in.Everywhere():
		all := make([]int32, in.Partitions)
		for p := range all {
			all[p] = int32(p)
		}
		return all
	case task < in.Partitions:
		return []int32{task}
	}
	return nil
}

// Committer is the task whose position in a partition of the input is the offset of the
// stage's group. If several tasks read the partition, the others have theirs in their meta
// records alone. It is -1 if no task reads the input, or if it has no offsets.
func (s *Stage) Committer(in *Input, partition int32) int32 {
	switch {
	case in.Delivery == DeliverGlobal, in.Generator():
		return -1
	case in.Everywhere():
		return partition % s.Tasks
	}
	return partition
}

// Changelogs are the topics that have the stage's meta records: the changelogs of its stores,
// or its meta topic.
func (s *Stage) Changelogs() []string {
	if len(s.Stores) == 0 {
		return []string{s.MetaTopic}
	}
	topics := make([]string, len(s.Stores))
	for i := range s.Stores {
		topics[i] = s.Stores[i].Changelog
	}
	return topics
}
