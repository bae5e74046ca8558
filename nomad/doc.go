// Package nomad turns a plan into a Nomad job, and submits, watches, scales and
// stops it. It is to come: today jobs run in one process, see package container.
//
// On the job's way it is the executor for a cluster, beside the one of this
// process. Records never come here.
package nomad
