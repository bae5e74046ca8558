package scheduler

import (
	"encoding/json"
	"errors"
	"fmt"
)

// JSON returns the plan's form in files and topics. [ParsePlan] reads it.
func (p *Plan) JSON() ([]byte, error) {
	b, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("plan of %s: %w", p.App, err)
	}
	return append(b, '\n'), nil
}

// ParsePlan reads a plan that [Plan.JSON] wrote, and checks it: everything that it
// refers to exists, so its users needn't check again. Plans of other versions are
// refused.
func ParsePlan(b []byte) (*Plan, error) {
	var head struct {
		Version *int `json:"version"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	switch {
	case head.Version == nil:
		return nil, errors.New("plan: the version is missing; is it a plan?")
	case *head.Version > PlanVersion:
		return nil, fmt.Errorf("plan: version %d is newer than version %d, which this program reads; use a newer program", *head.Version, PlanVersion)
	case *head.Version < 1:
		return nil, fmt.Errorf("plan: there is no version %d", *head.Version)
	case *head.Version < PlanVersion:
		return nil, fmt.Errorf("plan: version %d was written by an older Grete; this program reads version %d", *head.Version, PlanVersion)
	}
	var p Plan
	if err := json.Unmarshal(b, &p); err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	if err := p.verify(); err != nil {
		return nil, fmt.Errorf("plan of %q: %w", p.App, err)
	}
	return &p, nil
}
