package kafka

import (
	"fmt"
	"strings"

	kafkago "github.com/segmentio/kafka-go"

	"github.com/gretestream/grete/stream"
)

// A code is how a broker says that a request, or a part of it, failed. 0 is no
// failure. The numbers are Kafka's, their names kafka-go's.
type code int16

//nolint:errname // they are numbers with Kafka's names
const (
	serverError          = code(kafkago.Unknown)
	offsetOutOfRange     = code(kafkago.OffsetOutOfRange)
	corruptMessage       = code(kafkago.InvalidMessage)
	unknownTopic         = code(kafkago.UnknownTopicOrPartition)
	leaderNotAvailable   = code(kafkago.LeaderNotAvailable)
	notLeader            = code(kafkago.NotLeaderForPartition)
	requestTimedOut      = code(kafkago.RequestTimedOut)
	brokerNotAvailable   = code(kafkago.BrokerNotAvailable)
	replicaNotAvailable  = code(kafkago.ReplicaNotAvailable)
	messageTooLarge      = code(kafkago.MessageSizeTooLarge)
	networkException     = code(kafkago.NetworkException)
	coordinatorLoading   = code(kafkago.GroupLoadInProgress)
	coordinatorAway      = code(kafkago.GroupCoordinatorNotAvailable)
	notCoordinator       = code(kafkago.NotCoordinatorForGroup)
	recordListTooLarge   = code(kafkago.RecordListTooLarge)
	notEnoughReplicas    = code(kafkago.NotEnoughReplicas)
	notEnoughAfterAppend = code(kafkago.NotEnoughReplicasAfterAppend)
	topicDenied          = code(kafkago.TopicAuthorizationFailed)
	groupDenied          = code(kafkago.GroupAuthorizationFailed)
	clusterDenied        = code(kafkago.ClusterAuthorizationFailed)
	topicExists          = code(kafkago.TopicAlreadyExists)
	notController        = code(kafkago.NotController)
	invalidPartitions    = code(kafkago.InvalidPartitionNumber)
	outOfOrderSequence   = code(kafkago.OutOfOrderSequenceNumber)
	duplicateSequence    = code(kafkago.DuplicateSequenceNumber)
	staleProducerEpoch   = code(kafkago.InvalidProducerEpoch)
	badTransactionState  = code(kafkago.InvalidTransactionState)
	badProducerMapping   = code(kafkago.InvalidProducerIDMapping)
	concurrentTxns       = code(kafkago.ConcurrentTransactions)
	transactionalDenied  = code(kafkago.TransactionalIDAuthorizationFailed)
	storageError         = code(kafkago.KafkaStorageError)
	unknownProducer      = code(kafkago.UnknownProducerId)
	fetchSessionUnknown  = code(kafkago.FetchSessionIDNotFound)
	fetchSessionEpoch    = code(kafkago.InvalidFetchSessionEpoch)
	fencedLeaderEpoch    = code(kafkago.FencedLeaderEpoch)
	unknownLeaderEpoch   = code(kafkago.UnknownLeaderEpoch)
	offsetNotAvailable   = code(kafkago.OffsetNotAvailable)
	unstableOffset       = code(kafkago.UnstableOffsetCommit)
	throttlingQuota      = code(kafkago.ThrottlingQuotaExceeded)
	invalidTopic         = code(kafkago.InvalidTopic)
	groupMissing         = code(kafkago.GroupIdNotFound)
	illegalGeneration    = code(kafkago.IllegalGeneration)
	unknownMember        = code(kafkago.UnknownMemberId)
	rebalancing          = code(kafkago.RebalanceInProgress)
	inconsistentProtocol = code(kafkago.InconsistentGroupProtocol)
	badSessionTimeout    = code(kafkago.InvalidSessionTimeout)
	memberIDRequired     = code(kafkago.MemberIDRequired)
	groupFull            = code(kafkago.GroupMaxSizeReached)
	fencedInstance       = code(kafkago.FencedInstanceID)
	badMechanism         = code(kafkago.UnsupportedSASLMechanism)
	badSASLState         = code(kafkago.IllegalSASLState)
	policyViolation      = code(kafkago.PolicyViolation)
	badTransactionTime   = code(kafkago.InvalidTransactionTimeout)
	badTimestamp         = code(kafkago.InvalidTimestamp)
	notAttempted         = code(55) // not among kafka-go's
	invalidRecord        = code(kafkago.InvalidRecord)
	producerFenced       = code(kafkago.ProducerFenced)
	topicIDUnknown       = code(100) // not among kafka-go's
	transactionAbortable = code(120) // not among kafka-go's
)

// Error is Kafka's name of it, which can be looked up.
func (c code) Error() string {
	switch c { // these are of transactions, too
	case coordinatorLoading:
		return "coordinator load in progress"
	case coordinatorAway:
		return "coordinator not available"
	case notCoordinator:
		return "not coordinator"
	}
	if title := kafkago.Error(c).Title(); title != "" {
		return strings.ToLower(title)
	}
	return fmt.Sprintf("error %d", int16(c))
}

// Is makes it match the errors that stream's users know.
func (c code) Is(target error) bool {
	switch target {
	case stream.ErrUnknownTopic:
		return c == unknownTopic
	case stream.ErrTopicExists:
		return c == topicExists
	case stream.ErrAborted:
		return c.aborted()
	}
	return false
}

// aborted tells that there is nothing wrong but with what the producer has begun.
func (c code) aborted() bool {
	switch c {
	case outOfOrderSequence, unknownProducer, badTransactionState, badProducerMapping, transactionAbortable:
		return true
	}
	return false
}

// moved tells that somebody else leads the partition now, or nobody at the
// moment: ask for the leaders, and try there.
func (c code) moved() bool {
	switch c {
	case leaderNotAvailable, notLeader, replicaNotAvailable, fencedLeaderEpoch, unknownLeaderEpoch, offsetNotAvailable,
		storageError, unknownTopic, topicIDUnknown:
		return true
	}
	return false
}

// notCoordinating tells that somebody else coordinates, or nobody at the moment.
func (c code) notCoordinating() bool { return c == coordinatorAway || c == notCoordinator }

// temporary tells that the same request may succeed a little later.
func (c code) temporary() bool {
	switch c {
	case requestTimedOut, brokerNotAvailable, networkException, coordinatorLoading, notEnoughReplicas, notEnoughAfterAppend,
		notController, concurrentTxns, unstableOffset, throttlingQuota:
		return true
	}
	return c.moved() || c.notCoordinating()
}

// ofMembers tells whether a code is an answer to a member, rather than of a
// coordinator that has none.
func (c code) ofMembers() bool {
	switch c {
	case 0, memberIDRequired, rebalancing, unknownMember, illegalGeneration, fencedInstance:
		return true
	}
	return false
}
