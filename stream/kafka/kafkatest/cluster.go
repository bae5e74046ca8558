package kafkatest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/gretestream/grete/stream/harnesstest"
	"github.com/gretestream/grete/stream/kafka/kafkatest/certs"
	"github.com/gretestream/grete/stream/kafka/kafkatest/jars"
	"github.com/gretestream/grete/stream/kafka/kafkatest/proxy"
)

// connectTimeout is for a cluster that should be running.
const connectTimeout = 10 * time.Second

// A Cluster is a number of brokers. Its methods end the test when they fail, so they
// belong to the goroutine of the test.
type Cluster struct {
	opts      Options
	dir       string // removed with the cluster
	ports     *ports
	brokers   []*broker // broker i is at i-1; empty if another process runs them
	inner     []string  // their addresses for this package, in the same order
	client    *kgo.Client
	authority *certs.Authority // nil without TLS
	archive   string           // the file for its broker's archive of classes; empty: none
}

// Start starts a cluster for one test, and waits until it is ready for clients.
// The test is skipped if this machine can't run one, and fails if CI is set.
func Start(t testing.TB, opts Options) *Cluster {
	t.Helper()
	c, err := launch(t.Context(), opts)
	if err != nil {
		harnesstest.SkipOrFail(t, err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			c.logLastWords(t)
		}
		c.close()
	})
	return c
}

// logLastWords shows the logs of the brokers after a failed test.
func (c *Cluster) logLastWords(t testing.TB) {
	for _, b := range c.brokers {
		t.Logf("the end of the log of broker %d:\n%s", b.id, b.lastWords())
	}
}

// Bootstrap returns the addresses of all brokers for clients.
func (c *Cluster) Bootstrap() []string {
	var list []string
	for _, b := range c.brokers {
		list = append(list, harnesstest.Address(b.clientPort))
	}
	if list == nil {
		return slices.Clone(c.inner)
	}
	return list
}

// Proxy returns the proxy between the clients and a broker: 1, 2, …. Brokers reach each
// other without it.
func (c *Cluster) Proxy(t testing.TB, id int32) *proxy.Proxy {
	t.Helper()
	b := c.nodes(t, []int32{id})[0]
	if b.proxy == nil {
		t.Fatal("kafkatest: the cluster has no proxies; set Options.Proxied")
	}
	return b.proxy
}

// launch creates and starts the brokers. The caller closes the cluster if launch fails.
func launch(ctx context.Context, opts Options) (*Cluster, error) {
	opts, err := opts.normal()
	if err != nil {
		return nil, err
	}
	dir, err := install(ctx)
	if err != nil {
		return nil, err
	}
	c := &Cluster{opts: opts}
	if err := c.launch(ctx, dir); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// install returns the directory of Kafka's jars.
func install(ctx context.Context) (string, error) { return jars.Install(ctx, archiveClasses) }

// archiveClasses is a [jars.Archiver].
func archiveClasses(ctx context.Context, dir, file string) error {
	c := &Cluster{opts: Options{Brokers: 1}, archive: file}
	defer c.close()
	if err := c.launch(ctx, dir); err != nil {
		return err
	}
	c.brokers[0].process.stop()
	return nil
}

// connect returns a running cluster of another process.
func connect(ctx context.Context, addresses []string) (*Cluster, error) {
	c := &Cluster{inner: addresses}
	var err error
	if c.client, err = kgo.NewClient(kgo.SeedBrokers(addresses...)); err != nil {
		return nil, fmt.Errorf("make a client for GRETE_TEST_KAFKA: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	if err := c.client.Ping(ctx); err != nil {
		c.close()
		return nil, fmt.Errorf("reach the brokers of GRETE_TEST_KAFKA: %w", err)
	}
	return c, nil
}

// launch makes and starts the brokers of an empty cluster, from a directory of jars. The
// caller closes the cluster if launch fails.
func (c *Cluster) launch(ctx context.Context, dir string) error {
	var err error
	if c.ports, err = reservePorts(ctx, filepath.Dir(dir)); err != nil {
		return err
	}
	if c.dir, err = os.MkdirTemp("", "kafkatest"); err != nil {
		return fmt.Errorf("make a cluster's directory: %w", err)
	}
	for id := range int32(c.opts.Brokers) {
		if err := c.addBroker(ctx, id+1, dir); err != nil {
			return err
		}
	}
	if c.client, err = kgo.NewClient(kgo.SeedBrokers(c.inner...)); err != nil {
		return fmt.Errorf("make a client for the cluster's set-up: %w", err)
	}
	if err := c.format(ctx, dir); err != nil {
		return err
	}
	return c.startBrokers(ctx, c.brokers)
}

func (c *Cluster) addBroker(ctx context.Context, id int32, dir string) error {
	b, err := newBroker(id, c.dir, dir, c.ports)
	if err != nil {
		return err
	}
	c.brokers = append(c.brokers, b)
	c.inner = append(c.inner, harnesstest.Address(b.innerPort))
	if c.opts.Proxied {
		return b.startProxy(ctx, c.ports)
	}
	return nil
}

// format writes the files that the brokers need to start.
func (c *Cluster) format(ctx context.Context, dir string) error {
	template := jars.Template(dir)
	if len(c.opts.Users) > 0 {
		template = filepath.Join(c.dir, "bootstrap.checkpoint")
		users, err := scramArguments(c.opts.Users)
		if err != nil {
			return err
		}
		if err := jars.MakeTemplate(ctx, dir, template, users...); err != nil {
			return err
		}
	}
	if c.opts.TLS {
		if err := c.makeCertificates(); err != nil {
			return err
		}
	}
	id := jars.NewID()
	for _, b := range c.brokers {
		if err := b.format(id, template, c.properties(b)); err != nil {
			return err
		}
	}
	return nil
}

// close kills the brokers and removes their files. A regular stop would take longer.
func (c *Cluster) close() {
	if c.client != nil {
		c.client.Close()
	}
	for _, b := range c.brokers {
		if b.process != nil {
			b.process.kill()
		}
		if b.proxy != nil {
			b.proxy.Close()
		}
	}
	if c.dir != "" {
		_ = os.RemoveAll(c.dir) // any rest is among the temporary files
	}
	if c.ports != nil {
		c.ports.release()
	}
}
