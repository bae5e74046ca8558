// Package window has the operators that aggregate the records of a key by windows of event
// time.
//
// A [Spec] says which windows there are and when they send results; an [Aggregate] says
// what is computed. Each kind of aggregate works with each kind of window:
//
//	aligned   windows at fixed times: tumbling, hopping, days, and the one without bounds.
//	          One value for each window and key
//	sliced    hopping windows whose slices are merged when a window closes
//	session   windows that a key's records make themselves
//
// A result is a [Pane]. It is final when its window closes. With triggers there are early
// ones before, updates after, and retractions of sessions that were merged away.
package window
