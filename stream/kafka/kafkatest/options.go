package kafkatest

import (
	"errors"
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
	// TLS encrypts what clients say, with certificates of [Cluster.Authority].
	TLS bool
	// ClientCertificates asks for TLS and for certificates of clients, issued by the
	// same authority. The name in it is the client's.
	ClientCertificates bool
	// Users are names and passwords, of which clients have to show one, by PLAIN,
	// SCRAM-SHA-256 or SCRAM-SHA-512.
	Users map[string]string
	// Permissions refuses clients all that [Cluster.Allow] hasn't allowed them. They
	// need names, by one of the above.
	Permissions bool
	// Properties are added to those of the brokers, and win.
	Properties map[string]string
}

// normal fills in what was left out, and refuses what can't be.
func (o Options) normal() (Options, error) {
	o.Brokers = max(o.Brokers, 1)
	if o.Brokers > maxBrokers {
		return o, fmt.Errorf("%d brokers: %d is the most", o.Brokers, maxBrokers)
	}
	o.TLS = o.TLS || o.ClientCertificates
	if o.Permissions && !o.ClientCertificates && len(o.Users) == 0 {
		// Without a name they would be taken for the cluster's own.
		return o, errors.New("permissions need clients that have a name: by users, or by client certificates")
	}
	return o, nil
}

// plain tells whether any cluster of somebody else's will do.
func (o Options) plain() bool {
	return o.Brokers <= 1 && !o.Proxied && !o.TLS && !o.ClientCertificates && len(o.Users) == 0 && !o.Permissions && len(o.Properties) == 0
}
