// Package membership is a container's place in the group that shares the tasks of its
// stage. [Member] follows the group and decides: which tasks to release, to open and to
// follow, whether a commit is possible now, and when to rejoin. It touches no task:
// package container carries the decisions out.
//
// Beside it are what a process knows of the other processes of the job ([Peers]), what
// its HTTP API asks of its containers ([MoveRequests], [Hold]), and how a group looks
// from outside ([ViewGroup]).
package membership
