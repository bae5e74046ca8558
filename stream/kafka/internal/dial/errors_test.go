package dial

import (
	"errors"
	"net"
	"testing"

	"github.com/gretestream/grete/stream/kafka/internal/kerr"
)

func TestConnectErrors_RefusalOnlyIfAllRefuse(t *testing.T) {
	refused, away := &connectError{"a:1", kerr.Refuse("no")}, &connectError{"b:1", &net.OpError{Op: "dial", Err: errors.New("gone")}}
	if kerr.IsRefusal(connectErrors{refused, away}) || !kerr.IsRefusal(connectErrors{refused, refused}) {
		t.Error("one refusal counts as a refusal by all addresses")
	}
	if got := (connectErrors{refused, away}).Error(); got != "connect to a:1: no; connect to b:1: dial: gone" {
		t.Error(got)
	}
}
