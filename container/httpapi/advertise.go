package httpapi

import (
	"net"
	"net/netip"
	"os"
	"strconv"
)

// onAll reports whether an address stands for all addresses of this machine.
func onAll(address net.Addr) bool {
	at, ok := address.(*net.TCPAddr)
	return ok && at.IP.IsUnspecified()
}

// advertised is the address at which other processes find the listener. If it listens on
// all addresses of this machine, guessed says which one was taken.
func advertised(listens net.Addr) (address, guessed string) {
	if !onAll(listens) {
		return listens.String(), ""
	}
	port := strconv.Itoa(listens.(*net.TCPAddr).Port)
	interfaces, err := net.InterfaceAddrs()
	if ip, ok := firstAddress(interfaces); err == nil && ok {
		return net.JoinHostPort(ip.String(), port), "the first address of this machine"
	}
	// In a container the name is often unknown to other machines, so it isn't the first choice.
	if name, err := os.Hostname(); err == nil && name != "" {
		return net.JoinHostPort(name, port), "the name of this machine"
	}
	return net.JoinHostPort("localhost", port), "this machine only, as it has no address and no name"
}

// firstAddress is the first address that other machines may reach, an IPv4 address if there
// is one: IPv6 addresses of a machine may be temporary.
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
