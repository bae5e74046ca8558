package kafka

// Instead of a time, which is in ms since 1970.
const (
	latestOffset   = -1 // the end
	earliestOffset = -2 // the start
)

// Kafka's numbers for nobody and nothing.
const (
	noLeader   = -1
	anyReplica = -1
	anyEpoch   = -1
)

// noGeneration is of offsets that don't come from a member of the group.
const noGeneration = -1
