// Package errcode has the error codes of Kafka's protocol.
package errcode

// The errors that the simulated brokers answer with, by Kafka's names.
const (
	OffsetOutOfRange         int16 = 1
	CorruptMessage           int16 = 2
	UnknownTopic             int16 = 3
	LeaderNotAvailable       int16 = 5
	NotLeader                int16 = 6
	MessageTooLarge          int16 = 10
	CoordinatorLoading       int16 = 14
	CoordinatorNotAvailable  int16 = 15
	NotCoordinator           int16 = 16
	InvalidTopic             int16 = 17
	NotEnoughReplicas        int16 = 19
	IllegalGeneration        int16 = 22
	InconsistentProtocol     int16 = 23
	InvalidGroup             int16 = 24
	UnknownMember            int16 = 25
	InvalidSession           int16 = 26
	RebalanceInProgress      int16 = 27
	InvalidTimestamp         int16 = 32
	TopicExists              int16 = 36
	InvalidPartitions        int16 = 37
	InvalidReplication       int16 = 38
	InvalidRequest           int16 = 42
	PolicyViolation          int16 = 44
	OutOfOrderSequence       int16 = 45
	InvalidProducerEpoch     int16 = 47
	InvalidTxnState          int16 = 48
	InvalidProducerIDMapping int16 = 49
	InvalidTxnTimeout        int16 = 50
	ConcurrentTransactions   int16 = 51
	OperationNotAttempted    int16 = 55
	FetchSessionNotFound     int16 = 70
	FetchSessionEpoch        int16 = 71
	FencedLeaderEpoch        int16 = 74
	UnknownLeaderEpoch       int16 = 75
	MemberIDRequired         int16 = 79
	FencedInstance           int16 = 82
	InvalidRecord            int16 = 87
	UnstableOffset           int16 = 88
	ProducerFenced           int16 = 90
)
