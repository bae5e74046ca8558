package kafka

import (
	"crypto/tls"

	"github.com/segmentio/kafka-go/sasl"
)

func (t *TLS) config() (*tls.Config, error) { return nil, nil }

func (s *SASL) mechanism() (sasl.Mechanism, error) { return nil, nil }
