package nomadtest

import (
	"fmt"
	"strings"

	"github.com/gretestream/grete/stream/harnesstest"
)

// The settings of every agent. Tests need more connections from one address than the default
// limit.
const common = `
name               = %[1]q
data_dir           = %[2]q
bind_addr          = "127.0.0.1"
log_level          = "INFO"
disable_update_check = true
leave_on_interrupt = false
leave_on_terminate = false
ports {
  http = %[3]d
  rpc  = %[4]d
  serf = %[5]d
}
advertise {
  http = "127.0.0.1:%[3]d"
  rpc  = "127.0.0.1:%[4]d"
  serf = "127.0.0.1:%[5]d"
}
limits {
  http_max_conns_per_client = 0
}
acl {
  enabled = %[6]t
}
consul {
  auto_advertise   = false
  server_auto_join = false
  client_auto_join = false
}
`

const serverPart = `
server {
  enabled          = true
  bootstrap_expect = 1
  raft_multiplier  = 1
%s}
`

// An unreachable node is down soon, but not before an agent on a busy machine could restart.
const quickHeartbeats = `
  heartbeat_grace          = "4s"
  min_heartbeat_ttl        = "1s"
  failover_heartbeat_ttl   = "5s"
  max_heartbeats_per_second = 100
`

// By default, an exec task gets all of /usr, which takes 20 s to link. A static program needs
// none of it. Ended allocations are kept, however full the machine's disk is: a later one may
// need their data.
const clientPart = `
client {
  enabled           = true
  servers           = [%q]
  network_interface = "lo"
  cpu_total_compute = 4000
  memory_total_mb   = 4096
  min_dynamic_port  = %d
  max_dynamic_port  = %d
  gc_max_allocs     = 500
  gc_disk_usage_threshold  = 100
  gc_inode_usage_threshold = 100
  chroot_env {
    "/etc/ssl/certs"   = "/etc/ssl/certs"
    "/etc/resolv.conf" = "/etc/resolv.conf"
    "/etc/hosts"       = "/etc/hosts"
    "/etc/passwd"      = "/etc/passwd"
    "/etc/group"       = "/etc/group"
  }
  options = {
    "fingerprint.denylist" = "env_aws,env_gce,env_azure,env_digitalocean,consul,vault,cni"
    "driver.allowlist"     = "raw_exec,exec"
    "env.denylist"         = "TMPDIR"
  }
}
plugin "raw_exec" {
  config {
    enabled = true
  }
}
`

// config returns the settings of an agent. The server is agent 0.
func (c *Cluster) config(a *agent) string {
	var text strings.Builder
	fmt.Fprintf(&text, common, a.name, a.dir, a.http, a.rpc, a.serf, c.opts.ACL)
	if a.id == 0 {
		heartbeats := quickHeartbeats
		if c.opts.DefaultHeartbeats {
			heartbeats = ""
		}
		fmt.Fprintf(&text, serverPart, heartbeats)
		return text.String()
	}
	fmt.Fprintf(&text, clientPart, harnesstest.Address(c.server().rpc), a.firstDynamic, a.lastDynamic)
	return text.String()
}
