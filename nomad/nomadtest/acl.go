package nomadtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/nomad/api"

	"github.com/gretestream/grete/stream/harnesstest"
)

// bootstrap creates the management token.
func (c *Cluster) bootstrap(ctx context.Context) error {
	return harnesstest.Poll(ctx, readyTimeout, func(ctx context.Context) error {
		token, _, err := c.API().ACLTokens().Bootstrap(write(ctx))
		if err != nil {
			return fmt.Errorf("get the first token: %w", err)
		}
		for _, client := range c.apis {
			client.SetSecretID(token.SecretID)
		}
		c.token = token.SecretID
		return nil
	})
}

// Token returns the management token, as in NOMAD_TOKEN; "" without ACL.
func (c *Cluster) Token() string { return c.token }

// CreateToken returns a token with a policy of these rules.
func (c *Cluster) CreateToken(t testing.TB, rules string) string {
	t.Helper()
	if c.token == "" {
		t.Fatal("nomadtest: set Options.ACL to use tokens")
	}
	ctx, cancel := requestContext(t)
	defer cancel()
	policy := &api.ACLPolicy{Name: "test-" + strings.ToLower(rand.Text()), Rules: rules}
	if _, err := c.API().ACLPolicies().Upsert(policy, write(ctx)); err != nil {
		t.Fatalf("create a policy: %v", err)
	}
	token, _, err := c.API().ACLTokens().Create(&api.ACLToken{Type: "client", Policies: []string{policy.Name}}, write(ctx))
	if err != nil {
		t.Fatalf("create a token: %v", err)
	}
	return token.SecretID
}
