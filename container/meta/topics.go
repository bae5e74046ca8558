package meta

import (
	"fmt"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// ChangelogTopics returns the topics of a stage's meta records: the changelogs of its
// stores, or the topic that stands in for them.
func ChangelogTopics(stage *scheduler.Stage) []string { return stage.Changelogs() }

// ProducerID is the id of the transactional producer of a container, which its instance or
// its index names within the stage.
func ProducerID(app, stage, container string) string {
	return fmt.Sprintf("%s-%s-%s", app, stage, container)
}

// LastCommit returns where the inputs of a task were at its last commit, from the records
// of one of its changelogs; nil if it was never committed.
func LastCommit(changelog []stream.Record) ([]stream.Position, error) {
	for i := len(changelog) - 1; i >= 0; i-- {
		if !IsKey(changelog[i].Key) {
			continue
		}
		m, err := Parse(changelog[i].Value)
		var at []stream.Position
		for _, in := range m.Inputs {
			at = append(at, stream.Position{TopicPartition: stream.TopicPartition{Topic: in.Topic, Partition: in.Partition}, Offset: in.Offset})
		}
		return at, err
	}
	return nil, nil
}
