package scheduler_test

import (
	"fmt"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/draw"
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
	fmt.Print(draw.Text(plan))
	// Output:
	// wordcount: 2 stages, 4 tasks, fingerprint 1e19c9a140db2e13
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
