// Package history is what a job records about itself in its plan topic: its last plans, each
// with the program that ran by it, and operators that were renamed.
//
// The topic is compacted. A plan has the key "plan-N", where N counts the recorded plans; it
// is deleted when ten newer ones exist. The renamed operators have the key "renames".
package history
