package httpapi

import (
	"net"
	"net/netip"
	"os"
	"strconv"
)

// onAll tells whether an address stands for all of this machine's.
func onAll(address net.Addr) bool {
	at, ok := address.(*net.TCPAddr)
	return ok && at.IP.IsUnspecified()
}

// advertised is the address at which others find what listens, and, if that is on all
// addresses of this machine, which of them was taken.
func advertised(listens net.Addr) (address, guessed string) {
	if !onAll(listens) {
		return listens.String(), ""
	}
	port := strconv.Itoa(listens.(*net.TCPAddr).Port)
	interfaces, err := net.InterfaceAddrs()
	if ip, ok := firstAddress(interfaces); err == nil && ok {
		return net.JoinHostPort(ip.String(), port), "the first address of this machine"
	}
	// In a container it is often a name that others don't know: hence not the first choice.
	if name, err := os.Hostname(); err == nil && name != "" {
		return net.JoinHostPort(name, port), "the name of this machine"
	}
	return net.JoinHostPort("localhost", port), "this machine only, as it has no address and no name"
}

// firstAddress is the first address that others may reach, of version 4 if there is
// one: of IPv6 a machine has several that come and go.
func firstAddress(addresses []net.Addr) (first netip.Addr, found bool) {
	for _, a := range addresses {
		n, ok := a.(*net.IPNet)
		if !ok {
			continue
		}
		ip, ok := netip.AddrFromSlice(n.IP)
		if ip = ip.Unmap(); !ok || !ip.IsGlobalUnicast() {
			continue
		}
		if ip.Is4() {
			return ip, true
		}
		if !found {
			first, found = ip, true
		}
	}
	return first, found
}
