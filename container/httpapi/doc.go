// Package httpapi is what a job says of itself over HTTP: what it is and how far, whether
// it is well, and what its stores hold.
//
//	GET /api/v1/job                        stages, tasks, owners, lag, watermarks, sizes
//	GET /api/v1/health, /api/v1/ready      200, or 503 and why
//	GET /api/v1/stores/{store}/{key}       the value of a key, as of the last commit
//	GET /api/v1/stores/{store}?from=&to=   those of a range of keys
//	GET /metrics, /healthz, /readyz        package metrics
//
// What is answered stands in types.go. It is JSON, errors too: {"error": "…"}, with a
// status that tells their kind.
//
// It stands beside the record's way: it reads what the loops have published, and the
// state that they have committed through the readers that they show
// ([container.Readers]). A loop never waits for it but at a commit, for as long as it
// takes to copy a page of a store in memory. On the job's way it is started before the
// containers, and ends after them.
package httpapi
