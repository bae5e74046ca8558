package scheduler

import (
	"maps"
	"testing"
)

func TestPartitions(t *testing.T) {
	tests := map[string]struct {
		record   func(r *recorder)
		metadata Metadata
		options  Options
		want     map[string]int32 // of some topics
	}{
		"as many as the input has": {
			record:   func(r *recorder) { r.output(r.table(r.partitionBy(r.input("a"), "p"), "t"), "out") },
			metadata: exist("a", 3),
			want:     map[string]int32{"app-p": 3, "app-t-changelog": 3, "out": 3},
		},
		"as many as asked for": {
			record:   func(r *recorder) { r.output(r.table(r.partitionBy(r.input("a"), "p"), "t"), "out") },
			metadata: exist("a", 3), options: Options{Partitions: 5},
			want: map[string]int32{"app-p": 5, "app-t-changelog": 5, "out": 5, "a": 3, "app-a-meta": 3},
		},
		"what exists stays": {
			record:   func(r *recorder) { r.output(r.table(r.partitionBy(r.input("a"), "p"), "t"), "out") },
			metadata: exist("a", 3, "app-p", 2, "out", 1), options: Options{Partitions: 5},
			want: map[string]int32{"app-p": 2, "app-t-changelog": 2, "out": 1},
		},
		"the widest input of all writers decides for topics that meet": {
			record: func(r *recorder) {
				a, b := r.partitionBy(r.input("a"), "p"), r.partitionBy(r.input("b"), "q")
				r.output(r.table(r.merge(a, b), "t"), "out")
			},
			metadata: exist("a", 3, "b", 8),
			want:     map[string]int32{"app-p": 8, "app-q": 8, "app-t-changelog": 8},
		},
		"whichever was recorded first": {
			record: func(r *recorder) {
				a, b := r.partitionBy(r.input("a"), "p"), r.partitionBy(r.input("b"), "q")
				r.output(r.table(r.merge(a, b), "t"), "out")
			},
			metadata: exist("a", 8, "b", 3),
			want:     map[string]int32{"app-p": 8, "app-q": 8, "app-t-changelog": 8},
		},
		"existing topics whose names Kafka wouldn't take any more": {
			record: func(r *recorder) {
				a := r.input("a")
				r.output(a, "x.y")
				r.output(a, "x_y")
			},
			metadata: exist("a", 1, "x.y", 1, "x_y", 2),
			want:     map[string]int32{"x.y": 1, "x_y": 2},
		},
		"topics meet over three stores, which the last joins": {
			record: func(r *recorder) {
				p, q := r.partitionBy(r.input("a"), "p"), r.partitionBy(r.input("b"), "q")
				c, s := r.input("c"), r.partitionBy(r.input("b"), "s")
				r.output(r.table(r.merge(p, q), "t"), "out")
				r.output(r.table(r.merge(s, c), "u"), "out")
				r.output(r.table(r.merge(q, s), "v"), "out")
			},
			metadata: exist("a", 3, "b", 8, "c", 2),
			want:     map[string]int32{"app-p": 2, "app-q": 2, "app-s": 2, "app-t-changelog": 2},
		},
		"a topic from outside decides for those that it meets": {
			record: func(r *recorder) {
				r.output(r.table(r.merge(r.input("a"), r.partitionBy(r.input("b"), "p")), "t"), "out")
			},
			metadata: exist("a", 6, "b", 8), options: Options{Partitions: 4},
			want: map[string]int32{"app-p": 6, "app-t-changelog": 6, "out": 4},
		},
		"topics that meet without a store may differ": {
			record: func(r *recorder) {
				r.output(r.merge(r.partitionBy(r.input("a"), "p"), r.partitionBy(r.input("b"), "q")), "out")
			},
			metadata: exist("a", 3, "b", 8),
			want:     map[string]int32{"app-p": 3, "app-q": 8, "out": 8},
		},
		"an input that the job writes itself is made by it": {
			record: func(r *recorder) {
				r.output(r.input("between"), "out")
				r.output(r.input("a"), "between")
			},
			metadata: exist("a", 7),
			want:     map[string]int32{"between": 7, "out": 7},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newApp("app")
			tt.record(r)
			p, err := Build(r.g, tt.metadata, tt.options)
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
