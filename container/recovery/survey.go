package recovery

import (
	"context"
	"errors"

	"github.com/gretestream/grete/container/meta"
	"github.com/gretestream/grete/stream"
)

// A Survey finds the last commits of all tasks of a stage from their changelogs alone,
// without databases. A reset is based on it.
type Survey struct {
	x restorer
}

// A SurveyedTask is a task with its last commit.
type SurveyedTask struct {
	ID   int32
	Last *meta.Record // nil if it has never committed
	// HalfCommitted means that the changelogs have records behind the last commit, which
	// the task's next start would undo.
	HalfCommitted bool
}

// NewSurvey prepares a survey. For a reset that clears the stores, the schemas of the state
// don't matter.
func NewSurvey(cfg Config, clears bool) *Survey {
	var tasks []int32
	for id := range cfg.Stage.Tasks {
		tasks = append(tasks, id)
	}
	r := New(cfg, tasks)
	r.resets, r.clears = true, clears
	return &Survey{restorer{r: r}}
}

// Look finds the last commits, and changes nothing.
func (s *Survey) Look(ctx context.Context) error {
	if err := s.x.r.identify(ctx); err != nil {
		return err
	}
	return errors.Join(s.x.look(ctx, s.x.r.cfg.System.Admin().Ends), s.x.close())
}

// TakeOver fences the owners of the tasks, and finds their last commits.
func (s *Survey) TakeOver(ctx context.Context) error {
	if err := s.x.r.identify(ctx); err != nil {
		return err
	}
	return errors.Join(s.x.find(ctx, s.x.r.cfg.System.Admin().Ends), s.x.close())
}

// Check returns an error if what was found can't be the tasks' last commits.
func (s *Survey) Check(ctx context.Context) error {
	_, err := s.x.check(ctx)
	return err
}

// Tasks returns all tasks of the stage. After an error, some may be missing.
func (s *Survey) Tasks() []SurveyedTask {
	var tasks []SurveyedTask
	for _, t := range s.x.tasks {
		found := SurveyedTask{ID: t.ID, Last: t.last}
		for _, l := range t.logs {
			found.HalfCommitted = found.HalfCommitted || len(l.behind) > 0
		}
		tasks = append(tasks, found)
	}
	return tasks
}

// TopicIDs are the ids of the changelogs and the inputs, by topic.
func (s *Survey) TopicIDs() map[string]string { return s.x.r.TopicIDs }

// ReadChangelogs reads all changelogs of a stage, from their beginning to where they end
// now, committed or not, all side by side. take gets the records; after is called when a
// chunk of a partition is done, with last for its last one.
func ReadChangelogs(ctx context.Context, cfg Config, take func(stream.TopicPartition, *stream.Record) error, after func(tp stream.TopicPartition, last bool) error) (err error) {
	x := NewSurvey(cfg, true).x
	defer func() { err = errors.Join(err, x.close()) }()
	if err := x.begin(ctx, cfg.System.Admin().LogEnds); err != nil {
		return err
	}
	var logs []*changelog
	for _, t := range x.tasks {
		for _, l := range t.logs {
			l.at, l.until = l.next, l.end
			if l.at < l.until {
				logs = append(logs, l)
			}
		}
	}
	return x.read(ctx, logs,
		func(l *changelog, r *stream.Record) error { return take(l.TopicPartition, r) },
		func(l *changelog) error { return after(l.TopicPartition, l.at == l.until) })
}
