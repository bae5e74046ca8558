package nomadtest

import "fmt"

// maxClients is what a block of ports is enough for.
const maxClients = 9

// Options describe a cluster. The zero value is three clients, open to all.
type Options struct {
	// Clients is their number: 0 means 3, which is what a job can be moved between.
	// They are the nodes 1, 2, …, each with 4000 MHz and 4096 MB, whatever the
	// machine has.
	Clients int
	// ACL asks for tokens. [Cluster.API] has one that may do all;
	// [Cluster.CreateToken] makes others.
	ACL bool
	// DefaultHeartbeats leaves it to Nomad when a silent node counts as down, which
	// is after 10 to 30 seconds. Else it is after 5 to 7.
	DefaultHeartbeats bool
}

// normal fills in what was left out, and refuses what can't be.
func (o Options) normal() (Options, error) {
	if o.Clients == 0 {
		o.Clients = 3
	}
	if o.Clients < 1 || o.Clients > maxClients {
		return o, fmt.Errorf("%d clients: 1 is the least, and %d the most", o.Clients, maxClients)
	}
	return o, nil
}
