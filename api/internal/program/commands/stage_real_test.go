//go:build real

package commands_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/internal/program/access"
	"github.com/gretestream/grete/api/internal/program/programtest"
	"github.com/gretestream/grete/metrics/model"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// Two processes run one stage each, and results are exact while one after the other is
// restarted. Each serves the HTTP API for both; an incompatible process is refused; a drain
// stops both.
func TestStage_ProcessPerStage(t *testing.T) {
	t.Parallel()
	d := &drained{pair{t, kafkatest.Start(t, kafkatest.Options{}), "onestage"}, make(map[string]int)}
	for _, topic := range []string{"words", "counts"} {
		d.cluster.CreateTopic(t, d.topic(topic), 4, nil)
	}
	stages, dir := []string{d.topic("words"), "by-word"}, t.TempDir()
	start := func(i int) (<-chan programtest.Result, func()) {
		ctx, stop := context.WithCancel(t.Context())
		return d.runUntil(ctx, filepath.Join(dir, fmt.Sprint(i)), "-stage", stages[i]), stop
	}
	stopLoad := d.load()
	first, stopFirst := start(0)
	second, stopSecond := start(1)
	d.total(3000)
	d.answersForBoth(stages)
	d.refusesOthers(stages[0], dir)
	for i, p := range []struct {
		ended *<-chan programtest.Result
		stop  *func()
	}{{&first, &stopFirst}, {&second, &stopSecond}} {
		(*p.stop)()
		(<-*p.ended).Succeeded(t)
		*p.ended, *p.stop = start(i)
		d.total(6000 + 3000*i)
	}
	stopLoad()
	d.total(totalOf(d.sent))
	d.drain(first, second)
	for word, n := range d.total(totalOf(d.sent)) {
		if n != d.sent[word] {
			t.Errorf("%s came %d times, and was counted %d times", word, d.sent[word], n)
		}
	}
}

// answersForBoth asks the process of each stage for the other's tasks and state.
func (d *drained) answersForBoth(stages []string) {
	d.Helper()
	d.until("run a stage each", func(s model.Job) bool {
		return len(s.Stages[0].Members) == 1 && len(s.Stages[1].Members) == 1 && s.Stages[0].Members[0].Instance != s.Stages[1].Members[0].Instance
	})
	ctx, cancel := context.WithTimeout(d.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for i, stage := range d.status().Stages {
		address := stage.Members[0].Address
		for missing := "never asked"; missing != ""; <-tick.C {
			if missing = d.lacks(address); missing != "" && ctx.Err() != nil {
				d.Fatalf("the process of stage %s doesn't know all: %s", stages[i], missing)
			}
		}
	}
}

// lacks asks a process for the job, and for a count, and says what it doesn't know.
func (d *drained) lacks(address string) string {
	d.Helper()
	request, err := http.NewRequestWithContext(d.Context(), http.MethodGet, "http://"+address+"/api/v1/job", http.NoBody)
	if err != nil {
		d.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		d.Fatal(err)
	}
	defer answer.Body.Close()
	var job model.Job
	if err := json.NewDecoder(answer.Body).Decode(&job); err != nil {
		d.Fatal(err)
	}
	for _, s := range job.Stages {
		for _, task := range s.Tasks {
			if task.State != "running" {
				return fmt.Sprintf("task %d of stage %s is %s", task.ID, s.Name, task.State)
			}
		}
	}
	tokens, err := access.FindLocal(programtest.Config(), d.name)
	if err != nil || len(tokens) == 0 {
		d.Fatalf("the token of this user: %v", err)
	}
	n, found, err := api.Query[string, int64](d.Context(), address, "count", "w1", api.QueryToken(tokens[0]))
	if err != nil || !found || n == 0 {
		return fmt.Sprintf("w1 is %d, %v, %v", n, found, err)
	}
	return ""
}

// refusesOthers starts a process of a stage whose pipeline keeps something more.
func (d *drained) refusesOthers(stage, dir string) {
	d.Helper()
	app := api.New(d.name)
	byWord := app.From(d.topic("words"), api.OnError[word](api.Skip())).PartitionBy("by-word", func(w word) string { return w.Word })
	byWord.Count("count").To(d.topic("counts"))
	byWord.Count("more").To(d.topic("counts"))
	r := runMain(d.Context(), app, "-kafka", strings.Join(d.cluster.Bootstrap(), ","), "-data", filepath.Join(dir, "other"), "-session-timeout", "6s", "-stage", stage)
	if r.Failed(d.T, "than this program", "stage by-word"); r.Code != 1 {
		d.Errorf("exit %d", r.Code)
	}
}
