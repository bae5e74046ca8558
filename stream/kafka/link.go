package kafka

import (
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/link"
)

// A Link is everything that the client knows of the world: brokers that answer requests,
// and a clock. [Open] makes one of real connections. [OpenOn] takes another: a
// simulation's, whose brokers are slow, die and answer twice.
type Link = link.Link

// A Message is a request or a response of Kafka's protocol.
type Message = link.Message

// AnyBroker is the node of a request that any broker may answer.
const AnyBroker = link.AnyBroker

// An UnreachableError reports that a broker didn't answer. The request may or may not have
// been carried out.
type UnreachableError = kerr.UnreachableError

// ErrNoTransactions reports that the brokers' settings rule out transactions. The error
// that wraps it says which setting to change.
var ErrNoTransactions = kerr.ErrNoTransactions
