package httpapi

import "github.com/gretestream/grete/kv/layout"

// A Job is the response of /api/v1/job. Times are in ms since 1970.
type Job struct {
	App string `json:"app"`
	Process
	Stages []Stage `json:"stages"` // upstream before downstream
	// Others are the other processes of the job, by their addresses. The parts of those with
	// an error are missing above.
	Others []Process `json:"others,omitempty"`
}

// A Process is another process of the job.
type Process struct {
	Address     string  `json:"address"`               // HOST:PORT, where it answers
	Fingerprint string  `json:"fingerprint,omitempty"` // of the plan: equal for programs whose state fits together
	PlanVersion int     `json:"planVersion,omitempty"` // of the plan's format
	Program     Program `json:"program"`
	At          int64   `json:"at,omitempty"`    // when it was asked
	Error       string  `json:"error,omitempty"` // why it hasn't answered
}

// A Program is the running binary, as described by its build information.
type Program struct {
	Version  string `json:"version,omitempty"`
	Revision string `json:"revision,omitempty"`
	Go       string `json:"go,omitempty"`
}

// A Stage is a part of the pipeline.
type Stage struct {
	Name       string      `json:"name"`
	Group      string      `json:"group"` // whose offsets are committed
	Containers []Container `json:"containers"`
	Tasks      []Task      `json:"tasks"`
}

// A Container runs tasks of a stage.
type Container struct {
	Number     int    `json:"number"`  // in its process
	Address    string `json:"address"` // of its process
	Commits    int64  `json:"commits"`
	LastCommit *int64 `json:"lastCommit,omitempty"` // missing before the first
}

// A Task is a share of a stage: a partition of each of its inputs, and of its stores.
type Task struct {
	ID int32 `json:"id"`
	// Address is that of its owner's process, Container the owner's number there;
	// missing while unknown.
	Address   string   `json:"address,omitempty"`
	Container *int     `json:"container,omitempty"`
	State     string   `json:"state"` // starting, restoring, running, ended; unknown: nobody has told
	Watermark *int64   `json:"watermark,omitempty"`
	Restore   *Restore `json:"restore,omitempty"` // while it restores
	Inputs    []Input  `json:"inputs"`            // none before the state is restored
	Stores    []Store  `json:"stores"`
}

// A Restore is the progress of a restore.
type Restore struct {
	Left int64 `json:"left"` // offsets of the changelogs
	// Seconds is how long it will take at the present rate; missing if unknown.
	Seconds *int64 `json:"seconds,omitempty"`
}

// An Input is a partition that a task reads.
type Input struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	// Position is the next offset to process, End the one after the last readable record,
	// Lag the difference; missing if unknown.
	Position *int64 `json:"position,omitempty"`
	End      *int64 `json:"end,omitempty"`
	Lag      *int64 `json:"lag,omitempty"`
}

// A Store is the state of an operator in one task, as it was last committed. Its
// sizes are missing while it is unavailable.
type Store struct {
	Name        string `json:"name"`
	Keys        *int64 `json:"keys,omitempty"` // an estimate
	DiskBytes   *int64 `json:"diskBytes,omitempty"`
	MemoryBytes *int64 `json:"memoryBytes,omitempty"` // beside the cache: written and not flushed, or all where there is no disk
}

// An Entry is an entry of a store, as it was last committed.
type Entry = layout.Entry

// A Value is the response for one key.
type Value struct {
	Store string `json:"store"`
	Task  int32  `json:"task"`
	Entry
}

// A Page is the response for a range: entries of all tasks, in the order of their encoded
// keys, which start with the window in stores of windows. The entries of a task are as of
// one commit.
type Page struct {
	Store   string  `json:"store"`
	Entries []Entry `json:"entries"`
	Next    string  `json:"next,omitempty"` // where there is more: path and query of the next page
}

// Health is the response of /api/v1/health and /api/v1/ready if the job is healthy.
type Health struct {
	OK bool `json:"ok"`
}

// A Problem is the response to a request that fails.
type Problem struct {
	Message string   `json:"error"`
	Reasons []string `json:"reasons,omitempty"` // of health and readiness, one for each that isn't
	// Missing says what doesn't exist: "store" or "key".
	Missing string   `json:"missing,omitempty"`
	Stores  []string `json:"stores,omitempty"` // those that there are, where one is missing
	Owner   *Owner   `json:"owner,omitempty"`  // of the task that can't be asked now
	// Tasks are all unavailable ones, if several are needed.
	Tasks   []int32  `json:"tasks,omitempty"`
	Restore *Restore `json:"restore,omitempty"`
}

// An Owner is where a task runs.
type Owner struct {
	Stage     string `json:"stage"`
	Task      int32  `json:"task"`
	Address   string `json:"address,omitempty"`   // missing while nobody is known to have it
	Container *int   `json:"container,omitempty"` // its number there, if known
}
