package share_test

import (
	"fmt"

	"github.com/gretestream/grete/scheduler/share"
)

func ExampleFixed() {
	for n, tasks := range share.Fixed(5, 2) {
		fmt.Println("container", n, "runs", tasks)
	}
	// Output:
	// container 0 runs [0 2 4]
	// container 1 runs [1 3]
}

// A third container joins two that have three tasks each. It has state of before.
func ExampleAssign() {
	members := []share.Member{
		{ID: "ann", Host: "h1", Tasks: []int32{0, 2, 4}, State: map[int32]int64{0: 9000, 2: 9000, 4: 9000}},
		{ID: "bob", Host: "h2", Tasks: []int32{1, 3, 5}, State: map[int32]int64{1: 9000, 3: 9000, 5: 9000}},
		{ID: "cid", Host: "h3", State: map[int32]int64{2: 8000, 5: 7000}},
	}
	for round := 1; ; round++ {
		shares, err := share.Assign(share.Group{Tasks: 6, Standbys: 1, Members: members})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("round", round)
		for i, p := range shares.Parts {
			fmt.Println(p.ID, "runs", p.Tasks, "awaits", p.Pending, "follows", p.Standbys)
			m := &members[i]
			m.Tasks, m.Pending, m.Standbys, m.Generation = p.Tasks, p.Pending, p.Standbys, int32(round)
		}
		if !shares.Again {
			return
		}
	}
	// Output:
	// round 1
	// ann runs [0 4] awaits [] follows [1 2]
	// bob runs [1 3] awaits [] follows [4 5]
	// cid runs [] awaits [2 5] follows [0 3]
	// round 2
	// ann runs [0 4] awaits [] follows [1 2]
	// bob runs [1 3] awaits [] follows [4 5]
	// cid runs [2 5] awaits [] follows [0 3]
}
