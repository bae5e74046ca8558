// Package scheduler turns a pipeline into a plan: which stages it has, how many
// tasks each, which topics and stores they need, and which container runs which
// task.
//
// It is pure: data in, data out; no I/O, no clock, no goroutine, no
// randomness, and nothing depends on the order of a map. What it must know of
// the world ([Metadata]) is asked for by its caller.
//
// On the job's way it stands between package api, which records the user's
// calls as a [Graph], and the executors, which run the containers of a [Plan].
// Records never come here.
//
//	Graph ──Build──▶ Plan ──Assign or Share──▶ tasks of each container
//	              two Plans ──Compare──▶ Verdict
//
// [Assign] is for a fixed number of containers that know nothing of each other.
// [Share] is for a group whose members come and go, and is called by its leader:
// tasks stay where they are, or follow their state, and are handed over in two
// rounds, so that no task has two owners and none that stays is disturbed. It
// settles the members' claims (share_claims.go), finds the owners as a flow of
// least cost (share_place.go over share_network.go), then the standbys
// (share_standbys.go).
//
// [Compare] says whether a job may go on by another plan. It and the fingerprint see
// a plan as what its stages read, write and keep (facts.go); what it says of each is
// in compare_*.go.
//
// A plan shows itself: [Plan.Text] and [Plan.JSON], and the pictures [Plan.Dot],
// [Plan.Mermaid] and [Plan.SVG].
//
// A stage is what runs without data crossing the network: everything between
// one repartition and the next. Task p of a stage owns partition p of each of
// the stage's inputs, for ever.
package scheduler
