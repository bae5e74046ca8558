package kafkatest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/gretestream/grete/stream/harnesstest"
	"github.com/gretestream/grete/stream/kafka/kafkatest/jars"
	"github.com/gretestream/grete/stream/kafka/kafkatest/proxy"
)

// portsPerBroker is the number of ports of each broker.
const portsPerBroker = 4

// A broker is one node of a cluster, running or not.
type broker struct {
	id      int32
	dir     string   // its settings, its log, its data
	jars    string   // directory
	process *process // nil: it is stopped
	paused  bool
	proxy   *proxy.Proxy // nil without Options.Proxied

	// Clients connect to clientPort. The broker listens at ownPort, which is the same port
	// without a proxy.
	clientPort, ownPort, innerPort, controllerPort int
}

func newBroker(id int32, dir, jarsDir string, ports *ports) (*broker, error) {
	b := &broker{id: id, dir: filepath.Join(dir, fmt.Sprint("broker-", id)), jars: jarsDir}
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
	b.proxy, err = proxy.Listen(ctx, harnesstest.Address(b.clientPort), harnesstest.Address(b.ownPort))
	return err
}

// format writes the settings and the data directory of the broker.
func (b *broker) format(cluster, template string, properties map[string]string) error {
	if err := os.WriteFile(b.settings(), jars.Properties(properties), 0o666); err != nil {
		return fmt.Errorf("write a broker's settings: %w", err)
	}
	if err := os.Mkdir(b.data(), 0o777); err != nil {
		return fmt.Errorf("make a broker's data directory: %w", err)
	}
	if err := b.copyTemplate(template); err != nil {
		return fmt.Errorf("format a broker's data directory: %w", err)
	}
	meta := jars.Properties(map[string]string{
		"version":      "1",
		"cluster.id":   cluster,
		"node.id":      strconv.Itoa(int(b.id)),
		"directory.id": jars.NewID(),
	})
	if err := os.WriteFile(filepath.Join(b.data(), "meta.properties"), meta, 0o666); err != nil {
		return fmt.Errorf("format a broker's data directory: %w", err)
	}
	return nil
}

func (b *broker) copyTemplate(template string) error {
	data, err := os.ReadFile(template)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(b.data(), "bootstrap.checkpoint"), data, 0o666)
}

// start starts the process, and doesn't wait until it is ready.
func (b *broker) start(jvm ...string) error {
	p, err := startProcess(b.dir, b.logFile(), "java", append(append(jvm, "-Djava.io.tmpdir="+b.dir), jars.Java(b.jars, "kafka.Kafka", b.settings())...)...)
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
	return harnesstest.Tail(string(log), 20)
}
