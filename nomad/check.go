package nomad

import (
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gretestream/grete/scheduler"
)

const (
	leastMemory = 16 << 20
	// leastDisk has some room for state besides the logs.
	leastDisk = 100 << 20
)

// check returns all mistakes of a configuration. They name submit's flags.
func (c *Config) check(plan *scheduler.Plan) error {
	return errors.Join(c.checkPlace(), c.checkSize(plan), c.Binary.check(), c.checkArgs(), c.Timing.orDefaults().check())
}

func (c *Config) checkPlace() error {
	var errs []error
	if c.Driver != "" && c.Driver != driverExec && c.Driver != driverRawExec {
		errs = append(errs, fmt.Errorf("-driver %s: must be %s or %s", c.Driver, driverExec, driverRawExec))
	}
	if c.Priority < 0 {
		errs = append(errs, fmt.Errorf("-priority %d: must be positive, or 0 for Nomad's default", c.Priority))
	}
	if slices.Contains(c.Datacenters, "") {
		errs = append(errs, errors.New("-datacenter: a name is missing"))
	}
	for _, k := range c.Constraints {
		if err := k.check(); err != nil {
			errs = append(errs, fmt.Errorf("-constraint %q: %w", k, err))
		}
	}
	for _, a := range c.Affinities {
		if err := a.check(); err != nil {
			errs = append(errs, fmt.Errorf("-affinity %q: %w", a, err))
		}
	}
	return errors.Join(errs...)
}

func (c *Config) checkSize(plan *scheduler.Plan) error {
	var errs []error
	if c.Memory < leastMemory {
		errs = append(errs, fmt.Errorf("-memory: %d bytes for a container are too few; the minimum is %d (16MB)", c.Memory, leastMemory))
	}
	if c.Disk < leastDisk {
		errs = append(errs, fmt.Errorf("-disk: %d bytes for a container are too few; its logs alone need %d (100MB)", c.Disk, leastDisk))
	}
	if err := c.Resources.check(); err != nil {
		errs = append(errs, err)
	}
	for _, name := range slices.Sorted(maps.Keys(c.StageResources)) {
		_, err := plan.Stage(name)
		if err == nil {
			err = c.StageResources[name].check()
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("of stage %s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

func (r Resources) check() error {
	switch {
	case r.CPU < 0:
		return fmt.Errorf("-cpu %d: must be positive", r.CPU)
	case r.Cores < 0:
		return fmt.Errorf("-cores %d: must be positive", r.Cores)
	case r.CPU > 0 && r.Cores > 0:
		return fmt.Errorf("-cpu %d and -cores %d: a container has either a share of the processors or its own cores; remove one of the flags", r.CPU, r.Cores)
	}
	return nil
}

func (b Binary) check() error {
	switch sum, err := hex.DecodeString(b.SHA256); {
	case b.Path == "" && b.URL == "":
		return errors.New("-artifact: nodes have no way to get the program: set its URL, or a store with -artifacts, or, if all nodes have it, its path with -installed PATH")
	case b.Path != "" && b.URL != "":
		return errors.New("-artifact and -installed: nodes either fetch the program or have it already; remove one of the flags")
	case b.Path != "" && (!path.IsAbs(b.Path) || interpolated(b.Path)):
		return fmt.Errorf("-installed %s: must be an absolute path", b.Path)
	case b.Path != "":
		return nil
	case err != nil || len(sum) != 32 || b.SHA256 != strings.ToLower(b.SHA256):
		return fmt.Errorf("-binary: %q is no SHA-256 checksum, which has 64 digits of 0-9 and a-f", b.SHA256)
	}
	return checkURL(b.URL)
}

func checkURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return errors.New("-artifact: not a URL") // without the URL, which may have a password
	case strings.HasPrefix(text, "/") || strings.HasPrefix(text, "file:") || strings.HasPrefix(text, "."):
		return fmt.Errorf("-artifact %s: Nomad doesn't fetch files of the node; if all nodes have the program, use -installed PATH", text)
	case u.User != nil:
		return errors.New("-artifact: the URL must not have a user and a password, because many can read the job; let nodes fetch the program without, or configure credentials on the nodes")
	case interpolated(text):
		return fmt.Errorf("-artifact %s: Nomad would replace ${…}", text)
	}
	return nil
}

func (c *Config) checkArgs() error {
	var errs []error
	for _, a := range c.Args {
		if interpolated(a) {
			errs = append(errs, fmt.Errorf("%s: Nomad would replace ${…}; write it in another way", a))
		}
	}
	valid := regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	for _, s := range c.Secrets {
		if !valid.MatchString(s.Name) || s.Flag == "" {
			errs = append(errs, fmt.Errorf("secret %q of flag %q: its name is letters, digits and '_'", s.Name, s.Flag))
		}
	}
	return errors.Join(errs...)
}

// interpolated reports whether Nomad would replace a part of a text.
func interpolated(text string) bool { return strings.Contains(text, "${") }

func (t Timing) check() error {
	if least := min(t.Kill, t.LostAfter, t.MinHealthy); least < time.Second {
		return fmt.Errorf("-lost-after %[2]v, -min-healthy %[3]v, time to end %[1]v: each must be at least 1s", t.Kill, t.LostAfter, t.MinHealthy)
	}
	if t.Kill >= t.Progress {
		return fmt.Errorf("-progress-within %v: must be more than the %v that a container may take to end", t.Progress, t.Kill)
	}
	if t.MinHealthy >= t.Healthy || t.Healthy >= t.Progress {
		return fmt.Errorf("-min-healthy %v must be less than -healthy-within %v, and that less than -progress-within %v", t.MinHealthy, t.Healthy, t.Progress)
	}
	return nil
}
