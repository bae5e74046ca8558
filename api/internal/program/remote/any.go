package remote

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/cluster"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// OpenAny opens the cluster of the flags, or the embedded log of a data directory, which it
// locks; "" is the default directory. release closes them, and adds its errors to another.
func OpenAny(ctx context.Context, c program.Console, k *cluster.KafkaFlags, data string) (_ stream.System, release func(error) error, err error) {
	where, err := k.Options()
	if err != nil {
		return nil, nil, err
	}
	if where != nil {
		system, err := cluster.OpenKafka(ctx, *where, c.Logger())
		return system, func(err error) error { return program.Close(err, system) }, err
	}
	if data == "" {
		data = cluster.DataDir(c.App)
	}
	if !cluster.HasLog(data) {
		return nil, nil, fmt.Errorf("data directory %s: it has no log, so the job has never run there; name another with -data, or a cluster with -kafka", data)
	}
	lock, err := cluster.Lock(data)
	if err != nil {
		return nil, nil, err
	}
	system, err := cluster.OpenLog(data, c.Logger())
	if err != nil {
		return nil, nil, program.Close(err, lock)
	}
	return system, func(err error) error { return program.Close(program.Close(err, system), lock) }, nil
}

// CheckStopped returns an error if a process runs stages of these plans. On the embedded log
// the lock of the data directory keeps them away.
func CheckStopped(ctx context.Context, system stream.System, plans ...*scheduler.Plan) error {
	group, ok := system.(stream.Grouper)
	if !ok {
		return nil
	}
	var members []string
	for _, p := range plans {
		for i := range p.Stages {
			state, err := group.Group(ctx, p.Stages[i].Group)
			if err != nil {
				return err
			}
			for _, m := range state.Members {
				members = append(members, fmt.Sprintf("member %s of group %s, on %s", m.ID, p.Stages[i].Group, m.Host))
			}
		}
	}
	if len(members) == 0 {
		return nil
	}
	slices.Sort(members)
	return fmt.Errorf("the job is running (%s): stop it first. A process that was killed is a member until its session times out", strings.Join(slices.Compact(members), ", "))
}
