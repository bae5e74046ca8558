package nomad

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A Constraint is a condition that a node must meet, in Nomad's terms: an attribute of the
// node, an operator and a value.
type Constraint struct{ Attribute, Operator, Value string }

// An Affinity is a condition that makes Nomad prefer a node, or, with a negative weight,
// avoid it.
type Affinity struct {
	Constraint
	Weight int // -100 to 100, except 0
}

// Operators that don't compare an attribute with a value, and regexp.
const (
	distinctHosts    = "distinct_hosts"
	distinctProperty = "distinct_property"
	isSet            = "is_set"
	isNotSet         = "is_not_set"
	byRegexp         = "regexp"
)

// comparisons lists the operators that compare an attribute with a value.
func comparisons() []string {
	return []string{"=", "!=", "<", "<=", ">", ">=", byRegexp, "version", "semver", "set_contains", "set_contains_any", "set_contains_all"}
}

// defaultWeight is Nomad's default.
const defaultWeight = 50

// ParseConstraint parses "ATTRIBUTE OPERATOR VALUE", such as "attr.kernel.name = linux",
// "meta.rack is_set" or "distinct_hosts". The ${} around the attribute may be missing.
func ParseConstraint(text string) (Constraint, error) {
	words := strings.Fields(text)
	if len(words) > 0 && words[0] == distinctHosts {
		words = append([]string{""}, words...)
	}
	c := Constraint{}
	for i, to := range []*string{&c.Attribute, &c.Operator} {
		if i < len(words) {
			*to = words[i]
		}
	}
	if len(words) > 2 {
		c.Value = strings.Join(words[2:], " ")
	}
	if c.Attribute != "" && !strings.Contains(c.Attribute, "${") {
		c.Attribute = "${" + c.Attribute + "}"
	}
	if err := c.check(); err != nil {
		return Constraint{}, fmt.Errorf("%q: %w", text, err)
	}
	return c, nil
}

// ParseAffinity parses "ATTRIBUTE OPERATOR VALUE [WEIGHT]", such as "node.class = ssd 80".
func ParseAffinity(text string) (Affinity, error) {
	a, what := Affinity{Weight: defaultWeight}, text
	if words := strings.Fields(text); len(words) > 3 {
		last := len(words) - 1
		if n, err := strconv.Atoi(words[last]); err == nil {
			a.Weight, what = n, strings.Join(words[:last], " ")
		}
	}
	c, err := ParseConstraint(what)
	if err != nil {
		return Affinity{}, err
	}
	a.Constraint = c
	if err := a.check(); err != nil {
		return Affinity{}, fmt.Errorf("%q: %w", text, err)
	}
	return a, nil
}

// check finds what Nomad would refuse, except bad versions.
func (c Constraint) check() error {
	switch {
	case c.Operator == distinctHosts && c.Attribute == "":
		if c.Value != "" && c.Value != "true" && c.Value != "false" {
			return fmt.Errorf("%s takes true or false, or nothing", distinctHosts)
		}
		return nil
	case c.Attribute == "" || c.Operator == "":
		return errors.New("write it as ATTRIBUTE OPERATOR VALUE, as in attr.kernel.name = linux")
	case c.Operator == isSet || c.Operator == isNotSet:
		if c.Value != "" {
			return fmt.Errorf("nothing stands behind %s", c.Operator)
		}
		return nil
	case c.Operator == distinctProperty:
		if n, err := strconv.ParseUint(c.Value, 10, 64); c.Value != "" && (err != nil || n == 0) {
			return fmt.Errorf("behind %s stands how many may have the same, or nothing", distinctProperty)
		}
		return nil
	case !slices.Contains(comparisons(), c.Operator):
		return fmt.Errorf("there is no operator %q; there are %s, %s, %s, %s and %s", c.Operator, strings.Join(comparisons(), ", "), isSet, isNotSet, distinctProperty, distinctHosts)
	case c.Value == "":
		return fmt.Errorf("nothing stands behind %s", c.Operator)
	}
	if c.Operator == byRegexp {
		_, err := regexp.Compile(c.Value)
		return err
	}
	return nil
}

func (a Affinity) check() error {
	if err := a.Constraint.check(); err != nil {
		return err
	}
	switch {
	case !slices.Contains(comparisons(), a.Operator):
		return fmt.Errorf("an affinity has no operator %s; take one of %s", a.Operator, strings.Join(comparisons(), ", "))
	case a.Weight == 0 || a.Weight < -100 || a.Weight > 100:
		return fmt.Errorf("its weight is -100 to 100, and not 0; %d is none", a.Weight)
	}
	return nil
}

// String returns the form that [ParseConstraint] parses.
func (c Constraint) String() string {
	return strings.TrimSpace(strings.Join([]string{c.Attribute, c.Operator, c.Value}, " "))
}

// String returns the form that [ParseAffinity] parses.
func (a Affinity) String() string { return fmt.Sprintf("%v %d", a.Constraint, a.Weight) }
