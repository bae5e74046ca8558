package kafkatest

import (
	"fmt"
)

// maxBrokers is what a block of ports is enough for.
const maxBrokers = blockSize / portsPerBroker

// Options describe a cluster. The zero value is one broker, open to all.
type Options struct {
	// Brokers is their number: 0 means 1, and 3 is what leadership can move
	// between. Their ids are 1, 2, …; each is a controller as well, so the cluster
	// works as long as most of them do.
	Brokers int
	// Proxied puts a [Proxy] between the clients and each broker.
	Proxied bool
	// Properties are added to those of the brokers, and win.
	Properties map[string]string
}

// normal fills in what was left out, and refuses what can't be.
func (o Options) normal() (Options, error) {
	o.Brokers = max(o.Brokers, 1)
	if o.Brokers > maxBrokers {
		return o, fmt.Errorf("%d brokers: %d is the most", o.Brokers, maxBrokers)
	}
	return o, nil
}

// plain tells whether any cluster of somebody else's will do.
func (o Options) plain() bool {
	return o.Brokers <= 1 && !o.Proxied && len(o.Properties) == 0
}
