// Package scheduler turns a pipeline into a plan: which stages it has, how many
// tasks each, and which topics and stores they need.
//
// It is pure: data in, data out; no I/O, no clock, no goroutine, no randomness,
// and nothing depends on the order of a map. Its callers look up what it must
// know of the world ([Metadata]).
//
// On the job's way it stands between package api, which records the user's
// calls as a [Graph], and the executors, which run the containers of a [Plan].
// Records never come here.
//
//	Graph ──Build──▶ Plan ──share──▶ tasks of each container
//	                      ──draw───▶ texts and pictures
//	            two Plans ──compare▶ Verdict
//
// A stage is what runs without data crossing the network: everything between
// one repartition and the next. Task p of a stage owns partition p of each of
// the stage's inputs, for ever; the only exceptions are broadcasts, of which
// every task gets every record, and global tables, which belong to the process
// ([Delivery]).
//
// The scheduler knows inputs, outputs, repartitions, their deliveries, and
// stores. All other operators are data to it: a kind, a name, edges between
// ports, and parameters that say what they affect ([Affects]).
package scheduler
