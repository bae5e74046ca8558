package scheduler

// Verify checks what holds of every plan that Build makes.
func (p *Plan) Verify() error { return p.verify() }

// Seal gives a plan that was changed by hand its version and fingerprint, if it
// is consistent otherwise.
func (p *Plan) Seal() error {
	if err := p.verifyParts(); err != nil {
		return err
	}
	p.Version, p.Fingerprint = PlanVersion, fingerprint(p)
	return nil
}
