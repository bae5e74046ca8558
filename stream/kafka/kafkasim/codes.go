package kafkasim

// Kafka's error codes.
const (
	offsetOutOfRange         int16 = 1
	corruptMessage           int16 = 2
	unknownTopic             int16 = 3
	leaderNotAvailable       int16 = 5
	notLeader                int16 = 6
	messageTooLarge          int16 = 10
	coordinatorLoading       int16 = 14
	coordinatorNotAvailable  int16 = 15
	notCoordinator           int16 = 16
	invalidTopic             int16 = 17
	notEnoughReplicas        int16 = 19
	illegalGeneration        int16 = 22
	inconsistentProtocol     int16 = 23
	invalidGroup             int16 = 24
	unknownMember            int16 = 25
	invalidSession           int16 = 26
	rebalanceInProgress      int16 = 27
	invalidTimestamp         int16 = 32
	topicExists              int16 = 36
	invalidPartitions        int16 = 37
	invalidReplication       int16 = 38
	invalidRequest           int16 = 42
	policyViolation          int16 = 44
	outOfOrderSequence       int16 = 45
	invalidProducerEpoch     int16 = 47
	invalidTxnState          int16 = 48
	invalidProducerIDMapping int16 = 49
	invalidTxnTimeout        int16 = 50
	concurrentTransactions   int16 = 51
	operationNotAttempted    int16 = 55
	fetchSessionNotFound     int16 = 70
	fetchSessionEpoch        int16 = 71
	fencedLeaderEpoch        int16 = 74
	unknownLeaderEpoch       int16 = 75
	memberIDRequired         int16 = 79
	fencedInstance           int16 = 82
	invalidRecord            int16 = 87
	unstableOffset           int16 = 88
	producerFenced           int16 = 90
)
