package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/gretestream/grete/stream/harnesstest"
)

// Allow gives permissions, and returns when every broker knows them:
//
//	c.Allow(t, kadm.NewACLs().Allow("User:alice").Topics("orders").
//		Operations(kadm.OpRead, kadm.OpDescribe))
//
// A builder that denies does that as well.
func (c *Cluster) Allow(t testing.TB, acls *kadm.ACLBuilder) {
	t.Helper()
	ctx, cancel := adminContext(t)
	defer cancel()
	created, err := c.Admin().CreateACLs(ctx, acls)
	for _, a := range created {
		if err == nil && a.Err != nil {
			err = fmt.Errorf("%s of %s: %w: %s", a.Operation, a.Name, a.Err, a.ErrMessage)
		}
	}
	if err == nil && len(created) == 0 {
		err = errors.New("they name nobody, no resource or no operation")
	}
	if err != nil {
		t.Fatalf("give permissions: %v", err)
	}
	if err := harnesstest.Poll(ctx, adminTimeout, func(ctx context.Context) error { return c.checkPermissions(ctx, created) }); err != nil {
		t.Fatalf("wait for permissions to be known: %v", err)
	}
}

// checkPermissions reports whether every broker that answers knows permissions.
func (c *Cluster) checkPermissions(ctx context.Context, want kadm.CreateACLsResults) error {
	for _, b := range c.answering() {
		known, err := permissions(ctx, b)
		if err != nil {
			return err
		}
		for _, a := range want {
			if !known[permission{a.Type, a.Name, a.Pattern, a.Principal, a.Host, a.Operation, a.Permission}] {
				return fmt.Errorf("a broker doesn't know that %s may %s %s yet", a.Principal, a.Operation, a.Name)
			}
		}
	}
	return nil
}

// A permission is an ACL of one broker's list.
type permission struct {
	resource        kmsg.ACLResourceType
	name            string
	pattern         kadm.ACLPattern
	principal, host string
	operation       kadm.ACLOperation
	kind            kmsg.ACLPermissionType
}

func permissions(ctx context.Context, of kmsg.Requestor) (map[permission]bool, error) {
	req := kmsg.NewPtrDescribeACLsRequest()
	req.ResourceType, req.ResourcePatternType = kmsg.ACLResourceTypeAny, kmsg.ACLResourcePatternTypeAny
	req.Operation, req.PermissionType = kmsg.ACLOperationAny, kmsg.ACLPermissionTypeAny
	resp, err := req.RequestWith(ctx, of)
	if err == nil {
		err = kerr.ErrorForCode(resp.ErrorCode)
	}
	if err != nil {
		return nil, fmt.Errorf("list permissions: %w", err)
	}
	known := map[permission]bool{}
	for _, r := range resp.Resources {
		for _, a := range r.ACLs {
			known[permission{r.ResourceType, r.ResourceName, r.ResourcePatternType, a.Principal, a.Host, a.Operation, a.PermissionType}] = true
		}
	}
	return known, nil
}
