package signed

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"sync"
)

// A kind is whom a challenge was issued to. Strangers use up only their own ones.
type kind byte

const (
	toStranger kind = iota // in a response with status 401
	toMember               // in a signed response
	kinds
)

// outstanding is how many challenges of each kind are valid at a time, the newest ones.
const outstanding = 1 << 16

// macSize is the size of a challenge's MAC, in bytes.
const macSize = 16

// challenges issues challenges, each of which can be used once. It needs 16 KB, however
// many it issues: a challenge is a number with a MAC, and a bit says whether it was used.
// It is safe for concurrent use.
type challenges struct {
	key [sha256.Size]byte // of this start

	mu      sync.Mutex
	windows [kinds]window
}

// A window has the newest challenges of a kind.
type window struct {
	next uint64
	used [outstanding / 64]uint64
}

func newChallenges() *challenges {
	c := new(challenges)
	_, _ = rand.Read(c.key[:]) // it never fails
	return c
}

// issue returns a new challenge. The oldest outstanding one becomes invalid.
func (c *challenges) issue(k kind) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := &c.windows[k]
	n := w.next
	w.next++
	word, bit := place(n)
	w.used[word] &^= bit
	return c.encode(k, n)
}

func (c *challenges) encode(k kind, n uint64) string {
	b := binary.BigEndian.AppendUint64([]byte{byte(k)}, n)
	m := hmac.New(sha256.New, c.key[:])
	m.Write(b)
	return base64.RawURLEncoding.EncodeToString(m.Sum(b)[:len(b)+macSize])
}

// use reports whether a challenge is valid, and makes it invalid.
func (c *challenges) use(text string) bool {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) != 1+8+macSize || b[0] >= byte(kinds) {
		return false
	}
	k, n := kind(b[0]), binary.BigEndian.Uint64(b[1:])
	if !equal(c.encode(k, n), text) {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	w := &c.windows[k]
	word, bit := place(n)
	if w.next-n > outstanding || w.used[word]&bit != 0 {
		return false
	}
	w.used[word] |= bit
	return true
}

// place is where the bit of a challenge is.
func place(n uint64) (word int, bit uint64) {
	n %= outstanding
	return int(n / 64), 1 << (n % 64)
}
