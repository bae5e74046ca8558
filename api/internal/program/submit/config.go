package submit

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/access"
	"github.com/gretestream/grete/api/internal/program/cluster"
	"github.com/gretestream/grete/nomad"
)

var errNeedsCA = errors.New("-http-cert: containers verify each other: add -http-ca FILE, the authority of the certificate")

var errNeedsKafka = errors.New("a job on Nomad consists of many processes, which need a Kafka cluster: add -kafka HOST:PORT")

// config returns what the flags say about the job.
func (k *Command) config(parsed *kong.Context) (cfg nomad.Config, err error) {
	cfg = nomad.Config{
		Namespace: k.Nomad.Namespace, Region: k.Nomad.Region, NodePool: k.NodePool, Datacenters: k.Datacenter, Priority: k.Priority, Driver: k.Driver,
		Args:   program.Given(parsed, ownFlags()...),
		Timing: nomad.Timing{LostAfter: k.LostAfter, MinHealthy: k.MinHealthy, Healthy: k.Healthy, Progress: k.Progress},
	}
	if cfg.Memory, err = k.Check(); err != nil {
		return cfg, err
	}
	if cfg.Disk, err = program.ParseBytes(k.Disk); err != nil {
		return cfg, fmt.Errorf("-disk: %w", err)
	}
	for _, step := range []func(*nomad.Config) error{k.places, k.resources, k.access, k.kafka, k.binary} {
		if err := step(&cfg); err != nil {
			return cfg, err
		}
	}
	return cfg, nil
}

// ownFlags lists the flags that containers don't get as they are: submit's own, and
// those of Kafka, which the environment and a file complete.
func ownFlags() []string {
	return append(cluster.KafkaSettingNames(), access.FlagCert, access.FlagKey, access.FlagCA, access.FlagReadToken, "export", "containers", "memory", "cpu", "cores", "disk", "datacenter", "namespace", "region", "node-pool",
		"priority", "constraint", "affinity", "driver", "binary", "artifact", "installed", "nomad", "nomad-token-file", "yes", "detach", "dry-run", "build",
		"platform", "state", "artifacts", "artifacts-header-file", "lost-after", "min-healthy", "healthy-within", "progress-within")
}

// access sets what containers need for their HTTP APIs, besides the token.
func (k *Command) access(cfg *nomad.Config) error {
	if err := k.CheckTLS(); err != nil {
		return err
	}
	if k.Cert != "" && k.CA == "" {
		return errNeedsCA
	}
	cfg.TLS = k.Cert != ""
	if k.ReadTokenFile != "" {
		cfg.Secrets = append(cfg.Secrets, nomad.Secret{Name: "GRETE_READ_TOKEN", Flag: access.FlagReadToken})
	}
	return nil
}

// places reads -constraint and -affinity.
func (k *Command) places(cfg *nomad.Config) error {
	for _, text := range k.Constraint {
		c, err := nomad.ParseConstraint(text)
		if err != nil {
			return fmt.Errorf("-constraint %w", err)
		}
		cfg.Constraints = append(cfg.Constraints, c)
	}
	for _, text := range k.Affinity {
		a, err := nomad.ParseAffinity(text)
		if err != nil {
			return fmt.Errorf("-affinity %w", err)
		}
		cfg.Affinities = append(cfg.Affinities, a)
	}
	return nil
}

// resources reads -cpu and -cores. What is set for a stage replaces both for it.
func (k *Command) resources(cfg *nomad.Config) (err error) {
	cpu, cpus, err := perStage("cpu", k.CPU)
	if err != nil {
		return err
	}
	cores, coresOf, err := perStage("cores", k.Cores)
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
// none, and numbers for single stages, as in STAGE=N.
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
			return 0, nil, fmt.Errorf("-%s %s: write a positive number, or one for a stage, as in STAGE=3", flag, v)
		case again || !single && all != 0:
			return 0, nil, fmt.Errorf("-%s %s: it is set twice", flag, v)
		case single:
			of[stage] = n
		default:
			all = n
		}
	}
	return all, of, nil
}

// kafka sets how containers reach Kafka: as this program does, except for secrets.
func (k *Command) kafka(cfg *nomad.Config) error {
	settings, err := k.Kafka.AllSettings()
	if err != nil {
		return err
	}
	if !settings.Has(cluster.SetBrokers) {
		return errNeedsKafka
	}
	for _, name := range cluster.KafkaSettingNames() {
		set, ok := settings[name]
		if !ok {
			continue
		}
		switch name {
		case cluster.SetConfig: // the settings include its content
		case cluster.SetCA, cluster.SetCert, cluster.SetKey:
			cfg.Secrets = append(cfg.Secrets, nomad.Secret{Name: cluster.VariableOf(name), Flag: name})
		case cluster.SetPassword, cluster.SetPasswordFile:
			cfg.Secrets = append(cfg.Secrets, nomad.Secret{Name: cluster.VariableOf(cluster.SetPassword), Flag: cluster.SetPasswordFile})
		case cluster.SetTLS:
			on, err := set.Bool()
			if err != nil {
				return err
			}
			cfg.Args = append(cfg.Args, "--"+name+"="+strconv.FormatBool(on))
		default:
			cfg.Args = append(cfg.Args, "--"+name+"="+set.Text)
		}
	}
	return nil
}
