package httpapi

import (
	"github.com/gretestream/grete/kv/layout"
	"github.com/gretestream/grete/metrics/model"
)

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
	Tasks   []int32        `json:"tasks,omitempty"`
	Restore *model.Restore `json:"restore,omitempty"`
}

// An Owner is where a task runs.
type Owner struct {
	Stage     string `json:"stage"`
	Task      int32  `json:"task"`
	Address   string `json:"address,omitempty"`   // missing while nobody is known to have it
	Container *int   `json:"container,omitempty"` // its number there, if known
}
