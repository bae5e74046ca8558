// Package httpapi serves a running job over HTTP: its stages, tasks and progress, its
// health, and the contents of its stores.
//
//	GET /api/v1/job                        stages, tasks, owners, lag, watermarks, sizes;
//	                                       with local=true only of this process
//	GET /api/v1/health, /api/v1/ready      200, or 503 with the reason
//	GET /api/v1/stores/{store}/{key}       the value of a key, as of the last commit
//	GET /api/v1/stores/{store}?from=&to=   the values of a range of keys
//	POST /api/v1/stages/{stage}/tasks/{task}/move
//	                                       makes a container of this process request the task in its group
//	POST /api/v1/drain                     makes the containers of this process hold their inputs
//	                                       for a while, and returns how many do
//	POST /api/v1/stop                      makes this process leave its groups and end
//	POST /api/v1/leave                     makes it leave its groups if it is told to end soon,
//	                                       as it won't return
//	GET /metrics, /healthz, /readyz        package metrics
//
// types.go has the types of the responses. They are JSON, also errors: {"error": "…"}, with
// a status for the kind of error.
//
// If a job has several processes, each of them serves the whole job ([Owners]). It forwards
// a request to the owners of the tasks, to all at once and within a bounded time, and once
// more if a task has moved meanwhile. A response is never partial: if a task that is needed
// is unavailable, the status is 503, and the response names the task, its owner, and when
// to retry. The description of the job names what is missing from it.
//
// The server is beside a record's way: it reads the counters that the loops publish, and
// their committed state through [container.Readers]. A loop never waits for it, except at a
// commit, for as long as it takes to copy a page of a store in memory. On the job's way it
// starts before the containers and ends after them.
package httpapi
