package meta

import (
	"reflect"
	"testing"

	"github.com/gretestream/grete/stream"
)

// goldenMeta is a meta record as it was written before topics had ids.
const goldenMeta = `{"version":1,"seq":7,"system":"cluster","app":"app","stage":"by-word","task":2,` +
	`"inputs":[{"topic":"in","partition":2,"offset":41,"watermark":-5,"epoch":3,"marks":[{"Task":1,"Watermark":9,"Idle":false,"Ended":4},` +
	`{"Task":2,"Watermark":-9223372036854775808,"Idle":true,"Ended":0}]},{"topic":"more","partition":2,"offset":0}],` +
	`"operators":{"count":1,"per-minute":60000},"schemas":{"count":"int64"},"producer":"app-by-word-0","owner":"OWNER",` +
	`"atLeastOnce":true,"clean":true,"changelogs":{"count":12},"restoring":true,"cuts":{"count":30}}`

func TestParse_RecordWithoutTopicIDs(t *testing.T) {
	watermark := int64(-5)
	want := Record{
		Version: 1, Seq: 7, System: "cluster", App: "app", Stage: "by-word", Task: 2,
		Inputs: []Input{
			{Topic: "in", Partition: 2, Offset: 41, Watermark: &watermark, Epoch: 3, Marks: []stream.Mark{{Task: 1, Watermark: 9, Ended: 4}, {Task: 2, Watermark: stream.NoTime, Idle: true}}},
			{Topic: "more", Partition: 2},
		},
		Operators: map[string]int64{"per-minute": 60000, "count": 1}, Schemas: map[string]string{"count": "int64"},
		Producer: "app-by-word-0", Owner: "OWNER", AtLeastOnce: true, Clean: true,
		Changelogs: map[string]int64{"count": 12}, Restoring: true, Cuts: map[string]int64{"count": 30},
	}
	if got, err := Parse([]byte(goldenMeta)); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("parsed as %+v, %v", got, err)
	}
	if got, err := want.Encode(); err != nil || string(got) != goldenMeta {
		t.Errorf("encoded as %s, %v", got, err)
	}
	want.Topics, want.At = map[string]string{"in": "id"}, 99
	b, err := want.Encode()
	if got, parsing := Parse(b); err != nil || parsing != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("a new record is parsed as %+v, %v, %v", got, err, parsing)
	}
}
