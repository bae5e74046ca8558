package flow

// A Push hands a value to the next operator of the chain. An error ends the
// processing of the record.
type Push[M any] func(M) error

// A Scope accompanies the values on their way down the chain of a task. Sources
// set it, and so do operators that send of their own accord.
type Scope struct {
	Key       []byte // encoded; nil: the record has no key. Valid until Push returns
	Time      int64  // event time, ms since 1970
	Partition int32  // where records without a key go
	Operator  int    // the node whose user function runs, for messages
}

// fan returns a Push that sends to all of downs, in order. One is returned as it
// is: no further call.
func fan[M any](downs []any) any {
	pushes := make([]Push[M], len(downs))
	for i := range downs {
		pushes[i] = downs[i].(Push[M])
	}
	switch len(pushes) {
	case 0:
		return Push[M](func(M) error { return nil })
	case 1:
		return pushes[0]
	}
	return Push[M](func(m M) error {
		for _, push := range pushes {
			if err := push(m); err != nil {
				return err
			}
		}
		return nil
	})
}

// Both returns a Push that sends to one and then to two. Either may be nil.
func Both[M any](one, two Push[M]) Push[M] {
	switch {
	case one == nil:
		return two
	case two == nil:
		return one
	}
	return func(m M) error {
		if err := one(m); err != nil {
			return err
		}
		return two(m)
	}
}
