package cluster

import (
	"context"
	"log/slog"
	"time"

	"github.com/gretestream/grete/stream/kafka/internal/link"
)

// A Client sends requests to the brokers that can answer them, again and again if need
// be. It is safe for concurrent use.
type Client struct {
	Link         link.Link
	Metadata     *Metadata
	Coordinators *Coordinators
	Patience     time.Duration // how long a request is tried again
	Log          *slog.Logger
}

const (
	defaultPatience = 2 * time.Minute
	// openPatience bounds how long Open waits for a first answer: somebody may be
	// looking.
	OpenTimeout = 8 * time.Second
	// probeTimeout is how long to wait for each broker at its own address.
	ProbeTimeout = 2 * time.Second
)

func NewClient(l link.Link, patience time.Duration, log *slog.Logger) *Client {
	m := &Metadata{link: l}
	c := &Client{Link: l, Metadata: m, Coordinators: &Coordinators{cluster: m}, Patience: patience, Log: log}
	if c.Patience == 0 {
		c.Patience = defaultPatience
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// Retry is retry with the client's patience.
func (c *Client) Retry(ctx context.Context, try func() error) error {
	return link.Retry(ctx, c.Link, c.Patience, try)
}
