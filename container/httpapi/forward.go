package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gretestream/grete/container/httpapi/limit"
	"github.com/gretestream/grete/scheduler"
)

// forwarded reports whether a request comes from another process of the job.
func forwarded(r *http.Request) bool { return len(r.Header.Values(ForwardedHeader)) > 0 }

// asked returns the tasks that a request is for: those that may have the key, or, in a
// forwarded request, those of them that it names. The sender takes them to be here. If one
// isn't, the response says so: the sender may know the new owner by now, and needs all
// tasks or none.
func (s *server) asked(r *http.Request, stage *scheduler.Stage, tasks []int32) ([]int32, error) {
	if !forwarded(r) {
		return tasks, nil
	}
	tasks, err := parseTasks(r.Header.Get(ForwardedHeader), stage.Tasks)
	if err != nil {
		return nil, badRequest(fmt.Errorf("%s: %w", ForwardedHeader, err))
	}
	gone := slices.DeleteFunc(slices.Clone(tasks), func(t int32) bool { return s.owner(stage.Name, t).here })
	if len(gone) == 0 {
		return tasks, nil
	}
	return nil, &failure{status: http.StatusMisdirectedRequest, Problem: Problem{
		Message: fmt.Sprintf("tasks %s of stage %s aren't in this process", listTasks(gone), stage.Name), Tasks: gone,
	}}
}

// parseTasks parses a list of tasks of a stage that has count tasks.
func parseTasks(list string, count int32) (tasks []int32, err error) {
	for text := range strings.SplitSeq(list, ",") {
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil || n < 0 || n >= int64(count) {
			return nil, fmt.Errorf("%q isn't a task: there are 0 to %d", text, count-1)
		}
		if slices.Contains(tasks, int32(n)) {
			return nil, fmt.Errorf("task %d is named twice", n)
		}
		tasks = append(tasks, int32(n))
	}
	return tasks, nil
}

func listTasks(tasks []int32) string {
	list := make([]string, len(tasks))
	for i, t := range tasks {
		list[i] = strconv.Itoa(int(t))
	}
	return strings.Join(list, ",")
}

// forward sends the request to another process, for some tasks of a stage. If that doesn't
// have the key, there is neither an error nor a response.
func (a *asking) forward(ctx context.Context, address string, tasks []int32) (*answer, error) {
	header := http.Header{ForwardedHeader: {listTasks(tasks)}}
	if accept := a.request.Header.Get("Accept"); accept != "" {
		header.Set("Accept", accept)
	}
	got, err := a.peers.get(ctx, address, a.request.URL, header)
	if err != nil {
		f := a.away(a.stage, tasks[0], address, err)
		if errors.Is(err, errToken) || errors.Is(err, errAddress) { // a retry won't help
			f.status, f.retry = http.StatusBadGateway, 0
		}
		if paused := (*limit.PausedError)(nil); errors.As(err, &paused) {
			f.retry = max(f.retry, paused.Wait)
		}
		return nil, f
	}
	if got.status == http.StatusOK {
		return got, nil
	}
	f := got.failure()
	switch {
	case got.status == http.StatusMisdirectedRequest:
		gone := f.Tasks
		if len(gone) == 0 {
			gone = tasks
		}
		f = a.away(a.stage, gone[0], address, errMoved)
		f.Tasks = gone
	case f.Message == "":
		f = a.away(a.stage, tasks[0], address, fmt.Errorf("answers with status %d and no reason", got.status))
	case f.Missing == "key":
		return nil, nil
	case f.Owner == nil:
		f.Owner = &Owner{Stage: a.stage.Name, Task: tasks[0], Address: address}
	}
	return nil, f
}

// failure is the failure in the response of another process; without a message if it isn't
// one.
func (a *answer) failure() *failure {
	f := &failure{status: a.status}
	if err := json.Unmarshal(a.body, &f.Problem); err != nil {
		f.Problem = Problem{}
	}
	if seconds, err := strconv.Atoi(a.header.Get("Retry-After")); err == nil && seconds > 0 {
		f.retry = min(time.Duration(seconds)*time.Second, longestRetry)
	} else if a.status == http.StatusServiceUnavailable {
		f.retry = shortRetry
	}
	return f
}

// passOn returns the response of another process to the client.
func (a *answer) passOn(w http.ResponseWriter) error {
	for _, name := range []string{"Content-Type", KeyHeader, ValueHeader, TaskHeader} {
		if value := a.header.Get(name); value != "" {
			w.Header().Set(name, value)
		}
	}
	w.WriteHeader(a.status)
	// If this fails, the client is gone.
	_, _ = w.Write(a.body)
	return nil
}
