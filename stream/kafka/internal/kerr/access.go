package kerr

import "fmt"

// Resources that access lists are for, by Kafka's names.
const (
	TopicResource         = "topic"
	GroupResource         = "group"
	TransactionalResource = "transactional id"
	ClusterResource       = "cluster"
)

// AccessDenied explains a refusal by the access list: which entry is missing. Other
// codes are returned as they are.
func AccessDenied(c Code, operation, resource, name string) error {
	switch c {
	case TopicDenied, GroupDenied, ClusterDenied, TransactionalDenied:
		return fmt.Errorf("%w: the broker's access list must allow %s on %s %q to this user", c, operation, resource, name)
	}
	return c
}
