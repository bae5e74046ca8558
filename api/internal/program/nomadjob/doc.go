// Package nomadjob has the commands for a job on Nomad, and what other commands need of
// it: the flags of a Nomad cluster, the job's status and its processes. It and package
// submit are the only commands that depend on package nomad.
package nomadjob
