package httpapi

import (
	"net"
	"strings"
	"testing"
)

func TestAdvertised(t *testing.T) {
	for _, tt := range []struct{ addresses, want string }{
		{"", "invalid IP"},
		{"127.0.0.1/8 ::1/128", "invalid IP"},
		{"127.0.0.1/8 169.254.3.4/16 fe80::1/64", "invalid IP"},
		{"127.0.0.1/8 10.1.2.3/24 172.17.0.1/16", "10.1.2.3"},
		{"::1/128 2001:db8::5/64 10.1.2.3/24", "10.1.2.3"},
		{"fe80::1/64 2001:db8::5/64 fd00::1/64", "2001:db8::5"},
	} {
		var addresses []net.Addr
		for a := range strings.FieldsSeq(tt.addresses) {
			ip, n, err := net.ParseCIDR(a)
			if err != nil {
				t.Fatal(err)
			}
			addresses = append(addresses, &net.IPNet{IP: ip, Mask: n.Mask})
		}
		if got, found := firstAddress(addresses); got.String() != tt.want || found != (tt.want != "invalid IP") {
			t.Errorf("of %s it takes %v, %v, want %s", tt.addresses, got, found, tt.want)
		}
	}
	for _, tt := range []struct {
		listens string
		guess   bool
	}{{"127.0.0.1:80", false}, {"10.0.0.9:80", false}, {"[::1]:80", false}, {"[::]:80", true}, {"0.0.0.0:80", true}} {
		at, err := net.ResolveTCPAddr("tcp", tt.listens)
		if err != nil {
			t.Fatal(err)
		}
		got, guessed := advertised(at)
		host, port, err := net.SplitHostPort(got)
		if err != nil || port != "80" || host == "" || host == "::" || host == "0.0.0.0" || (guessed != "") != tt.guess || !tt.guess && got != tt.listens {
			t.Errorf("a server that listens on %s advertises %s, %q", tt.listens, got, guessed)
		}
	}
}
