package kafkatest

import (
	"maps"
	"testing"
)

func TestOptions_RefuseImpossibleOnes(t *testing.T) {
	tests := map[string]struct {
		opts Options
		ok   bool
	}{
		"none":                        {Options{}, true},
		"the most brokers":            {Options{Brokers: 5}, true},
		"too many brokers":            {Options{Brokers: 6}, false},
		"permissions for nobody":      {Options{Permissions: true}, false},
		"permissions, only encrypted": {Options{Permissions: true, TLS: true}, false},
		"permissions by users":        {Options{Permissions: true, Users: map[string]string{"a": "b"}}, true},
		"permissions by certificates": {Options{Permissions: true, ClientCertificates: true}, true},
	}
	for name, tt := range tests {
		if _, err := tt.opts.normal(); (err == nil) != tt.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	o, err := Options{ClientCertificates: true}.normal()
	if err != nil || !o.TLS || o.Brokers != 1 {
		t.Errorf("%+v, %v", o, err)
	}
}

func TestName_IsUnique(t *testing.T) {
	seen := map[string]bool{}
	t.Run("wörds & more", func(t *testing.T) {
		for range 1000 {
			seen[Name(t)] = true
		}
	})
	if len(seen) != 1000 {
		t.Errorf("%d names of 1000", len(seen))
	}
	for name := range maps.Keys(seen) {
		if len(name) != len("TestName_IsUnique-w-rds---more-")+10 {
			t.Error(name)
		}
	}
}
