# Ends what belongs to a cluster, or to one of its nodes, and removes what they have
# left. DIR is the directory of either.
#
#   sweep.sh kill DIR    processes, mounts and control groups
#   sweep.sh guard DIR   when the input ends: that, and the directory itself
#
# Processes are known by their environment, which agents give to their tasks. A
# task that has thrown it away is known by its control group.
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
		# Nomad freezes what it kills, and what is frozen doesn't die.
		[ ! -e "$g/freezer.state" ] || echo THAWED >"$g/freezer.state"
		[ ! -e "$g/cgroup.freeze" ] || echo 0 >"$g/cgroup.freeze"
		cat "$g/cgroup.procs"
	done 2>/dev/null
}

# mounts prints what is mounted below the directory, the innermost first.
mounts() { awk -v dir="$dir/" 'index($2, dir) == 1 { print $2 }' /proc/mounts | sort -r; }

# until_none calls $1, which prints what is left and removes it, for a while.
until_none() {
	tries=200
	while [ -n "$($1)" ] && [ $((tries -= 1)) -gt 0 ]; do sleep 0.05; done
}

kill_processes() { processes | sort -u | while read -r p; do echo "$p"; kill -9 "$p" 2>/dev/null; done; }
unmount() { mounts | while read -r m; do echo "$m"; umount "$m" 2>/dev/null || umount -l "$m" 2>/dev/null; done; }
remove_groups() { groups | while read -r g; do echo "$g"; find "$g" -depth -type d -exec rmdir {} + 2>/dev/null; done; }
# Nothing is removed through a mount.
remove_directory() { [ ! -e "$dir" ] || { echo "$dir"; [ -n "$(mounts)" ] || rm -rf "$dir"; } 2>/dev/null; }

if [ "$1" = guard ]; then
	trap '' INT TERM HUP QUIT
	read -r _
fi
until_none kill_processes
until_none unmount
until_none remove_groups
[ "$1" != guard ] || until_none remove_directory
