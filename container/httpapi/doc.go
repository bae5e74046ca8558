// Package httpapi is what a job says of itself over HTTP: what it is and how far, whether
// it is well, and what its stores hold.
//
//	GET /api/v1/job                        stages, tasks, owners, lag, watermarks, sizes;
//	                                       with local=true those of this process
//	GET /api/v1/health, /api/v1/ready      200, or 503 and why
//	GET /api/v1/stores/{store}/{key}       the value of a key, as of the last commit
//	GET /api/v1/stores/{store}?from=&to=   those of a range of keys
//	POST /api/v1/stages/{stage}/tasks/{task}/move
//	                                       has a container here ask its group for the task
//	POST /api/v1/drain                     has the containers here hold their inputs for a
//	                                       while, and tells how many do
//	POST /api/v1/stop                      has this process leave its groups and end
//	POST /api/v1/leave                     has it leave its groups when it is asked to end
//	                                       soon, as who won't be back
//	GET /metrics, /healthz, /readyz        package metrics
//
// What is answered stands in types.go. It is JSON, errors too: {"error": "…"}, with a
// status that tells their kind.
//
// Where a job is several processes any of them answers for all ([Owners]). It asks those
// that have the tasks, all at once and within a bounded time; a task that has moved
// meanwhile is looked for once more. An answer is whole: where a task that is needed
// can't be asked it is 503, and names the task, its owner, and when to ask again. What
// is missing of the job is named in it.
//
// It stands beside the record's way: it reads what the loops have published, and the
// state that they have committed through the readers that they show
// ([container.Readers]). A loop never waits for it but at a commit, for as long as it
// takes to copy a page of a store in memory. On the job's way it is started before the
// containers, and ends after them.
package httpapi
