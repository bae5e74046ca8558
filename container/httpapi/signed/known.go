package signed

import "sync"

// Bounds of what a client keeps: addresses, and challenges of each.
const (
	maxServers    = 1024
	maxChallenges = 64
)

// known are the challenges that servers have issued to a client.
type known struct {
	mu      sync.Mutex
	servers map[string]*issued // by HOST:PORT
}

// issued are the unused challenges of a start of a server.
type issued struct {
	boot       string
	challenges []string
}

func newKnown() *known { return &known{servers: make(map[string]*issued)} }

// take returns the newest challenge of a server, and forgets it.
func (k *known) take(host string) (challenge, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := k.servers[host]
	if s == nil || len(s.challenges) == 0 {
		return challenge{}, false
	}
	last := len(s.challenges) - 1
	c := challenge{s.boot, s.challenges[last]}
	s.challenges = s.challenges[:last]
	return c, true
}

// add adds a challenge. Those of another start of the server are invalid.
func (k *known) add(host string, c challenge) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := k.servers[host]
	if s == nil || s.boot != c.boot {
		if len(k.servers) >= maxServers {
			clear(k.servers)
		}
		s = &issued{boot: c.boot}
		k.servers[host] = s
	}
	s.push(c.value)
}

func (s *issued) push(value string) {
	if len(s.challenges) < maxChallenges {
		s.challenges = append(s.challenges, value)
	}
}
