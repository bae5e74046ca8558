package nomad

import (
	"strings"
	"testing"
	"time"
)

func TestJob_RefusesBadConfigurations(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"a driver":                          {func(c *Config) { c.Driver = "docker" }, "-driver docker: must be exec or raw_exec"},
		"a priority":                        {func(c *Config) { c.Priority = -1 }, "-priority -1: must be positive"},
		"a datacenter":                      {func(c *Config) { c.Datacenters = []string{""} }, "-datacenter: a name is missing"},
		"a constraint":                      {func(c *Config) { c.Constraints = []Constraint{{"${a}", "~", "b"}} }, `-constraint "${a} ~ b": there is no operator "~"; there are =, !=`},
		"an affinity":                       {func(c *Config) { c.Affinities = []Affinity{{Constraint{"${a}", "=", "b"}, 0}} }, `-affinity "${a} = b 0": its weight`},
		"no memory":                         {func(c *Config) { c.Memory = 0 }, "-memory: 0 bytes for a container are too few"},
		"no disk":                           {func(c *Config) { c.Disk = 0 }, "-disk: 0 bytes for a container are too few"},
		"a share":                           {func(c *Config) { c.Resources.CPU = -1 }, "-cpu -1: must be positive"},
		"cores":                             {func(c *Config) { c.Resources.Cores = -1 }, "-cores -1: must be positive"},
		"a share and cores":                 {func(c *Config) { c.Resources = Resources{1, 1} }, "-cpu 1 and -cores 1: "},
		"a stage":                           {func(c *Config) { c.StageResources = map[string]Resources{"x": {}} }, `of stage x: there is no stage "x"; the stages are: page-views, by-user`},
		"a stage's share":                   {func(c *Config) { c.StageResources = map[string]Resources{"by-user": {CPU: -2}} }, "of stage by-user: -cpu -2: "},
		"no program":                        {func(c *Config) { c.Binary = Binary{} }, "-artifact: nodes have no way"},
		"two programs":                      {func(c *Config) { c.Binary.Path = "/x" }, "-artifact and -installed: "},
		"half a path":                       {func(c *Config) { c.Binary = Binary{Path: "x"} }, "-installed x: must be an absolute path"},
		"no checksum":                       {func(c *Config) { c.Binary.SHA256 = "" }, "-binary: \"\" is no SHA-256"},
		"a short checksum":                  {func(c *Config) { c.Binary.SHA256 = "ab" }, "64 digits"},
		"a file":                            {func(c *Config) { c.Binary.URL = "file:///x" }, "-artifact file:///x: Nomad doesn't fetch files"},
		"a path for a URL":                  {func(c *Config) { c.Binary.URL = "/x" }, "-installed PATH"},
		"a password":                        {func(c *Config) { c.Binary.URL = "https://ann:hunter2@store/x" }, "must not have a user and a password"},
		"a URL that is none":                {func(c *Config) { c.Binary.URL = "https://ann:hunter2@%zz" }, "-artifact: not a URL"},
		"what Nomad would take":             {func(c *Config) { c.Args = []string{"--kafka=${x}"} }, "--kafka=${x}: Nomad would replace"},
		"a secret's name":                   {func(c *Config) { c.Secrets = []Secret{{Name: "a b", Flag: "c"}} }, `secret "a b" of flag "c"`},
		"no time to end":                    {func(c *Config) { c.Timing.Kill = 1 }, "time to end 1ns: each must be at least 1s"},
		"too little time to become healthy": {func(c *Config) { c.Timing.Healthy = time.Second }, "-min-healthy 10s must be less than -healthy-within 1s"},
		"no time to end first":              {func(c *Config) { c.Timing.Healthy, c.Timing.Progress = 12*time.Second, 15*time.Second }, "-progress-within 15s: must be more than the 30s"},
		"all that is wrong":                 {func(c *Config) { c.Memory, c.Driver = 0, "x" }, "-driver x: must be exec or raw_exec\n-memory: "},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := least()
			test.change(&cfg)
			job, err := Job(pageviews(t), cfg)
			if err == nil || job != nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestParseConstraint(t *testing.T) {
	for text, want := range map[string]string{
		"attr.kernel.name = linux":          "${attr.kernel.name} = linux",
		" ${meta.rack}  !=  r 1 ":           "${meta.rack} != r 1",
		"distinct_hosts":                    "distinct_hosts",
		"distinct_hosts true":               "distinct_hosts true",
		"meta.rack distinct_property 2":     "${meta.rack} distinct_property 2",
		"meta.rack distinct_property":       "${meta.rack} distinct_property",
		"meta.gpu is_set":                   "${meta.gpu} is_set",
		"attr.nomad.version semver >= 1.11": "${attr.nomad.version} semver >= 1.11",
		"node.unique.name regexp ^a.*$":     "${node.unique.name} regexp ^a.*$",
	} {
		c, err := ParseConstraint(text)
		if err != nil || c.String() != want {
			t.Errorf("%q: %v, %v", text, c, err)
		}
		if again, err := ParseConstraint(c.String()); err != nil || again != c {
			t.Errorf("%v is read again as %v, %v", c, again, err)
		}
	}
	for text, want := range map[string]string{
		"":                            "ATTRIBUTE OPERATOR VALUE",
		"a":                           "ATTRIBUTE OPERATOR VALUE",
		"a b":                         `no operator "b"`,
		"a = ":                        "nothing stands behind =",
		"a is_set b":                  "nothing stands behind is_set",
		"a regexp (":                  "missing closing",
		"distinct_hosts 3":            "true or false",
		"meta.a distinct_property 0":  "how many may have the same",
		"meta.a distinct_property -1": "how many may have the same",
	} {
		if c, err := ParseConstraint(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v, want %s", text, c, err, want)
		}
	}
}

func TestParseAffinity(t *testing.T) {
	for text, want := range map[string]string{
		"node.class = ssd":     "${node.class} = ssd 50",
		"node.class = ssd 80":  "${node.class} = ssd 80",
		"node.class = ssd -80": "${node.class} = ssd -80",
		"meta.rack = 7":        "${meta.rack} = 7 50",
		"meta.rack = r 1":      "${meta.rack} = r 1",
	} {
		if a, err := ParseAffinity(text); err != nil || a.String() != want {
			t.Errorf("%q: %v, %v", text, a, err)
		}
	}
	for text, want := range map[string]string{
		"node.class = ssd 0":   "weight",
		"node.class = ssd 101": "weight",
		"meta.gpu is_set":      "an affinity has no operator is_set",
		"distinct_hosts":       "an affinity has no operator distinct_hosts",
		"node.class":           "ATTRIBUTE OPERATOR VALUE",
	} {
		if a, err := ParseAffinity(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v, want %s", text, a, err, want)
		}
	}
}

func FuzzParseConstraint(f *testing.F) {
	for _, text := range []string{"a = b", "distinct_hosts", "${a} regexp (", "a distinct_property 2", "a is_set"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseConstraint(text)
		if err != nil {
			return
		}
		if again, err := ParseConstraint(c.String()); err != nil || again != c {
			t.Errorf("%q is %v, and read again %v, %v", text, c, again, err)
		}
	})
}
