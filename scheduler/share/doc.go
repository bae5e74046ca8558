// Package share divides the tasks of a stage among its containers.
//
// [Fixed] is for a fixed number of containers that know nothing of each other.
// [Assign] is for a group whose members come and go; the group's leader calls it.
// Tasks stay where they are, or follow their state. They are handed over in two
// rounds, so that no task has two owners, and no task that stays is disturbed.
//
// Assign settles the members' claims (claims.go), finds the owners as a flow of
// least cost (place.go over network.go), and then the standbys (standbys.go).
//
// Like package scheduler it is pure: data in, data out, and nothing depends on
// the order of a map.
package share
