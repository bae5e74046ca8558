package run

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/gretestream/grete/container"
)

// A process leaves for good after a shutdown notice, whatever ends it. A notice expires.
func TestNotice_DecidesWhetherContainersReturn(t *testing.T) {
	for name, test := range map[string]struct {
		told  time.Duration // for so long; 0: never
		cause error
		back  bool
	}{
		"a restart":               {0, container.ErrBack, true},
		"Ctrl-C":                  {0, nil, false},
		"for good":                {time.Minute, container.ErrBack, false},
		"Ctrl-C, for good":        {time.Minute, nil, false},
		"told too long ago":       {-time.Second, container.ErrBack, true},
		"told too long ago twice": {-time.Minute, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			var n notice
			if test.told != 0 {
				n.set(time.Now().Add(test.told))
			}
			outer, cancel := context.WithCancelCause(t.Context())
			ctx, end := n.apply(outer)
			defer end()
			cancel(test.cause)
			<-ctx.Done()
			if back := errors.Is(context.Cause(ctx), container.ErrBack); back != test.back {
				t.Errorf("it will be back: %t", back)
			}
		})
	}
	var n notice
	ctx, end := n.apply(t.Context())
	if end(); ctx.Err() == nil || errors.Is(context.Cause(ctx), container.ErrBack) {
		t.Error("it doesn't leave")
	}
}
