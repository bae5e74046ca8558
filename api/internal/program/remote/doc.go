// Package remote sees a job from outside its processes: the plan of this program on a
// cluster, the groups that know who runs it, and the members' addresses.
package remote
