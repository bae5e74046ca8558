package kafka

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

const defaultPort = "9092"

// addresses checks the user's addresses, and adds Kafka's port where it is missing.
func addresses(given []string) ([]string, error) {
	var list []string
	for _, a := range given {
		host, port, err := net.SplitHostPort(a)
		if err != nil && !strings.Contains(a, ":") {
			host, port, err = a, defaultPort, nil
		}
		if n, wrong := strconv.ParseUint(port, 10, 16); err != nil || wrong != nil || n == 0 || host == "" || strings.ContainsAny(host, "/ ,") {
			return nil, fmt.Errorf("broker address %q: expected host:port", a)
		}
		list = append(list, net.JoinHostPort(host, port))
	}
	if len(list) == 0 {
		return nil, errors.New("no brokers: set host:port of one or more")
	}
	return list, nil
}
