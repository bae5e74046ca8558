package cluster

// Instead of a time, which is in ms since 1970.
const (
	LatestOffset   = -1 // the end
	EarliestOffset = -2 // the start
)

// Kafka's numbers for nobody and nothing.
const (
	NoLeader      = -1
	anyReplica    = -1
	noLeaderEpoch = -1
)

// NoGeneration is of offsets that don't come from a member of the group.
const NoGeneration = -1
