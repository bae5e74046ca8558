package scheduler

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
)

// Compatibility returns what two plans must compare to run side by side: see
// [SideBySide]. It is the fingerprint, and condensed to 4 characters each, what
// stands where in the records that the job sends through its own topics and writes
// to its outputs.
func (p *Plan) Compatibility() string {
	var facts []string
	for _, x := range p.Transfers() {
		facts = appendFacts(facts, x.Topic, x.Serdes)
	}
	for i := range p.Stages {
		for _, w := range p.Writings(&p.Stages[i]) {
			if len(w.Serdes) == 1 { // the fingerprint has several
				facts = appendFacts(facts, w.Topic, w.Serdes[0])
			}
		}
	}
	if len(facts) == 0 {
		return p.Fingerprint
	}
	slices.Sort(facts)
	return p.Fingerprint + "+" + strings.Join(slices.Compact(facts), "")
}

// factLength is that of a condensed fact.
const factLength = 4

func appendFacts(facts []string, topic string, s Serdes) []string {
	for _, fact := range s.ValueForm.Shape.Facts() {
		sum := sha256.Sum256([]byte(topic + " " + fact))
		facts = append(facts, base64.RawURLEncoding.EncodeToString(sum[:3]))
	}
	return facts
}

// SideBySide reports whether processes of two plans may run at the same time, by the
// plans' compatibilities: the fingerprints are equal, and the records of one plan
// have the same fields as those of the other, or more.
func SideBySide(a, b string) bool {
	if FingerprintOf(a) != FingerprintOf(b) {
		return false
	}
	return has(a, b) || has(b, a)
}

// FingerprintOf returns the fingerprint in a compatibility.
func FingerprintOf(compatibility string) string {
	fingerprint, _, _ := strings.Cut(compatibility, "+")
	return fingerprint
}

// has reports whether a compatibility has all facts of another. Both are sorted.
func has(a, b string) bool {
	_, all, _ := strings.Cut(a, "+")
	_, some, _ := strings.Cut(b, "+")
	for len(some) >= factLength {
		if len(all) < factLength {
			return false
		}
		if all[:factLength] == some[:factLength] {
			some = some[factLength:]
		}
		all = all[factLength:]
	}
	return true
}
