package scheduler_test

import (
	"maps"
	"testing"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/internal/graphtest"
)

func TestBuild_CountsPartitions(t *testing.T) {
	tests := map[string]struct {
		record   func(r *graphtest.Recorder)
		metadata scheduler.Metadata
		options  scheduler.Options
		want     map[string]int32 // of some topics
	}{
		"as many as the input has": {
			record:   func(r *graphtest.Recorder) { r.Output(r.Table(r.PartitionBy(r.Input("a"), "p"), "t"), "out") },
			metadata: graphtest.Exist("a", 3),
			want:     map[string]int32{"app-p": 3, "app-t-changelog": 3, "out": 3},
		},
		"as many as asked for": {
			record:   func(r *graphtest.Recorder) { r.Output(r.Table(r.PartitionBy(r.Input("a"), "p"), "t"), "out") },
			metadata: graphtest.Exist("a", 3), options: scheduler.Options{Partitions: 5},
			want: map[string]int32{"app-p": 5, "app-t-changelog": 5, "out": 5, "a": 3, "app-a-meta": 3},
		},
		"what exists stays": {
			record:   func(r *graphtest.Recorder) { r.Output(r.Table(r.PartitionBy(r.Input("a"), "p"), "t"), "out") },
			metadata: graphtest.Exist("a", 3, "app-p", 2, "out", 1), options: scheduler.Options{Partitions: 5},
			want: map[string]int32{"app-p": 2, "app-t-changelog": 2, "out": 1},
		},
		"the widest input of all writers decides for topics that meet": {
			record: func(r *graphtest.Recorder) {
				a, b := r.PartitionBy(r.Input("a"), "p"), r.PartitionBy(r.Input("b"), "q")
				r.Output(r.Table(r.Merge(a, b), "t"), "out")
			},
			metadata: graphtest.Exist("a", 3, "b", 8),
			want:     map[string]int32{"app-p": 8, "app-q": 8, "app-t-changelog": 8},
		},
		"whichever was recorded first": {
			record: func(r *graphtest.Recorder) {
				a, b := r.PartitionBy(r.Input("a"), "p"), r.PartitionBy(r.Input("b"), "q")
				r.Output(r.Table(r.Merge(a, b), "t"), "out")
			},
			metadata: graphtest.Exist("a", 8, "b", 3),
			want:     map[string]int32{"app-p": 8, "app-q": 8, "app-t-changelog": 8},
		},
		"existing topics whose names Kafka wouldn't take any more": {
			record: func(r *graphtest.Recorder) {
				a := r.Input("a")
				r.Output(a, "x.y")
				r.Output(a, "x_y")
			},
			metadata: graphtest.Exist("a", 1, "x.y", 1, "x_y", 2),
			want:     map[string]int32{"x.y": 1, "x_y": 2},
		},
		"topics meet over three stores, which the last joins": {
			record: func(r *graphtest.Recorder) {
				p, q := r.PartitionBy(r.Input("a"), "p"), r.PartitionBy(r.Input("b"), "q")
				c, s := r.Input("c"), r.PartitionBy(r.Input("b"), "s")
				r.Output(r.Table(r.Merge(p, q), "t"), "out")
				r.Output(r.Table(r.Merge(s, c), "u"), "out")
				r.Output(r.Table(r.Merge(q, s), "v"), "out")
			},
			metadata: graphtest.Exist("a", 3, "b", 8, "c", 2),
			want:     map[string]int32{"app-p": 2, "app-q": 2, "app-s": 2, "app-t-changelog": 2},
		},
		"a topic from outside decides for those that it meets": {
			record: func(r *graphtest.Recorder) {
				r.Output(r.Table(r.Merge(r.Input("a"), r.PartitionBy(r.Input("b"), "p")), "t"), "out")
			},
			metadata: graphtest.Exist("a", 6, "b", 8), options: scheduler.Options{Partitions: 4},
			want: map[string]int32{"app-p": 6, "app-t-changelog": 6, "out": 4},
		},
		"topics that meet without a store may differ": {
			record: func(r *graphtest.Recorder) {
				r.Output(r.Merge(r.PartitionBy(r.Input("a"), "p"), r.PartitionBy(r.Input("b"), "q")), "out")
			},
			metadata: graphtest.Exist("a", 3, "b", 8),
			want:     map[string]int32{"app-p": 3, "app-q": 8, "out": 8},
		},
		"an input that the job writes itself is made by it": {
			record: func(r *graphtest.Recorder) {
				r.Output(r.Input("between"), "out")
				r.Output(r.Input("a"), "between")
			},
			metadata: graphtest.Exist("a", 7),
			want:     map[string]int32{"between": 7, "out": 7},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := graphtest.New("app")
			tt.record(r)
			p, err := scheduler.Build(r.Graph, tt.metadata, tt.options)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]int32{}
			for _, topic := range p.Topics {
				if _, ok := tt.want[topic.Name]; ok {
					got[topic.Name] = topic.Partitions
				}
				if topic.Create != (tt.metadata.Partitions[topic.Name] == 0) {
					t.Errorf("topic %s: create is %v", topic.Name, topic.Create)
				}
			}
			if !maps.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
