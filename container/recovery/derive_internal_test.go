package recovery

import (
	"testing"

	"github.com/gretestream/grete/kv/layout"
	"github.com/gretestream/grete/kv/memory"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream/serde"
)

// A replay restores the index of a store whose entries expire, which its changelog
// doesn't have.
func TestOpenDatabase_DerivesIndexes(t *testing.T) {
	stage := &scheduler.Stage{Name: "s", Stores: []scheduler.Store{{Name: "seen"}}}
	r := &Recovery{cfg: Config{
		Stage: stage, Engine: memory.New(0), Dir: t.TempDir(),
		Stores: []*scheduler.StoreSpec{{Layout: layout.NameExpiring}},
	}}
	var task Task
	if err := r.openDatabase(&task); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = task.State.Close() }()
	if err := task.State.Replay(0, []byte("\x01key"), []byte("\x00\x00\x00\x00\x00\x00\x00\x05\x00value")); err != nil {
		t.Fatal(err)
	}
	if err := task.State.ApplyReplay([]byte("meta")); err != nil {
		t.Fatal(err)
	}
	text, _ := serde.For[string]()
	seen, expired := layout.NewExpiring(task.State, 0, text), 0
	if _, err := seen.Expire(5, 1, func([]byte, int64, *string) error { expired++; return nil }); err != nil || expired != 1 {
		t.Errorf("%d of 1 entries expire: %v", expired, err)
	}
	r.cfg.Stores[0].Layout = "unknown"
	if err := r.setDerived(task.State); err == nil {
		t.Error("a store with an unknown layout is opened")
	}
}
