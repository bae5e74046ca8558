package scheduler_test

import (
	"fmt"

	"github.com/gretestream/grete/scheduler"
)

func ExampleBuild() {
	graph := scheduler.Graph{App: "wordcount", Nodes: []scheduler.Node{
		{ID: 0, Kind: scheduler.KindInput, Topic: "lines"},
		{ID: 1, Kind: "flatmap", From: []scheduler.Edge{{Node: 0}}},
		{ID: 2, Kind: scheduler.KindRepartition, Name: "by-word", From: []scheduler.Edge{{Node: 1}}, Key: "string", Value: "string"},
		{ID: 3, Kind: "table", Name: "counts", From: []scheduler.Edge{{Node: 2}}, Stores: []scheduler.StoreSpec{{Layout: "values", Key: "string", Value: "int64"}}},
		{ID: 4, Kind: scheduler.KindOutput, Topic: "words", From: []scheduler.Edge{{Node: 3}}},
	}}
	world := scheduler.Metadata{Partitions: map[string]int32{"lines": 2}}
	plan, err := scheduler.Build(graph, world, scheduler.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(plan.Text())
	// Output:
	// wordcount: 2 stages, 4 tasks, fingerprint 3aed97693153c006
	//
	// stage lines: 2 tasks in 1 container, group wordcount-lines
	//   reads   lines, 2 partitions
	//   runs    read lines → flatmap → partition by-word
	//   writes  wordcount-by-word
	//
	// stage by-word: 2 tasks in 1 container, group wordcount-by-word
	//   reads   wordcount-by-word, 2 partitions, written by 2 tasks
	//   runs    table counts → write words
	//   keeps   counts: values; string to int64, changelog wordcount-counts-changelog
	//   writes  words
	//
	// topics
	//   lines                       input        2 partitions
	//   wordcount-by-word           repartition  2 partitions  to be created
	//   wordcount-counts-changelog  changelog    2 partitions  to be created
	//   wordcount-lines-meta        changelog    2 partitions  to be created
	//   wordcount-plan              plan         1 partition   to be created
	//   words                       output       2 partitions  to be created
}

func ExampleAssign() {
	for n, tasks := range scheduler.Assign(5, 2) {
		fmt.Println("container", n, "runs", tasks)
	}
	// Output:
	// container 0 runs [0 2 4]
	// container 1 runs [1 3]
}

// A third container joins two that have three tasks each. It has state of before.
func ExampleShare() {
	members := []scheduler.Member{
		{ID: "ann", Host: "h1", Tasks: []int32{0, 2, 4}, State: map[int32]int64{0: 9000, 2: 9000, 4: 9000}},
		{ID: "bob", Host: "h2", Tasks: []int32{1, 3, 5}, State: map[int32]int64{1: 9000, 3: 9000, 5: 9000}},
		{ID: "cid", Host: "h3", State: map[int32]int64{2: 8000, 5: 7000}},
	}
	for round := 1; ; round++ {
		shares, err := scheduler.Share(scheduler.Group{Tasks: 6, Standbys: 1, Members: members})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("round", round)
		for i, p := range shares.Parts {
			fmt.Println(p.ID, "runs", p.Tasks, "awaits", p.Coming, "follows", p.Standbys)
			m := &members[i]
			m.Tasks, m.Coming, m.Standbys, m.Generation = p.Tasks, p.Coming, p.Standbys, int32(round)
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
