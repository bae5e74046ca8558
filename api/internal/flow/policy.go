package flow

// A Policy says what happens to a record that fails.
type Policy int

const (
	// Fail stops the job.
	Fail Policy = iota
	// Skip leaves the record out and counts it.
	Skip
)
