package kv

// Reader returns a reader of the database: it sees what is committed, and no record of a
// replay that isn't written yet.
func (s *State) Reader() Reader { return s.db.Reader() }
