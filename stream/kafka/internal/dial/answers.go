package dial

import (
	"reflect"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/addoffsetstotxn"
	"github.com/segmentio/kafka-go/protocol/addpartitionstotxn"
	"github.com/segmentio/kafka-go/protocol/apiversions"
	"github.com/segmentio/kafka-go/protocol/createpartitions"
	"github.com/segmentio/kafka-go/protocol/createtopics"
	"github.com/segmentio/kafka-go/protocol/deletetopics"
	"github.com/segmentio/kafka-go/protocol/describeconfigs"
	"github.com/segmentio/kafka-go/protocol/endtxn"
	"github.com/segmentio/kafka-go/protocol/findcoordinator"
	"github.com/segmentio/kafka-go/protocol/initproducerid"
	"github.com/segmentio/kafka-go/protocol/listoffsets"
	"github.com/segmentio/kafka-go/protocol/metadata"
	"github.com/segmentio/kafka-go/protocol/offsetcommit"
	"github.com/segmentio/kafka-go/protocol/saslauthenticate"
	"github.com/segmentio/kafka-go/protocol/saslhandshake"
	"github.com/segmentio/kafka-go/protocol/txnoffsetcommit"

	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// answerType returns the type into which kafka-go decodes the answer to a request; nil for
// the requests of package wire. Another package of kafka-go has to be added here.
func answerType(request header) reflect.Type {
	switch request.key {
	case protocol.AddOffsetsToTxn:
		return reflect.TypeFor[addoffsetstotxn.Response]()
	case protocol.AddPartitionsToTxn:
		return reflect.TypeFor[addpartitionstotxn.Response]()
	case protocol.ApiVersions:
		return reflect.TypeFor[apiversions.Response]()
	case protocol.CreatePartitions:
		return reflect.TypeFor[createpartitions.Response]()
	case protocol.CreateTopics:
		return reflect.TypeFor[createtopics.Response]()
	case protocol.DeleteTopics:
		return reflect.TypeFor[deletetopics.Response]()
	case protocol.DescribeConfigs:
		return reflect.TypeFor[describeconfigs.Response]()
	case protocol.EndTxn:
		return reflect.TypeFor[endtxn.Response]()
	case protocol.FindCoordinator:
		return reflect.TypeFor[findcoordinator.Response]()
	case protocol.InitProducerId:
		return reflect.TypeFor[initproducerid.Response]()
	case protocol.ListOffsets:
		return reflect.TypeFor[listoffsets.Response]()
	case protocol.Metadata:
		if request.version != wire.MetadataVersion {
			return reflect.TypeFor[metadata.Response]()
		}
	case protocol.OffsetCommit:
		return reflect.TypeFor[offsetcommit.Response]()
	case protocol.SaslAuthenticate:
		return reflect.TypeFor[saslauthenticate.Response]()
	case protocol.SaslHandshake:
		return reflect.TypeFor[saslhandshake.Response]()
	case protocol.TxnOffsetCommit:
		return reflect.TypeFor[txnoffsetcommit.Response]()
	}
	return nil
}
