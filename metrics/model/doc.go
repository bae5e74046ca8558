// Package model describes a running job, as people and programs see it: GET /api/v1/job
// serves a [Job], and status prints one. It is plain data, whose JSON is public.
//
// A Job is filled from two sources. Its processes know what their containers have published
// ([Task.Observe], [Container.Observe]): state, progress and counters. The groups of its
// stages know their members, and the offsets that were committed, even if no process is
// reachable. A field that the source doesn't know is missing.
//
// Times are in ms since 1970, unless their JSON is a string. Counters start at 0 with the
// container.
package model
