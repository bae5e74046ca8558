package kafkatest

import (
	"errors"
	"fmt"
)

// maxBrokers is how many brokers a block of ports suffices for.
const maxBrokers = blockSize / portsPerBroker

// Options describe a cluster. The zero value is one broker, open to all.
type Options struct {
	// Brokers is their number: 0 means 1; leaderships can move between 3. Their ids are 1,
	// 2, …. Each is a controller, too, so the cluster works as long as most of them do.
	Brokers int
	// Proxied puts a proxy between the clients and each broker.
	Proxied bool
	// TLS encrypts the connections of clients, with certificates of [Cluster.Authority].
	TLS bool
	// ClientCertificates requires TLS and client certificates of the same authority. The
	// name in the certificate is the user.
	ClientCertificates bool
	// Users are names and passwords. Clients must authenticate by PLAIN, SCRAM-SHA-256 or
	// SCRAM-SHA-512.
	Users map[string]string
	// Permissions refuses clients everything that [Cluster.Allow] has not allowed. They
	// need a user, by one of the above.
	Permissions bool
	// Properties override the brokers' settings.
	Properties map[string]string
}

// normal sets defaults, and refuses impossible combinations.
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

// plain reports whether any running cluster will do.
func (o Options) plain() bool {
	return o.Brokers <= 1 && !o.Proxied && !o.TLS && !o.ClientCertificates && len(o.Users) == 0 && !o.Permissions && len(o.Properties) == 0
}
