package kerr

import "fmt"

// Resources of access lists, by Kafka's names.
const (
	TopicResource         = "topic"
	GroupResource         = "group"
	TransactionalResource = "transactional id"
	ClusterResource       = "cluster"
)

// AccessDenied names the access list entry that is missing. It returns other codes
// unchanged.
func AccessDenied(c Code, operation, resource, name string) error {
	switch c {
	case TopicDenied, GroupDenied, ClusterDenied, TransactionalDenied:
		return fmt.Errorf("%w: the broker's access list must allow %s on %s %q to this user", c, operation, resource, name)
	}
	return c
}
