package status

import (
	"strings"
	"testing"

	"github.com/gretestream/grete/metrics/model"
)

func TestStatus_OpenTransactions(t *testing.T) {
	r := members(t, "one:80")
	end, logEnd := int64(3), int64(5)
	job := &model.Job{Stages: []model.Stage{{Name: "words", Tasks: []model.Task{{Inputs: []model.Input{
		{Topic: "words", Partition: 0, End: &end},
		{Topic: "words", Partition: 1, End: &end, LogEnd: &logEnd, HeldBy: []string{"transactional id loader, producer id 7"}},
		{Topic: "words", Partition: 2, End: &end, LogEnd: &logEnd},
	}}}}}}
	var b strings.Builder
	if err := write(&b, job, r.Plan); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"  input words/1: 2 records can't be read yet, because a transaction is open: transactional id loader, producer id 7\n",
		"  input words/2: 2 records can't be read yet, because a transaction of another producer is open\n",
	} {
		if !strings.Contains(b.String(), line) {
			t.Errorf("%q isn't in\n%s", line, b.String())
		}
	}
	if strings.Contains(b.String(), "words/0") {
		t.Errorf("it says\n%s", b.String())
	}
}
