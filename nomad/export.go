package nomad

import (
	"encoding/json"

	"github.com/hashicorp/nomad/api"
)

// Export renders a job as Nomad's HTTP API and "nomad job run -json" take it, for people
// to read: {"Job": …}, without what is said nowhere.
func Export(job *api.Job) ([]byte, error) {
	b, err := json.Marshal(map[string]*api.Job{"Job": job})
	if err != nil {
		return nil, err
	}
	var said map[string]any
	if err := json.Unmarshal(b, &said); err != nil {
		return nil, err
	}
	dropUnsaid(said)
	b, err = json.MarshalIndent(said, "", "  ")
	return append(b, '\n'), err
}

// dropUnsaid drops what is null or an empty text, which mean the same to Nomad.
func dropUnsaid(v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			if inner == nil || inner == "" {
				delete(v, name)
			}
			dropUnsaid(inner)
		}
	case []any:
		for _, inner := range v {
			dropUnsaid(inner)
		}
	}
}
