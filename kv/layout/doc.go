// Package layout has the layouts of stores: how their entries stand in a database
// and in a changelog.
//
// On the record's way an operator uses a layout's typed view of a store: it
// encodes keys so that entries that are read together stand together, and keeps
// what belongs to an entry beside its value. On the job's way the plan describes
// a layout by its name and parameters. Whatever reads a store without its types
// (the HTTP API, queries, dumps of changelogs) gets it from [Parse] and knows no
// layout itself: the layout tells the record's key in a stored key, which decides
// the task that has it, reads the parameters of a query, and shows entries as JSON.
//
//	values      key -> value                      kv.Values
//	windows     window start, key -> pane         kv.Windows of Pane
//	times       key, time[, sequence] -> value    Times, ExpiringTimes
//	buffers     key, time, sequence -> record     Buffer
//	sessions    key, start -> end, value          Sessions
//	expiring    key -> expiry time, value         Expiring
//	maps        key, map key -> value             Map
//	lists       key, sequence -> value            List
//	sets        key, member -> expiry time        Sets
//	members     key, member -> times              Members
//
// A key before other parts is encoded so that no key's range includes another
// key's, and keys keep their order. Views belong to the goroutine of the loop, as
// those of package kv do. A Get or Upsert of a cached entry allocates nothing.
package layout
