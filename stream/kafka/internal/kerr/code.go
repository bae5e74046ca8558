package kerr

import (
	"fmt"
	"strings"

	kafkago "github.com/segmentio/kafka-go"

	"github.com/gretestream/grete/stream"
)

// A Code is a broker's error code for a request or a part of it; 0 is success. Numbers are
// Kafka's, names follow kafka-go's.
type Code int16 //nolint:errname // Kafka calls it so

//nolint:errname // they are numbers with Kafka's names
const (
	ServerError             = Code(kafkago.Unknown)
	OffsetOutOfRange        = Code(kafkago.OffsetOutOfRange)
	CorruptMessage          = Code(kafkago.InvalidMessage)
	UnknownTopic            = Code(kafkago.UnknownTopicOrPartition)
	LeaderNotAvailable      = Code(kafkago.LeaderNotAvailable)
	NotLeader               = Code(kafkago.NotLeaderForPartition)
	RequestTimedOut         = Code(kafkago.RequestTimedOut)
	BrokerNotAvailable      = Code(kafkago.BrokerNotAvailable)
	ReplicaNotAvailable     = Code(kafkago.ReplicaNotAvailable)
	MessageTooLarge         = Code(kafkago.MessageSizeTooLarge)
	NetworkException        = Code(kafkago.NetworkException)
	CoordinatorLoading      = Code(kafkago.GroupLoadInProgress)
	CoordinatorNotAvailable = Code(kafkago.GroupCoordinatorNotAvailable)
	NotCoordinator          = Code(kafkago.NotCoordinatorForGroup)
	RecordListTooLarge      = Code(kafkago.RecordListTooLarge)
	NotEnoughReplicas       = Code(kafkago.NotEnoughReplicas)
	NotEnoughAfterAppend    = Code(kafkago.NotEnoughReplicasAfterAppend)
	TopicDenied             = Code(kafkago.TopicAuthorizationFailed)
	GroupDenied             = Code(kafkago.GroupAuthorizationFailed)
	ClusterDenied           = Code(kafkago.ClusterAuthorizationFailed)
	TopicExists             = Code(kafkago.TopicAlreadyExists)
	NotController           = Code(kafkago.NotController)
	InvalidPartitions       = Code(kafkago.InvalidPartitionNumber)
	OutOfOrderSequence      = Code(kafkago.OutOfOrderSequenceNumber)
	DuplicateSequence       = Code(kafkago.DuplicateSequenceNumber)
	StaleProducerEpoch      = Code(kafkago.InvalidProducerEpoch)
	BadTransactionState     = Code(kafkago.InvalidTransactionState)
	BadProducerMapping      = Code(kafkago.InvalidProducerIDMapping)
	ConcurrentTxns          = Code(kafkago.ConcurrentTransactions)
	TransactionalDenied     = Code(kafkago.TransactionalIDAuthorizationFailed)
	StorageError            = Code(kafkago.KafkaStorageError)
	UnknownProducer         = Code(kafkago.UnknownProducerId)
	FetchSessionUnknown     = Code(kafkago.FetchSessionIDNotFound)
	FetchSessionEpoch       = Code(kafkago.InvalidFetchSessionEpoch)
	FencedLeaderEpoch       = Code(kafkago.FencedLeaderEpoch)
	UnknownLeaderEpoch      = Code(kafkago.UnknownLeaderEpoch)
	OffsetNotAvailable      = Code(kafkago.OffsetNotAvailable)
	UnstableOffset          = Code(kafkago.UnstableOffsetCommit)
	ThrottlingQuotaExceeded = Code(kafkago.ThrottlingQuotaExceeded)
	InvalidTopic            = Code(kafkago.InvalidTopic)
	GroupNotFound           = Code(kafkago.GroupIdNotFound)
	IllegalGeneration       = Code(kafkago.IllegalGeneration)
	UnknownMember           = Code(kafkago.UnknownMemberId)
	RebalanceInProgress     = Code(kafkago.RebalanceInProgress)
	InconsistentProtocol    = Code(kafkago.InconsistentGroupProtocol)
	BadSessionTimeout       = Code(kafkago.InvalidSessionTimeout)
	MemberIDRequired        = Code(kafkago.MemberIDRequired)
	GroupFull               = Code(kafkago.GroupMaxSizeReached)
	FencedInstance          = Code(kafkago.FencedInstanceID)
	BadMechanism            = Code(kafkago.UnsupportedSASLMechanism)
	BadSASLState            = Code(kafkago.IllegalSASLState)
	PolicyViolation         = Code(kafkago.PolicyViolation)
	BadTransactionTime      = Code(kafkago.InvalidTransactionTimeout)
	BadTimestamp            = Code(kafkago.InvalidTimestamp)
	NotAttempted            = Code(55) // not among kafka-go's
	InvalidRecord           = Code(kafkago.InvalidRecord)
	ProducerFenced          = Code(kafkago.ProducerFenced)
	TopicIDUnknown          = Code(100) // not among kafka-go's
	TransactionAbortable    = Code(120) // not among kafka-go's
)

// Error returns Kafka's name of the code, for look-up in its documentation.
func (c Code) Error() string {
	switch c { // these are of transactions, too
	case CoordinatorLoading:
		return "coordinator load in progress"
	case CoordinatorNotAvailable:
		return "coordinator not available"
	case NotCoordinator:
		return "not coordinator"
	}
	if title := kafkago.Error(c).Title(); title != "" {
		return strings.ToLower(title)
	}
	return fmt.Sprintf("error %d", int16(c))
}

// Is matches the errors of package stream.
func (c Code) Is(target error) bool {
	switch target {
	case stream.ErrUnknownTopic:
		return c == UnknownTopic
	case stream.ErrTopicExists:
		return c == TopicExists
	case stream.ErrAborted:
		return c.aborted()
	}
	return false
}

// aborted reports whether only the open transaction is lost, and the producer may go on.
func (c Code) aborted() bool {
	switch c {
	case OutOfOrderSequence, UnknownProducer, BadTransactionState, BadProducerMapping, TransactionAbortable:
		return true
	}
	return false
}

// moved reports that the partition has another leader, or none at the moment: refresh the
// leaders and retry there.
func (c Code) moved() bool {
	switch c {
	case LeaderNotAvailable, NotLeader, ReplicaNotAvailable, FencedLeaderEpoch, UnknownLeaderEpoch, OffsetNotAvailable,
		StorageError, UnknownTopic, TopicIDUnknown:
		return true
	}
	return false
}

// NotCoordinating reports that another broker is the coordinator, or none at the moment.
func (c Code) NotCoordinating() bool { return c == CoordinatorNotAvailable || c == NotCoordinator }

// Temporary reports whether the same request may succeed a little later.
func (c Code) Temporary() bool {
	switch c {
	case RequestTimedOut, BrokerNotAvailable, NetworkException, CoordinatorLoading, NotEnoughReplicas, NotEnoughAfterAppend,
		NotController, ConcurrentTxns, UnstableOffset, ThrottlingQuotaExceeded:
		return true
	}
	return c.moved() || c.NotCoordinating()
}

// OfMember reports whether the code is an answer to a group member, rather than of a
// broker that has no such group.
func (c Code) OfMember() bool {
	switch c {
	case 0, MemberIDRequired, RebalanceInProgress, UnknownMember, IllegalGeneration, FencedInstance:
		return true
	}
	return false
}
