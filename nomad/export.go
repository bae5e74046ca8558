package nomad

import (
	"encoding/json"

	"github.com/hashicorp/nomad/api"
)

// Export returns a job as JSON for Nomad's HTTP API and "nomad job run -json": {"Job": …},
// without unset fields.
func Export(job *api.Job) ([]byte, error) {
	b, err := json.Marshal(map[string]*api.Job{"Job": job})
	if err != nil {
		return nil, err
	}
	var set map[string]any
	if err := json.Unmarshal(b, &set); err != nil {
		return nil, err
	}
	dropUnset(set)
	b, err = json.MarshalIndent(set, "", "  ")
	return append(b, '\n'), err
}

// dropUnset drops fields that are null or empty texts, which mean the same to Nomad.
func dropUnset(v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			if inner == nil || inner == "" {
				delete(v, name)
			}
			dropUnset(inner)
		}
	case []any:
		for _, inner := range v {
			dropUnset(inner)
		}
	}
}
