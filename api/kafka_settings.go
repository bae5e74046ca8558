package api

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// kafkaSettings are what somebody has said about the cluster, by the names of
// the flags.
type kafkaSettings map[string]kafkaSetting

type kafkaSetting struct {
	text string
	from string // where it was said, for messages
}

// put adds a setting, if there is one.
func (s kafkaSettings) put(name, text, from string) {
	if text != "" {
		s[name] = kafkaSetting{text, from}
	}
}

// kafkaSettingNames lists the settings in the order in which they are looked at.
func kafkaSettingNames() []string {
	return []string{
		setBrokers, setConfig, setTLS, setCA, setCert, setKey, setServerName,
		setSASL, setUser, setPasswordFile, setPassword, setCompression,
	}
}

// or returns the settings, with those of a later place where they say nothing. A
// password and its file are one setting.
func (s kafkaSettings) or(later kafkaSettings) kafkaSettings {
	out := maps.Clone(later)
	if s.has(setPassword) || s.has(setPasswordFile) {
		delete(out, setPassword)
		delete(out, setPasswordFile)
	}
	maps.Copy(out, s)
	return out
}

func (s kafkaSettings) has(name string) bool { _, ok := s[name]; return ok }

// allSettings adds to those of the command line what the environment and the
// file say. They have no brokers if the job is to run on the embedded log.
func (k *kafkaFlags) allSettings() (kafkaSettings, error) {
	flags := k.settings()
	s := flags.or(environment())
	if file, ok := s[setConfig]; ok {
		more, err := readSettings(file.text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w; %w", file.from, err, errUsage)
		}
		s = s.or(more)
	}
	if !s.has(setBrokers) {
		return s, needKafka(flags)
	}
	return s, nil
}

func environment() kafkaSettings {
	s := kafkaSettings{}
	for _, name := range kafkaSettingNames() {
		s.put(name, os.Getenv(variableOf(name)), variableOf(name))
	}
	return s
}

// variableOf is the variable of the environment for a setting.
func variableOf(name string) string {
	return "GRETE_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// readSettings reads a file of settings. Its messages show names and numbers of
// lines only: a value may be a secret.
func readSettings(file string) (kafkaSettings, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	s := kafkaSettings{}
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
	return s, nil
}

// parse reads one line of a file.
func (s kafkaSettings) parse(line, file string) error {
	name, text, ok := strings.Cut(line, "=")
	name, text = strings.TrimSpace(name), strings.TrimSpace(text)
	known := slices.DeleteFunc(kafkaSettingNames(), func(n string) bool { return n == setConfig })
	switch {
	case !ok:
		return errors.New("write it as NAME = VALUE")
	case !slices.Contains(known, name):
		return fmt.Errorf("there is no setting of that name; there are %s", strings.Join(known, ", "))
	case text == "":
		return fmt.Errorf("%s has no value", name)
	case s.has(name):
		return fmt.Errorf("%s is there twice", name)
	}
	s.put(name, text, fmt.Sprintf("%s in %s", name, file))
	return nil
}
