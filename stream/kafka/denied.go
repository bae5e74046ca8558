package kafka

import "fmt"

// Resources that access lists are for, by Kafka's names.
const (
	topicResource         = "topic"
	groupResource         = "group"
	transactionalResource = "transactional id"
	clusterResource       = "cluster"
)

// denied explains a refusal by the access list: which entry is missing. Other
// codes are returned as they are.
func denied(c code, operation, resource, name string) error {
	switch c {
	case topicDenied, groupDenied, clusterDenied, transactionalDenied:
		return fmt.Errorf("%w: the broker's access list must allow %s on %s %q to this user", c, operation, resource, name)
	}
	return c
}
