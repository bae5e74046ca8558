package kafkatest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/gretestream/grete/stream/harnesstest"
)

// portsPerBroker is the number of ports of each broker.
const portsPerBroker = 4

// A broker is one node of a cluster, running or not.
type broker struct {
	id      int32
	dir     string // its settings, its log, its data
	jars    string
	process *process // nil: it is stopped
	paused  bool
	proxy   *Proxy // nil without Options.Proxied

	// clientPort is where clients find the broker. It listens at ownPort, which is the
	// same without a proxy.
	clientPort, ownPort, innerPort, controllerPort int
}

func newBroker(id int32, dir, jars string, ports *ports) (*broker, error) {
	b := &broker{id: id, dir: filepath.Join(dir, fmt.Sprint("broker-", id)), jars: jars}
	for _, port := range []*int{&b.clientPort, &b.innerPort, &b.controllerPort} {
		var err error
		if *port, err = ports.take(); err != nil {
			return nil, err
		}
	}
	b.ownPort = b.clientPort
	if err := os.Mkdir(b.dir, 0o777); err != nil {
		return nil, fmt.Errorf("make a broker's directory: %w", err)
	}
	return b, nil
}

// startProxy puts a proxy where the broker would listen.
func (b *broker) startProxy(ctx context.Context, ports *ports) error {
	var err error
	if b.ownPort, err = ports.take(); err != nil {
		return err
	}
	b.proxy, err = newProxy(ctx, harnesstest.Address(b.clientPort), harnesstest.Address(b.ownPort))
	return err
}

// format writes the settings and the data directory of the broker.
func (b *broker) format(cluster, template string, properties map[string]string) error {
	if err := os.WriteFile(b.settings(), formatProperties(properties), 0o666); err != nil {
		return fmt.Errorf("write a broker's settings: %w", err)
	}
	if err := os.Mkdir(b.data(), 0o777); err != nil {
		return fmt.Errorf("make a broker's data directory: %w", err)
	}
	if err := copyFile(filepath.Join(b.data(), "bootstrap.checkpoint"), template); err != nil {
		return fmt.Errorf("format a broker's data directory: %w", err)
	}
	meta := formatProperties(map[string]string{
		"version":      "1",
		"cluster.id":   cluster,
		"node.id":      strconv.Itoa(int(b.id)),
		"directory.id": newID(),
	})
	if err := os.WriteFile(filepath.Join(b.data(), "meta.properties"), meta, 0o666); err != nil {
		return fmt.Errorf("format a broker's data directory: %w", err)
	}
	return nil
}

// start starts the process. It isn't ready then.
func (b *broker) start(jvm ...string) error {
	p, err := startProcess(b.dir, b.logFile(), "java", append(jvm, java(b.jars, "kafka.Kafka", b.settings())...)...)
	if err != nil {
		return fmt.Errorf("broker %d: %w", b.id, err)
	}
	b.process, b.paused = p, false
	return nil
}

// answers reports whether the broker can answer requests.
func (b *broker) answers() bool { return b.process != nil && !b.paused }

func (b *broker) settings() string { return filepath.Join(b.dir, "server.properties") }
func (b *broker) data() string     { return filepath.Join(b.dir, "data") }
func (b *broker) logFile() string  { return filepath.Join(b.dir, "server.log") }

// lastWords returns the end of the broker's log, for a message.
func (b *broker) lastWords() string {
	log, err := os.ReadFile(b.logFile())
	if err != nil {
		return err.Error()
	}
	return tail(string(log), 20)
}
