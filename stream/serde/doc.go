// Package serde has the serdes of keys and values: the contract, the built-in
// ones, and the registry by which an app finds them by type and by name.
//
// On the record's way a serde decodes an input's records and encodes what goes
// to topics and stores; operators look it up once, when a task is built. On the
// job's way the plan has its name, and whatever shows or reads encoded bytes
// without the pipeline's types (-print, -feed, queries, dumps, the HTTP API)
// looks the name up in the app's [Registry] and gets a [Text].
//
//	Serde[M]    values to bytes and back
//	Format      the same for values of any type: JSON, unless the app has another
//	Text        encoded bytes as JSON for people, and back
//	Registry    what type has which serde, and what a name in a plan means
package serde
