package kafka

import (
	"context"
	"log/slog"
	"time"
)

// A client sends requests to the brokers that can answer them, again and again if need
// be. It is safe for concurrent use.
type client struct {
	link         Link
	cluster      *cluster
	coordinators *coordinators
	patience     time.Duration // how long a request is tried again
	log          *slog.Logger
}

const (
	defaultPatience = 2 * time.Minute
	// openPatience bounds how long Open waits for a first answer: somebody may be
	// looking.
	openPatience = 8 * time.Second
)

func newClient(l Link, patience time.Duration, log *slog.Logger) *client {
	m := &cluster{link: l}
	c := &client{link: l, cluster: m, coordinators: &coordinators{cluster: m}, patience: patience, log: log}
	if c.patience == 0 {
		c.patience = defaultPatience
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	return c
}

// retry is retry with the client's patience.
func (c *client) retry(ctx context.Context, try func() error) error {
	return retry(ctx, c.link, c.patience, try)
}
