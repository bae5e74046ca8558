package api

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/container/recovery"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// shares tells whether this process shares the job with others that are started
// elsewhere: on a cluster, in a run without end.
func (r *run) shares() bool { return r.kafka != nil && !r.Once }

// identify reads who this process is, among those that share the job: what lasts over its
// restarts, and is gone with its state.
func (r *run) identify(context.Context) (err error) {
	if r.kafka == nil || r.supervises() {
		return nil
	}
	if r.identity, err = readIdentity(filepath.Join(r.Data, "identity")); err != nil {
		return fmt.Errorf("data directory %s: %w", r.Data, err)
	}
	r.positions, err = recovery.OpenPositions(filepath.Join(r.Data, "state"))
	return err
}

// readIdentity reads the file, or makes it. It is made as a whole or not at all.
func readIdentity(file string) (string, error) {
	b, err := os.ReadFile(file)
	if identity := strings.TrimSpace(string(b)); err == nil && identity != "" {
		return identity, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	identity := strings.ToLower(rand.Text())[:12]
	if err := os.WriteFile(file+".new", []byte(identity+"\n"), 0o644); err != nil {
		return "", err
	}
	return identity, os.Rename(file+".new", file)
}

// sharing says how a container shares its stage; nil if it doesn't.
func (r *run) sharing(index int) (*membership.Config, error) {
	group, ok := r.system.(stream.Grouper)
	if !ok || !r.shares() {
		return nil, nil
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("asking for this machine's name: %w", err)
	}
	s := &membership.Config{
		Group: group, Instance: fmt.Sprintf("%s-%d", r.identity, index), Host: host,
		Compatibility: r.planned.Fingerprint, SessionTimeout: r.Session, Standbys: r.Standbys, Peers: &r.neighbours, MoveRequests: &r.wishes,
	}
	s.OnAssigned = r.sayTasks
	if r.server != nil {
		s.Address, _ = r.server.Advertised()
	}
	return s, nil
}

// sayTasks says which tasks of a stage a container of this process has from now on.
func (r *run) sayTasks(stage *scheduler.Stage, tasks []int32, containers int) {
	if containers == 1 && len(tasks) == int(stage.Tasks) {
		r.say("stage %s: all %d tasks", stage.Name, stage.Tasks)
		return
	}
	ids := make([]string, len(tasks))
	for i, id := range tasks {
		ids[i] = strconv.Itoa(int(id))
	}
	have := "none"
	if len(ids) > 0 {
		have = "tasks " + strings.Join(ids, ", ")
	}
	r.say("stage %s: %s of its %d, which %d containers share", stage.Name, have, stage.Tasks, containers)
}
