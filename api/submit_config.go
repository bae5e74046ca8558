package api

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/nomad"
	"github.com/gretestream/grete/nomad/ship"
)

var errNomadNeedsKafka = errors.New("there is no -kafka HOST:PORT: on Nomad a job is many processes, which need a cluster that all of them reach; the embedded log is for one")

// config is what the flags say of the job.
func (s *submitCommand) config(parsed *kong.Context) (cfg nomad.Config, err error) {
	cfg = nomad.Config{
		Namespace: s.Namespace, Region: s.Region, NodePool: s.NodePool, Datacenters: s.Datacenter, Priority: s.Priority, Driver: s.Driver,
		Args:   given(parsed, s.ownFlags()...),
		Timing: nomad.Timing{LostAfter: s.LostAfter, MinHealthy: s.MinHealthy, Healthy: s.Healthy, Progress: s.Progress},
	}
	if cfg.Memory, err = s.jobFlags.check(); err != nil {
		return cfg, err
	}
	if cfg.Disk, err = parseBytes(s.Disk); err != nil {
		return cfg, fmt.Errorf("-disk: %w", err)
	}
	for _, step := range []func(*nomad.Config) error{s.places, s.resources, s.kafka, s.program} {
		if err := step(&cfg); err != nil {
			return cfg, err
		}
	}
	return cfg, nil
}

// ownFlags are those that containers don't get as they are: submit's own, and those of
// Kafka, of which the environment and a file may say more.
func (*submitCommand) ownFlags() []string {
	return append(kafkaSettingNames(), "export", "containers", "memory", "cpu", "cores", "disk", "datacenter", "namespace", "region", "node-pool",
		"priority", "constraint", "affinity", "driver", "binary", "artifact", "installed", "nomad", "nomad-token-file", "yes", "detach", "dry-run", "build",
		"platform", "state", "artifacts", "artifacts-header-file", "lost-after", "min-healthy", "healthy-within", "progress-within")
}

// places reads -constraint and -affinity.
func (s *submitCommand) places(cfg *nomad.Config) error {
	for _, text := range s.Constraint {
		c, err := nomad.ParseConstraint(text)
		if err != nil {
			return fmt.Errorf("-constraint %w", err)
		}
		cfg.Constraints = append(cfg.Constraints, c)
	}
	for _, text := range s.Affinity {
		a, err := nomad.ParseAffinity(text)
		if err != nil {
			return fmt.Errorf("-affinity %w", err)
		}
		cfg.Affinities = append(cfg.Affinities, a)
	}
	return nil
}

// resources reads -cpu and -cores. What is said of a stage holds for it alone.
func (s *submitCommand) resources(cfg *nomad.Config) (err error) {
	cpu, cpus, err := perStage("cpu", s.CPU)
	if err != nil {
		return err
	}
	cores, coresOf, err := perStage("cores", s.Cores)
	if err != nil {
		return err
	}
	cfg.Resources = nomad.Resources{CPU: cpu, Cores: cores}
	cfg.StageResources = make(map[string]nomad.Resources)
	for _, stage := range slices.Concat(slices.Collect(maps.Keys(cpus)), slices.Collect(maps.Keys(coresOf))) {
		cfg.StageResources[stage] = nomad.Resources{CPU: cpus[stage], Cores: coresOf[stage]}
	}
	return nil
}

// perStage reads the values of a flag that are a number for all stages, 0 if there is
// none, and some for single stages, as in STAGE=N.
func perStage(flag string, values []string) (all int, of map[string]int, err error) {
	of = make(map[string]int)
	for _, v := range values {
		stage, number, single := strings.Cut(v, "=")
		if !single {
			stage, number = "", v
		}
		n, err := strconv.Atoi(number)
		_, again := of[stage]
		switch {
		case err != nil || n < 1 || single && stage == "":
			return 0, nil, fmt.Errorf("-%s %s: it is a positive number, or one of a stage, as in STAGE=3", flag, v)
		case again || !single && all != 0:
			return 0, nil, fmt.Errorf("-%s %s: it is said twice", flag, v)
		case single:
			of[stage] = n
		default:
			all = n
		}
	}
	return all, of, nil
}

// kafka says how containers reach Kafka: as this program does, but for what is a secret.
func (s *submitCommand) kafka(cfg *nomad.Config) error {
	settings, err := s.Kafka.allSettings()
	if err != nil {
		return err
	}
	if !settings.has(setBrokers) {
		return errNomadNeedsKafka
	}
	for _, name := range kafkaSettingNames() {
		said, ok := settings[name]
		if !ok {
			continue
		}
		switch name {
		case setConfig: // what is in it is among the settings
		case setCA, setCert, setKey:
			cfg.Secrets = append(cfg.Secrets, nomad.Secret{Name: variableOf(name), Flag: name})
		case setPassword, setPasswordFile:
			cfg.Secrets = append(cfg.Secrets, nomad.Secret{Name: variableOf(setPassword), Flag: setPasswordFile})
		case setTLS:
			on, err := strconv.ParseBool(said.text)
			if err != nil {
				return fmt.Errorf("%s: it is true or false, not %q", said.from, said.text)
			}
			cfg.Args = append(cfg.Args, "--"+name+"="+strconv.FormatBool(on))
		default:
			cfg.Args = append(cfg.Args, "--"+name+"="+said.text)
		}
	}
	return nil
}

// program says what runs, where no program is to be shipped: one that nodes have, or get
// from somewhere else.
func (s *submitCommand) program(cfg *nomad.Config) error {
	if s.Artifacts != "" && (s.Artifact != "" || s.Installed != "") {
		return errors.New("-artifacts: the program is put there, or it is somewhere already, as -artifact or -installed says; take one away")
	}
	if s.ArtifactsKey != "" && s.Artifacts == "" {
		return errors.New("-artifacts-header-file: there is no -artifacts URL to send it to")
	}
	cfg.Binary = nomad.Binary{Path: s.Installed, URL: s.Artifact}
	info, ok := debug.ReadBuildInfo() // where it is installed it is this one
	switch {
	case s.Binary != "" && !s.ships():
		p, err := ship.Read(s.Binary)
		if err != nil {
			return fmt.Errorf("-binary: %w", err)
		}
		cfg.Binary.SHA256, cfg.Binary.OS, cfg.Binary.Arch, info, ok = p.SHA256, p.Platform().OS, p.Platform().Arch, p.Info, true
	case s.Artifact != "":
		return fmt.Errorf("-artifact %s: nothing says what is there: give the same program as -binary FILE, for its checksum", s.Artifact)
	}
	if ok {
		cfg.Build, cfg.Version = metrics.BuildOf(info), greteVersion(info)
	}
	return nil
}

// ships tells whether the program has to be brought to the nodes.
func (s *submitCommand) ships() bool { return s.Artifact == "" && s.Installed == "" }

// wanted is what the program must be.
func (s *submitCommand) wanted() (ship.Wanted, error) {
	p, err := ship.ParsePlatform(cmp.Or(s.Platform, "linux/"+runtime.GOARCH))
	if err != nil {
		return ship.Wanted{}, fmt.Errorf("-platform: %w; %w", err, errUsage)
	}
	return ship.Wanted{Platform: p, Memory: s.State == "memory"}, nil
}

// greteVersion is that of the module that this package belongs to.
func greteVersion(info *debug.BuildInfo) string {
	const module = "github.com/gretestream/grete"
	if info.Main.Path == module {
		return info.Main.Version
	}
	for _, m := range info.Deps {
		if m.Path == module {
			return m.Version
		}
	}
	return ""
}
