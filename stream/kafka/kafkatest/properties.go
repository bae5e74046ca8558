package kafkatest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gretestream/grete/stream/harnesstest"
)

// The listeners of a broker. Clients have one. Brokers and this package use another, which
// needs no password and works while the clients' one is cut.
const (
	clientListener     = "CLIENT"
	innerListener      = "INNER"
	controllerListener = "CONTROLLER"
)

// properties returns the settings of one broker: Kafka's defaults, except for addresses,
// directories and durations.
func (c *Cluster) properties(b *broker) map[string]string {
	copies := strconv.Itoa(min(3, len(c.brokers)))
	insync := strconv.Itoa(min(2, len(c.brokers)))
	var voters []string
	for _, o := range c.brokers {
		voters = append(voters, fmt.Sprintf("%d@%s", o.id, harnesstest.Address(o.controllerPort)))
	}
	p := map[string]string{
		"process.roles":                  "broker,controller",
		"node.id":                        strconv.Itoa(int(b.id)),
		"controller.quorum.voters":       strings.Join(voters, ","),
		"controller.listener.names":      controllerListener,
		"inter.broker.listener.name":     innerListener,
		"listener.security.protocol.map": fmt.Sprintf("%s:%s,%s:PLAINTEXT,%s:PLAINTEXT", clientListener, c.opts.protocol(), innerListener, controllerListener),
		"listeners": listeners(map[string]int{
			clientListener: b.ownPort, innerListener: b.innerPort, controllerListener: b.controllerPort,
		}),
		"advertised.listeners": listeners(map[string]int{
			clientListener: b.clientPort, innerListener: b.innerPort,
		}),
		"log.dirs":                  b.data(),
		"auto.create.topics.enable": "false",

		"default.replication.factor":                       copies,
		"offsets.topic.replication.factor":                 copies,
		"offsets.topic.num.partitions":                     "4",
		"transaction.state.log.replication.factor":         copies,
		"transaction.state.log.min.isr":                    insync,
		"transaction.state.log.num.partitions":             "4",
		"share.coordinator.state.topic.min.isr":            insync,
		"share.coordinator.state.topic.num.partitions":     "4",
		"share.coordinator.state.topic.replication.factor": copies,

		// A new group doesn't wait for more members.
		"group.initial.rebalance.delay.ms": "0",
		// The controller notices a lost broker within seconds.
		"broker.session.timeout.ms":    "3000",
		"broker.heartbeat.interval.ms": "500",
		// Retention and compaction remove records while the test is running. By default
		// they first run after half a minute.
		"log.initial.task.delay.ms":                                   "500",
		"log.retention.check.interval.ms":                             "1000",
		"log.cleaner.backoff.ms":                                      "500",
		"log.cleaner.dedupe.buffer.size":                              strconv.Itoa(16 << 20), // of the small heap
		"transaction.abort.timed.out.transaction.cleanup.interval.ms": "500",
	}
	maps.Copy(p, c.security())
	maps.Copy(p, c.opts.Properties)
	return p
}

func listeners(ports map[string]int) string {
	var list []string
	for name, port := range ports {
		list = append(list, name+"://"+harnesstest.Address(port))
	}
	slices.Sort(list)
	return strings.Join(list, ",")
}
