package container_test

import (
	"testing"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/scheduler"
)

// A container must hold the tasks that are left when another one is lost.
func TestLoad_ProcessMemory(t *testing.T) {
	const mb = 1 << 20
	stores := &scheduler.Stage{Tasks: 64, Stores: make([]scheduler.Store, 1)}
	for _, c := range []struct {
		name       string
		stage      *scheduler.Stage
		containers int
		memory     int64
		want       int64
	}{
		{"one task", &scheduler.Stage{Tasks: 1}, 1, 64 * mb, 192*mb + 128<<10},
		{"one container has all tasks", stores, 1, 64 * mb, 192*mb + 64*512<<10},
		{"of two, one may be left", stores, 2, 64 * mb, 192*mb + 64*512<<10},
		{"of four, three may be left", stores, 4, 64 * mb, 192*mb + 22*512<<10},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := container.LoadOf(c.stage, c.containers, c.memory).ProcessMemory(); got != c.want {
				t.Errorf("%d bytes, want %d", got, c.want)
			}
		})
	}
}

// Tasks without stores have no database.
func TestLoad_AddTasks(t *testing.T) {
	var l container.Load
	l.AddTasks(&scheduler.Stage{}, 500)
	l.AddTasks(&scheduler.Stage{Stores: make([]scheduler.Store, 2)}, 30)
	if want := (container.Load{Tasks: 530, Databases: 30, Stores: 60}); l != want {
		t.Errorf("%+v, want %+v", l, want)
	}
}
