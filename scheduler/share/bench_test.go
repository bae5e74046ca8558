package share

import (
	"fmt"
	"testing"
	"time"
)

// crowd is a group of many: the first has members that own as many tasks as each
// other, with standbys; the last joiners of them have nothing yet.
func crowd(tasks int32, members, joiners int) Group {
	g := Group{Tasks: tasks, Standbys: 1}
	for i := range members {
		g.Members = append(g.Members, Member{ID: fmt.Sprintf("m%03d", i), Host: fmt.Sprintf("h%03d", i), State: map[int32]int64{}})
	}
	old := members - joiners
	for task := range tasks {
		if old == 0 {
			break
		}
		owner, standby := &g.Members[int(task)%old], &g.Members[int(task+1)%old]
		owner.Tasks = append(owner.Tasks, task)
		owner.State[task] = 1000
		standby.Standbys = append(standby.Standbys, task)
		standby.State[task] = 990
	}
	return g
}

type namedGroup struct {
	name string
	Group
}

func crowds() []namedGroup {
	lost, three := crowd(500, 21, 0), crowd(500, 20, 1)
	lost.Members = lost.Members[1:]
	three.Standbys = 3
	return []namedGroup{
		{"first start", crowd(500, 20, 20)},
		{"no change", crowd(500, 20, 0)},
		{"one joins", crowd(500, 20, 1)},
		{"one is lost", lost},
		{"ten join", crowd(500, 20, 10)},
		{"three standbys", three},
	}
}

func BenchmarkAssign(b *testing.B) {
	for _, g := range append(crowds(), namedGroup{"thousands", crowd(5000, 100, 1)}) {
		b.Run(g.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Assign(g.Group); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// It takes a few milliseconds, or many with the race detector on a busy machine. The
// test would find an assignment that takes minutes.
func TestAssign_IsFast(t *testing.T) {
	for _, g := range crowds() {
		start := time.Now()
		if _, err := Assign(g.Group); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("%s: %v", g.name, d)
		}
	}
}
