package feed

import (
	"encoding/json"
	"fmt"
)

// key returns the key field of a line, encoded as the topic's keys are.
func (f Feed) key(line []byte) ([]byte, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(line, &fields); err != nil {
		return nil, fmt.Errorf("the line isn't a JSON object, so it has no field %q for its key: %w", f.KeyField, err)
	}
	value, ok := fields[f.KeyField]
	if !ok {
		return nil, fmt.Errorf("the line has no field %q for its key", f.KeyField)
	}
	if string(value) == "null" {
		return nil, fmt.Errorf("field %q is null, which is no key", f.KeyField)
	}
	key, err := f.Keys.FromJSON(value)
	if err != nil {
		return nil, fmt.Errorf("field %q can't be a key of the topic: %w", f.KeyField, err)
	}
	return key, nil
}
