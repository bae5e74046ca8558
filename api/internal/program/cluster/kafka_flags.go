package cluster

import (
	"fmt"
	"strconv"

	"github.com/gretestream/grete/api/internal/program"
)

// KafkaFlags describe a Kafka cluster. Flags that aren't set are read from the
// environment, and then from a file.
type KafkaFlags struct {
	Brokers      string `name:"kafka" placeholder:"HOST:PORT,…" help:"Brokers of the Kafka cluster; one is enough (default: the embedded log, unless GRETE_KAFKA names a cluster)."`
	Config       string `name:"kafka-config" placeholder:"FILE" help:"File with settings of this list: NAME = VALUE a line, # begins a comment."`
	TLS          *bool  `name:"kafka-tls" help:"Encrypt the connections. The next four flags imply it."`
	CA           string `name:"kafka-ca" placeholder:"FILE" help:"Certificates of the authorities that sign the brokers' certificates, PEM (default: the system's)."`
	Cert         string `name:"kafka-cert" placeholder:"FILE" help:"Certificate of this client, PEM, if the brokers require one."`
	Key          string `name:"kafka-key" placeholder:"FILE" help:"Private key of -kafka-cert, PEM."`
	ServerName   string `name:"kafka-server-name" placeholder:"NAME" help:"Name in the brokers' certificates (default: the host of their address)."`
	SASL         string `name:"kafka-sasl" placeholder:"MECHANISM" help:"SASL mechanism: plain, scram-sha-256 or scram-sha-512 (default: no login)."`
	User         string `name:"kafka-user" placeholder:"NAME" help:"User to log in as."`
	PasswordFile string `name:"kafka-password-file" placeholder:"FILE" help:"File with the password and nothing else."`
	Compression  string `name:"kafka-compression" placeholder:"CODEC" help:"Compression of written batches: none, gzip, snappy, lz4 or zstd (default: none)."`
}

// The settings, by the names of their flags. The password has no flag: every user of a
// machine can see its command lines.
const (
	SetBrokers      = "kafka"
	SetConfig       = "kafka-config"
	SetTLS          = "kafka-tls"
	SetCA           = "kafka-ca"
	SetCert         = "kafka-cert"
	SetKey          = "kafka-key"
	SetServerName   = "kafka-server-name"
	SetSASL         = "kafka-sasl"
	SetUser         = "kafka-user"
	SetPasswordFile = "kafka-password-file"
	SetPassword     = "kafka-password"
	SetCompression  = "kafka-compression"
)

// settings returns what the command line sets.
func (k *KafkaFlags) settings() KafkaSettings {
	s := KafkaSettings{}
	for name, text := range map[string]string{
		SetBrokers: k.Brokers, SetConfig: k.Config, SetCA: k.CA, SetCert: k.Cert, SetKey: k.Key, SetServerName: k.ServerName,
		SetSASL: k.SASL, SetUser: k.User, SetPasswordFile: k.PasswordFile, SetCompression: k.Compression,
	} {
		s.put(name, text, "-"+name)
	}
	if k.TLS != nil {
		s.put(SetTLS, strconv.FormatBool(*k.TLS), "-"+SetTLS)
	}
	return s
}

// requireBrokers rejects settings of a cluster that isn't named: the job would run
// on the embedded log, against its user's intention.
func requireBrokers(s KafkaSettings) error {
	for _, name := range KafkaSettingNames() {
		if _, ok := s[name]; ok {
			return program.Usage(fmt.Errorf("%s: no cluster is named: add -kafka HOST:PORT", s[name].From))
		}
	}
	return nil
}
