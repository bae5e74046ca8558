package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/scheduler"
)

// A Move is the response of …/move: the container will request the task in its group. The
// state of the group shows whether it gets the task.
type Move struct {
	Stage    string `json:"stage"`
	Task     int32  `json:"task"`
	Instance string `json:"instance"`
}

// MovePath requests, by POST, that a task moves to a container of this process. ?instance=NAME
// chooses one if the process has several. The path is escaped.
func MovePath(stage string, task int32) string {
	return fmt.Sprintf("/api/v1/stages/%s/tasks/%d/move", url.PathEscape(stage), task)
}

// move makes a container of this process request a task.
func (s *server) move(w http.ResponseWriter, r *http.Request) error {
	stage, err := s.cfg.Plan.Stage(r.PathValue("stage"))
	if err != nil {
		return notFound(err.Error())
	}
	task, err := strconv.ParseInt(r.PathValue("task"), 10, 32)
	if err != nil || task < 0 || task >= int64(stage.Tasks) {
		return notFound(fmt.Sprintf("stage %s has no task %q: there are 0 to %d", stage.Name, r.PathValue("task"), stage.Tasks-1))
	}
	if s.cfg.MoveRequests == nil {
		return alone()
	}
	instance, err := s.instance(r, stage)
	if err != nil {
		return err
	}
	err = s.cfg.MoveRequests.Add(stage.Name, instance, int32(task))
	if errors.Is(err, membership.ErrNoContainer) {
		return notFound(fmt.Sprintf("%v; there are: %s", err, strings.Join(s.cfg.MoveRequests.Instances(stage.Name), ", ")))
	}
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusAccepted, Move{stage.Name, int32(task), instance})
}

// instance is the container that a request is for.
func (s *server) instance(r *http.Request, stage *scheduler.Stage) (string, error) {
	if r.URL.Query().Has("instance") {
		return r.URL.Query().Get("instance"), nil
	}
	all := s.cfg.MoveRequests.Instances(stage.Name)
	if len(all) == 1 {
		return all[0], nil
	}
	return "", badRequest(fmt.Errorf("choose a container with instance=NAME: there are %s", strings.Join(all, ", ")))
}

func notFound(message string) error {
	return &failure{status: http.StatusNotFound, Problem: Problem{Message: message}}
}
