package cluster

import (
	"context"
	"log/slog"
	"time"

	"github.com/gretestream/grete/stream/kafka/internal/link"
)

// A Client sends requests to the brokers that can answer them, and retries. It is safe for
// concurrent use.
type Client struct {
	Link         link.Link
	Metadata     *Metadata
	Coordinators *Coordinators
	Patience     time.Duration // how long a request is retried
	Log          *slog.Logger
}

const (
	defaultPatience = 2 * time.Minute
	// OpenTimeout bounds how long Open waits for a first answer: a person may be waiting.
	OpenTimeout = 8 * time.Second
	// ProbeTimeout is how long to wait for a broker at its advertised address.
	ProbeTimeout = 2 * time.Second
)

// NewClient returns a client that knows nothing of the cluster yet. Without patience it
// retries for two minutes; log may be nil.
func NewClient(l link.Link, patience time.Duration, log *slog.Logger) *Client {
	m := &Metadata{link: l}
	c := &Client{Link: l, Metadata: m, Coordinators: &Coordinators{metadata: m}, Patience: patience, Log: log}
	if c.Patience == 0 {
		c.Patience = defaultPatience
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// Retry is link.Retry with the client's patience.
func (c *Client) Retry(ctx context.Context, try func() error) error {
	return link.Retry(ctx, c.Link, c.Patience, try)
}
