package cluster

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/access"
	"github.com/gretestream/grete/stream/smallfile"
)

// KafkaSettings describe a cluster, by the names of the flags.
type KafkaSettings map[string]KafkaSetting

// A KafkaSetting is the text of one, and where it was set, for messages.
type KafkaSetting struct{ Text, From string }

// put adds a setting, unless the text is empty.
func (s KafkaSettings) put(name, text, from string) {
	if text != "" {
		s[name] = KafkaSetting{text, from}
	}
}

// KafkaSettingNames lists the settings in the order in which they are checked.
func KafkaSettingNames() []string {
	return []string{
		SetBrokers, SetConfig, SetTLS, SetCA, SetCert, SetKey, SetServerName,
		SetSASL, SetUser, SetPasswordFile, SetPassword, SetCompression,
	}
}

// or returns the settings, with those of a place of lower precedence for what isn't
// set. A password and its file are one setting.
func (s KafkaSettings) or(later KafkaSettings) KafkaSettings {
	out := maps.Clone(later)
	if s.Has(SetPassword) || s.Has(SetPasswordFile) {
		delete(out, SetPassword)
		delete(out, SetPasswordFile)
	}
	maps.Copy(out, s)
	return out
}

// Has reports whether a setting is set.
func (s KafkaSettings) Has(name string) bool { _, ok := s[name]; return ok }

// AllSettings returns the settings of the command line, the environment and the file.
// They have no brokers if the job runs on the embedded log.
func (k *KafkaFlags) AllSettings() (KafkaSettings, error) {
	flags := k.settings()
	s := flags.or(environment())
	if file, ok := s[SetConfig]; ok {
		more, err := readSettings(file.Text)
		if err != nil {
			return nil, program.Usage(fmt.Errorf("%s: %w", file.From, err))
		}
		s = s.or(more)
	}
	if !s.Has(SetBrokers) {
		return s, requireBrokers(flags)
	}
	return s, nil
}

func environment() KafkaSettings {
	s := KafkaSettings{}
	for _, name := range KafkaSettingNames() {
		s.put(name, os.Getenv(VariableOf(name)), VariableOf(name))
	}
	return s
}

// VariableOf returns the environment variable of a setting.
func VariableOf(name string) string {
	return "GRETE_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// maxSettings bounds a file of settings, in bytes.
const maxSettings = 1 << 20

// readSettings reads a file of settings. Its messages show only names and line numbers:
// a value may be a secret.
func readSettings(file string) (KafkaSettings, error) {
	b, err := smallfile.Read(file, maxSettings)
	if err != nil {
		return nil, err
	}
	s := KafkaSettings{}
	n := 0
	for line := range strings.Lines(string(b)) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := s.parse(line, file); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", file, n, err)
		}
	}
	if s.Has(SetPassword) {
		if err := access.CheckSecret(SetPassword, file); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// parse reads one line of a file.
func (s KafkaSettings) parse(line, file string) error {
	name, text, ok := strings.Cut(line, "=")
	name, text = strings.TrimSpace(name), strings.TrimSpace(text)
	known := slices.DeleteFunc(KafkaSettingNames(), func(n string) bool { return n == SetConfig })
	switch {
	case !ok:
		return errors.New("write it as NAME = VALUE")
	case !slices.Contains(known, name):
		return fmt.Errorf("unknown setting; the settings are %s", strings.Join(known, ", "))
	case text == "":
		return fmt.Errorf("%s has no value", name)
	case s.Has(name):
		return fmt.Errorf("%s is set twice", name)
	}
	s.put(name, text, fmt.Sprintf("%s in %s", name, file))
	return nil
}

// Bool reads a setting that is true or false.
func (s KafkaSetting) Bool() (bool, error) {
	on, err := strconv.ParseBool(s.Text)
	if err != nil {
		return false, fmt.Errorf("%s: it is true or false, not %q", s.From, s.Text)
	}
	return on, nil
}
