package model

import "github.com/gretestream/grete/metrics"

// A Job is a running job, or one that is stopped.
type Job struct {
	App     string `json:"app"`
	Process        // that has described the job
	// Cluster is the id of the Kafka cluster, or of the embedded log.
	Cluster string `json:"cluster,omitempty"`
	Running bool   `json:"running"` // at least one container runs
	Nomad   *Nomad `json:"nomad,omitempty"`
	// Stages are in the order of the plan: upstream before downstream.
	Stages []Stage `json:"stages"`
	// Others are the other processes of the job, by their addresses. The parts of those with
	// an error are missing above.
	Others []Process `json:"others,omitempty"`
}

// A Process is a program that knows the job: a process that runs containers of it, or the
// command that asks the groups.
type Process struct {
	Address     string  `json:"address,omitempty"`     // HOST:PORT of its HTTP API
	Fingerprint string  `json:"fingerprint,omitempty"` // of the plan: equal for programs whose state fits together
	PlanVersion int     `json:"planVersion,omitempty"` // of the plan's format
	Program     Program `json:"program"`
	At          int64   `json:"at,omitempty"`    // when it described the job
	Error       string  `json:"error,omitempty"` // why it hasn't answered
}

// A Program is the running binary, as described by its build information.
type Program struct {
	Version  string `json:"version,omitempty"`
	Revision string `json:"revision,omitempty"`
	Go       string `json:"go,omitempty"`
}

// ProgramOf returns the program with this build information.
func ProgramOf(b metrics.Build) Program {
	return Program{Version: b.Version, Revision: b.Revision, Go: b.Go}
}

// Nomad is a job on a Nomad cluster.
type Nomad struct {
	Job         string `json:"job"`
	Namespace   string `json:"namespace"`
	State       string `json:"state"`       // pending, running, dead, stopped
	Version     uint64 `json:"version"`     // Nomad's number
	Fingerprint string `json:"fingerprint"` // of its plan
	Deployment  string `json:"deployment,omitempty"`
}
