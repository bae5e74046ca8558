package api

import (
	"fmt"
	"strconv"

	"github.com/alecthomas/kong"
)

// kafkaFlags are those of commands that can work on Kafka. What a flag leaves
// open the environment may say, and then a file.
type kafkaFlags struct {
	Brokers      string `name:"kafka" placeholder:"HOST:PORT,…" help:"Use this Kafka cluster rather than the embedded log. One of its brokers is enough."`
	Config       string `name:"kafka-config" placeholder:"FILE" help:"Read settings of this list from a file: NAME = VALUE a line, # begins a comment."`
	TLS          *bool  `name:"kafka-tls" help:"Encrypt the connections. The next four say that, too."`
	CA           string `name:"kafka-ca" placeholder:"FILE" help:"Certificates that may have signed the brokers' (default: the system's)."`
	Cert         string `name:"kafka-cert" placeholder:"FILE" help:"This client's certificate, where the brokers ask for one."`
	Key          string `name:"kafka-key" placeholder:"FILE" help:"Its key."`
	ServerName   string `name:"kafka-server-name" placeholder:"NAME" help:"What the brokers' certificates are made out to, if not the host of their address."`
	SASL         string `name:"kafka-sasl" placeholder:"MECHANISM" help:"Log in: plain, scram-sha-256 or scram-sha-512."`
	User         string `name:"kafka-user" placeholder:"NAME" help:"As whom."`
	PasswordFile string `name:"kafka-password-file" placeholder:"FILE" help:"A file with the password and nothing else."`
	Compression  string `name:"kafka-compression" placeholder:"CODEC" help:"Of what is written: none, gzip, snappy, lz4 or zstd (default: none)."`
}

// The settings, by the names of their flags. The password has no flag: all can
// see the command lines of a machine.
const (
	setBrokers      = "kafka"
	setConfig       = "kafka-config"
	setTLS          = "kafka-tls"
	setCA           = "kafka-ca"
	setCert         = "kafka-cert"
	setKey          = "kafka-key"
	setServerName   = "kafka-server-name"
	setSASL         = "kafka-sasl"
	setUser         = "kafka-user"
	setPasswordFile = "kafka-password-file"
	setPassword     = "kafka-password"
	setCompression  = "kafka-compression"
)

// kafkaGroup is the flags' place in the help.
func kafkaGroup() kong.Option {
	return kong.ExplicitGroups([]kong.Group{{
		Key: "kafka", Title: "Kafka:",
		Description: "Each of these is also an environment variable, GRETE_KAFKA, GRETE_KAFKA_TLS and so on. GRETE_KAFKA_PASSWORD is the password itself.",
	}})
}

// settings are those of the command line.
func (k *kafkaFlags) settings() kafkaSettings {
	s := kafkaSettings{}
	for name, text := range map[string]string{
		setBrokers: k.Brokers, setConfig: k.Config, setCA: k.CA, setCert: k.Cert, setKey: k.Key, setServerName: k.ServerName,
		setSASL: k.SASL, setUser: k.User, setPasswordFile: k.PasswordFile, setCompression: k.Compression,
	} {
		s.put(name, text, "-"+name)
	}
	if k.TLS != nil {
		s.put(setTLS, strconv.FormatBool(*k.TLS), "-"+setTLS)
	}
	return s
}

// needKafka refuses flags that would be for nothing: without a cluster the job
// would run somewhere else than its user thinks.
func needKafka(s kafkaSettings) error {
	for _, name := range kafkaSettingNames() {
		if _, ok := s[name]; ok {
			return fmt.Errorf("%s: there is no -kafka HOST:PORT that says which cluster; %w", s[name].from, errUsage)
		}
	}
	return nil
}
