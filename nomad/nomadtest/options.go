package nomadtest

import "fmt"

// maxClients is limited by the size of a block of ports.
const maxClients = 9

// Options describe a cluster. The zero value is three clients, without access control.
type Options struct {
	// Clients is the number of clients, by default 3. They are the nodes 1, 2, …, each with
	// 4000 MHz and 4096 MB, whatever the machine has.
	Clients int
	// ACL enables access control. [Cluster.API] has a management token;
	// [Cluster.CreateToken] creates others.
	ACL bool
	// DefaultHeartbeats keeps Nomad's default, by which an unreachable node is down after 10
	// to 30 seconds. Otherwise it is down after 5 to 7.
	DefaultHeartbeats bool
}

// normal sets defaults, and refuses impossible options.
func (o Options) normal() (Options, error) {
	if o.Clients == 0 {
		o.Clients = 3
	}
	if o.Clients < 1 || o.Clients > maxClients {
		return o, fmt.Errorf("%d clients: must be 1 to %d", o.Clients, maxClients)
	}
	return o, nil
}
