//go:build real

package commands_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// The limit of an output is lowered while the job runs. What is too large by then is the
// failure of its record: the job skips it and goes on, or names it and ends.
func TestRun_LimitLoweredMeanwhile(t *testing.T) {
	t.Parallel()
	c := oneBroker.Cluster(t)
	for name, options := range map[string][]api.InputOption[visit]{
		"fail": nil,
		"skip": {api.OnError[visit](api.Skip())},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := &growingJob{T: t, cluster: c, app: kafkatest.Name(t)}
			c.CreateTopic(t, j.visits(), 1, nil)
			c.CreateTopic(t, j.counts(), 1, nil)
			app := api.New(j.app)
			app.From(j.visits(), options...).To(j.counts())
			run := j.start(app)
			j.send(1)
			j.copied(10)
			limit := "1000"
			altered, err := c.Admin().AlterTopicConfigs(t.Context(), []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "max.message.bytes", Value: &limit}}, j.counts())
			if err != nil || altered[0].Err != nil {
				t.Fatal(err, altered)
			}
			large, err := json.Marshal(visit{User: strings.Repeat("x", 2000)})
			if err != nil {
				t.Fatal(err)
			}
			client := c.Franz(t, kgo.DefaultProduceTopic(j.visits()))
			if err := client.ProduceSync(t.Context(), &kgo.Record{Value: large}).FirstErr(); err != nil {
				t.Fatal(err)
			}
			if options == nil {
				r := <-run.ended
				run.ended <- r // for the cleanup
				r.Failed(t, "topic "+j.visits()+", partition 0, offset 10", j.counts(), "max.message.bytes is 1000")
				return
			}
			j.send(1)
			j.copied(20)
			if r := run.stop().Succeeded(t); !strings.Contains(r.Err, "record skipped") || !strings.Contains(r.Err, "offset=10") {
				t.Errorf("it said:\n%s", r.Err)
			}
		})
	}
}
