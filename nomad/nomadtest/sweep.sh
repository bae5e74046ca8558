# Kills the processes of a cluster or of one of its nodes, and removes what they leave
# behind. DIR is the directory of the cluster or the node.
#
#   sweep.sh kill DIR    processes, mounts and control groups
#   sweep.sh guard DIR   the same and the directory itself, when the input ends
#
# Processes are found by their environment, which tasks inherit from agents. A task that has
# cleared its environment is found by its control group.
dir=$2

# groups prints the control groups of the tasks: of versions 1 and 2.
groups() {
	for alloc in "$dir"/alloc/*-* "$dir"/*/alloc/*-*; do
		id=${alloc##*/}
		ls -d /sys/fs/cgroup/*/nomad/"$id".* /sys/fs/cgroup/cpuset/nomad/*/"$id".* /sys/fs/cgroup/nomad.slice/*/"$id".*
	done 2>/dev/null
}

processes() {
	grep -lzxsE "GRETE_TEST_NODE=$dir(/.*)?" /proc/[0-9]*/environ | cut -d / -f 3
	groups | while read -r g; do
		# Nomad freezes processes that it kills, and frozen ones don't end.
		[ ! -e "$g/freezer.state" ] || echo THAWED >"$g/freezer.state"
		[ ! -e "$g/cgroup.freeze" ] || echo 0 >"$g/cgroup.freeze"
		cat "$g/cgroup.procs"
	done 2>/dev/null
}

# mounts prints the mounts below the directory, the innermost first.
mounts() { awk -v dir="$dir/" 'index($2, dir) == 1 { print $2 }' /proc/mounts | sort -r; }

# until_none repeats $1, which prints and removes leftovers, until there are none, for 10 s.
until_none() {
	tries=200
	while [ -n "$($1)" ] && [ $((tries -= 1)) -gt 0 ]; do sleep 0.05; done
}

kill_processes() { processes | sort -u | while read -r p; do echo "$p"; kill -9 "$p" 2>/dev/null; done; }
unmount() { mounts | while read -r m; do echo "$m"; umount "$m" 2>/dev/null || umount -l "$m" 2>/dev/null; done; }
remove_groups() { groups | while read -r g; do echo "$g"; find "$g" -depth -type d -exec rmdir {} + 2>/dev/null; done; }
# Never remove files through a mount.
remove_directory() { [ ! -e "$dir" ] || { echo "$dir"; [ -n "$(mounts)" ] || rm -rf "$dir"; } 2>/dev/null; }

if [ "$1" = guard ]; then
	trap '' INT TERM HUP QUIT
	read -r _
fi
until_none kill_processes
until_none unmount
until_none remove_groups
[ "$1" != guard ] || until_none remove_directory
