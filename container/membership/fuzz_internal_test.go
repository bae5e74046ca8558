package membership

import (
	"bytes"
	"strings"
	"testing"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/harnesstest"
)

func TestParse_BoundsMessages(t *testing.T) {
	message := append([]byte(`{"producer":"p"}`), bytes.Repeat([]byte(" "), maxMessage)...)
	var info memberInfo
	if err := parse(message, &info); err == nil || !strings.Contains(err.Error(), "at most 4194304") {
		t.Errorf("%d bytes: %v", len(message), err)
	}
	if err := parse(message[:maxMessage], &info); err != nil || info.Producer != "p" {
		t.Errorf("%d bytes: %v", maxMessage, err)
	}
}

// Whatever the members and the leader of a group send, it is refused, or leads to an
// assignment of the plan's tasks, in memory that its size bounds.
func FuzzMessages(f *testing.F) {
	f.Add([]byte(`{"producer":"p","compatibility":"c","tasks":4,"state":{"1":20,"3":7},"requests":[2]}`), []byte(`{"revoked":[1],"coming":[2],"standbys":[3],"members":[{"producer":"p","known":4}]}`))
	f.Add([]byte(`{"tasks":-1,"coming":[-1,99],"standbys":[1,1,1],"state":{"-1":5,"99":1}}`), []byte(`{"coming":[99],"members":[{},{},{}]}`))
	f.Add([]byte(`{"tasks":2147483647,"requests":[0,0,-5]}`), []byte(`{"members":[`+strings.Repeat("{},", 500)+`{}]}`))
	stage := &scheduler.Stage{Name: "s", Group: "g", Tasks: 4, Inputs: []scheduler.Input{{Topic: "in", Partitions: 4}}, Stores: []scheduler.Store{{Name: "store"}}}
	f.Fuzz(func(t *testing.T, info, told []byte) {
		a := assignor{stage: stage, standbys: 1, producer: "p"}
		harnesstest.Frugal(t, len(info)+len(told), 300, func() {
			owned := []stream.TopicPartition{{Topic: "in", Partition: 1}, {Topic: "in", Partition: 77}, {Topic: "in", Partition: -1}}
			own := []byte(`{"producer":"p","tasks":4}`)
			all, err := a.assign([]stream.GroupMember{{ID: "a", Data: own}, {ID: "b", Data: info, Owned: owned, Generation: 3}})
			var other memberInfo
			kept := parse(info, &other) != nil || other.Compatibility != "" // a leader of another version divides nothing
			for _, one := range all {
				for _, task := range a.tasks(one.Partitions) {
					if err == nil && !kept && (task < 0 || task >= stage.Tasks) {
						t.Errorf("task %d is assigned", task)
					}
				}
			}
			m := Member{stage: stage, assignor: a}
			var parsed assignment
			if parse(told, &parsed) == nil && m.planned(parsed.Coming, parsed.Standbys) {
				for _, task := range append(parsed.Coming, parsed.Standbys...) {
					if task < 0 || task >= stage.Tasks {
						t.Errorf("task %d is in the plan", task)
					}
				}
			}
			_ = a.view(&stream.MemberState{Data: info, Assignment: stream.GroupAssignment{Data: told}})
		})
	})
}
