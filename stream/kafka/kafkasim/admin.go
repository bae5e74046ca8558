package kafkasim

import (
	"fmt"
	"slices"

	"github.com/segmentio/kafka-go/protocol/createpartitions"
	"github.com/segmentio/kafka-go/protocol/createtopics"
	"github.com/segmentio/kafka-go/protocol/deletetopics"
	"github.com/segmentio/kafka-go/protocol/describeconfigs"

	"github.com/gretestream/grete/stream/kafka/kafkasim/internal/errcode"
)

const invalidConfig int16 = 40

func (c *Cluster) createTopics(r *createtopics.Request) *createtopics.Response {
	answer := &createtopics.Response{}
	for i := range r.Topics {
		t := &r.Topics[i]
		out := createtopics.ResponseTopic{Name: t.Name, NumPartitions: t.NumPartitions, ReplicationFactor: t.ReplicationFactor}
		out.ErrorCode, out.ErrorMessage = c.createTopic(t, r.ValidateOnly)
		answer.Topics = append(answer.Topics, out)
	}
	return answer
}

// defaultReplicas is the default number of replicas, if there are as many brokers.
const defaultReplicas = 3

func (c *Cluster) createTopic(t *createtopics.RequestTopic, validate bool) (failed int16, why string) {
	partitions, replicas := t.NumPartitions, int(t.ReplicationFactor)
	if partitions == -1 {
		partitions = 1
	}
	if replicas == -1 {
		replicas = min(defaultReplicas, len(c.nodes))
	}
	switch {
	case !validName(t.Name):
		return errcode.InvalidTopic, fmt.Sprintf("Topic name is invalid: '%s'", t.Name)
	case c.byName[t.Name] != nil || t.Name == TransactionState || t.Name == ConsumerOffsets:
		return errcode.TopicExists, fmt.Sprintf("Topic '%s' already exists.", t.Name)
	case partitions <= 0:
		return errcode.InvalidPartitions, "Number of partitions was set to an invalid non-positive value."
	case replicas <= 0 || replicas > len(c.nodes):
		return errcode.InvalidReplication, fmt.Sprintf("Unable to replicate the partition %d time(s): The target replication factor cannot be reached.", replicas)
	case validate:
		return 0, ""
	}
	settings := make([]Setting, len(t.Configs))
	for i, s := range t.Configs {
		settings[i] = Setting{s.Name, s.Value}
	}
	if err := c.create(t.Name, partitions, replicas, settings); err != nil {
		return invalidConfig, err.Error()
	}
	return 0, ""
}

func (c *Cluster) createPartitions(r *createpartitions.Request) *createpartitions.Response {
	answer := &createpartitions.Response{}
	for i := range r.Topics {
		of := &r.Topics[i]
		out := createpartitions.ResponseResult{Name: of.Name}
		t := c.byName[of.Name]
		switch {
		case t == nil:
			out.ErrorCode, out.ErrorMessage = errcode.UnknownTopic, "The topic '"+of.Name+"' does not exist."
		case int(of.Count) <= len(t.partitions):
			out.ErrorCode = errcode.InvalidPartitions
			out.ErrorMessage = fmt.Sprintf("The topic %s currently has %d partition(s); %d would not be an increase.", of.Name, len(t.partitions), of.Count)
		case !r.ValidateOnly:
			c.grow(t, of.Count)
		}
		answer.Results = append(answer.Results, out)
	}
	return answer
}

func (c *Cluster) deleteTopics(r *deletetopics.Request) *deletetopics.Response {
	answer := &deletetopics.Response{}
	for _, name := range r.TopicNames {
		out := deletetopics.ResponseTopic{Name: name, ErrorCode: errcode.UnknownTopic}
		if t := c.byName[name]; t != nil {
			c.drop(t)
			out.ErrorCode = 0
		}
		answer.Responses = append(answer.Responses, out)
	}
	return answer
}

// By Kafka's numbers.
const (
	topicResource = 2
	fromTopic     = 1
	fromDefault   = 5
)

func (c *Cluster) describeConfigs(r *describeconfigs.Request) *describeconfigs.Response {
	answer := &describeconfigs.Response{}
	for i := range r.Resources {
		of := &r.Resources[i]
		out := describeconfigs.ResponseResource{ResourceType: of.ResourceType, ResourceName: of.ResourceName, ErrorCode: errcode.UnknownTopic}
		if t := c.byName[of.ResourceName]; t != nil && of.ResourceType == topicResource {
			out.ErrorCode = 0
			out.ConfigEntries = t.describe(of.ConfigNames)
		}
		answer.Resources = append(answer.Resources, out)
	}
	return answer
}

// describe returns the named settings, or all if names is nil.
func (t *topic) describe(names []string) []describeconfigs.ResponseConfigEntry {
	var entries []describeconfigs.ResponseConfigEntry
	usual := defaults()
	for i, s := range t.settings {
		if names != nil && !slices.Contains(names, s.Name) {
			continue
		}
		source := int8(fromTopic)
		if s == usual[i] {
			source = fromDefault
		}
		entries = append(entries, describeconfigs.ResponseConfigEntry{ConfigName: s.Name, ConfigValue: s.Value, ConfigSource: source})
	}
	return entries
}
