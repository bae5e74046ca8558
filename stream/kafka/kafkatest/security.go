package kafkatest

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"hash"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gretestream/grete/stream/kafka/kafkatest/certs"
)

// protocol returns the security protocol of the clients' listener.
func (o Options) protocol() string {
	protocol := "PLAINTEXT"
	if o.TLS {
		protocol = "SSL"
	}
	if len(o.Users) > 0 {
		protocol = "SASL_" + protocol
	}
	return protocol
}

// security returns the settings for authentication and authorization.
func (c *Cluster) security() map[string]string {
	const listener = "listener.name.client."
	p := map[string]string{}
	if c.opts.TLS {
		p[listener+"ssl.keystore.type"] = "PEM"
		p[listener+"ssl.keystore.location"] = c.keystore()
		p[listener+"ssl.truststore.type"] = "PEM"
		p[listener+"ssl.truststore.location"] = c.authority.File()
	}
	if c.opts.ClientCertificates {
		p[listener+"ssl.client.auth"] = "required"
		p["ssl.principal.mapping.rules"] = "RULE:^CN=([^,]*).*$/$1/"
	}
	if len(c.opts.Users) > 0 {
		p[listener+"sasl.enabled.mechanisms"] = "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512"
		p[listener+"plain.sasl.jaas.config"] = plainLogin(c.opts.Users)
		for _, mechanism := range []string{"scram-sha-256", "scram-sha-512"} {
			p[listener+mechanism+".sasl.jaas.config"] = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
		}
	}
	if c.opts.Permissions {
		p["authorizer.class.name"] = "org.apache.kafka.metadata.authorizer.StandardAuthorizer"
		// Brokers, and this package, through the inner listener.
		p["super.users"] = "User:ANONYMOUS"
	}
	return p
}

// plainLogin lists names and passwords for Java's login modules.
func plainLogin(users map[string]string) string {
	quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	var b strings.Builder
	b.WriteString("org.apache.kafka.common.security.plain.PlainLoginModule required")
	for _, name := range slices.Sorted(maps.Keys(users)) {
		fmt.Fprintf(&b, ` user_%s="%s"`, name, quote.Replace(users[name]))
	}
	return b.String() + ";"
}

// scramArguments returns arguments for the tool that formats data directories. Their
// passwords are salted, since plain ones may have characters that are special to the tool.
func scramArguments(users map[string]string) ([]string, error) {
	var args []string
	for _, name := range slices.Sorted(maps.Keys(users)) {
		of256, err := scramCredential(sha256.New, name, users[name])
		if err != nil {
			return nil, err
		}
		of512, err := scramCredential(sha512.New, name, users[name])
		if err != nil {
			return nil, err
		}
		args = append(args, "--add-scram", "SCRAM-SHA-256="+of256, "--add-scram", "SCRAM-SHA-512="+of512)
	}
	return args, nil
}

func scramCredential[H hash.Hash](of func() H, name, password string) (string, error) {
	const iterations = 4096
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // it never fails
	salted, err := pbkdf2.Key(of, password, salt, iterations, of().Size())
	if err != nil {
		return "", fmt.Errorf("salt the password of %s: %w", name, err)
	}
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Sprintf(`[name="%s",iterations=%d,salt="%s",saltedpassword="%s"]`, name, iterations, b64(salt), b64(salted)), nil
}

// Authority returns the issuer of the brokers' certificates and of client certificates.
func (c *Cluster) Authority(t testing.TB) *certs.Authority {
	t.Helper()
	if c.authority == nil {
		t.Fatal("kafkatest: the cluster has no certificates; set Options.TLS")
	}
	return c.authority
}

// keystore is the file with the brokers' certificate and its key.
func (c *Cluster) keystore() string { return filepath.Join(c.dir, "broker.pem") }

func (c *Cluster) makeCertificates() error {
	var err error
	if c.authority, err = certs.New(c.dir); err != nil {
		return err
	}
	cert, key, err := c.authority.IssuePEM("broker")
	if err != nil {
		return err
	}
	return certs.WriteFile(c.keystore(), slices.Concat(key, cert))
}
