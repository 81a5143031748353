#!/bin/sh
# Runs a newcomer's two commands on a fresh Debian machine: a root made with debootstrap, with nodejs, npm, git and
# ca-certificates and nothing else.
#
#   sudo scripts/fresh-machine.sh [--suite trixie] [--keep DIR] [--commands 'demo -- --once;test']
#
# As root, and in another such root as a user without sudo, who is told one apt command and lets root run it. Takes the
# host's apt and npm settings along, clones what is committed here, and prints how each command ended. Run by hand, not by
# CI: it needs root, a mirror and 6 GB. Results are in docs/fresh-machine.md. --keep keeps the bare root for the next run.
set -eu

suite=trixie keep='' commands='demo -- --once;test'
while [ $# -gt 0 ]; do
  case $1 in
    --suite) suite=$2 ;;
    --keep) keep=$2 ;;
    --commands) commands=$2 ;;
    *) sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
  shift 2
done
[ "$(id -u)" = 0 ] || { echo 'Run this as root: it makes and enters a root folder.' >&2; exit 1; }
command -v debootstrap >/dev/null || { echo 'debootstrap is missing: apt-get install debootstrap' >&2; exit 1; }

project=$(dirname "$(dirname "$(readlink -f "$0")")")
work=$(mktemp -d)
# No such folder is in the roots.
unset TMPDIR
. "$project/scripts/bare-debian.sh"

finish() {
  for place in proc dev; do
    for machine in "$work"/*/; do mountpoint -q "$machine$place" && umount -l "$machine$place"; done
  done
  rm -rf --one-file-system "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

# A bare machine of its own at $work/NAME.
make_machine() {
  bare=${keep:-$work/bare}
  if [ ! -x "$bare/usr/bin/git" ]; then
    echo "Making a bare $suite from $mirror ..."
    debootstrap --variant=minbase "$suite" "$bare" "$mirror" >"$work/log" 2>&1 || { tail -n 20 "$work/log"; exit 1; }
    take_settings "$bare" /etc/npmrc
    mount -t proc proc "$bare/proc"
    chroot "$bare" sh -c 'apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      nodejs npm git ca-certificates && apt-get clean && rm -rf /var/lib/apt/lists/*' >"$work/log" 2>&1 ||
      { tail -n 20 "$work/log"; umount -l "$bare/proc"; exit 1; }
    umount -l "$bare/proc"
  fi
  machine=$work/$1
  cp -a "$bare" "$machine"
  mount -t proc proc "$machine/proc"
  mount --rbind /dev "$machine/dev"
  mount --make-rslave "$machine/dev"
  git -C "$project" bundle create -q "$machine/project.bundle" HEAD
  chmod 644 "$machine/project.bundle"
}

# enter USER COMMAND: in a login shell's bare environment, with the host's proxy and certificates.
enter() {
  chroot "$machine" env -i PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin HOME="$(home_of "$1")" LANG=C.UTF-8 \
    ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} ${no_proxy:+no_proxy="$no_proxy"} \
    ${NODE_EXTRA_CA_CERTS:+NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt} \
    setpriv --reuid "$1" --regid "$1" --clear-groups sh -c "$2"
}

home_of() { if [ "$1" = root ]; then echo /root; else echo "/home/$1"; fi; }

# run USER COMMAND: prints how it ended, its verdict or the last lines, and its seconds.
run() {
  began=$(date +%s) code=0
  enter "$1" "cd ~/leitmotif && npm run $2" >"$machine/tmp/out" 2>"$machine/tmp/err" </dev/null || code=$?
  printf '%-6s npm run %-18s exit code %s, %s s, node_modules %s MB\n' "$1" "$2" "$code" "$(($(date +%s) - began))" \
    "$(du -sm "$machine$(home_of "$1")/leitmotif/node_modules" 2>/dev/null | cut -f1)"
  grep -aE '^ *(This is|Tests |Test Files )' "$machine/tmp/out" | head -n 4 | sed 's/^/         /' || :
  [ "$code" = 0 ] || tail -n 15 "$machine/tmp/err" | sed 's/^/         /'
  return "$code"
}

each_command() {
  rest=$commands
  while [ -n "$rest" ]; do
    one=${rest%%;*}
    "$@" "$one" || status=1
    case $rest in *';'*) rest=${rest#*;} ;; *) rest='' ;; esac
  done
}

as_root() { run root "$1"; }

# The first try must name one command; with it run, the second must succeed.
as_user() {
  if run ada "$1"; then return 0; fi
  told=$(sed -n "s/^ *sudo sh -c '\(.*\)'$/\1/p" "$machine/tmp/err" | head -n 1)
  [ -n "$told" ] || { echo '         and named no command'; return 1; }
  chroot "$machine" env DEBIAN_FRONTEND=noninteractive sh -c "$told" >"$machine/tmp/apt" 2>&1 || { tail -n 5 "$machine/tmp/apt"; return 1; }
  run ada "$1"
}

status=0
make_machine root
echo "$(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' "$machine/etc/os-release"), Node $(chroot "$machine" node --version), npm $(chroot "$machine" npm --version)"
enter root 'git -c advice.detachedHead=false clone -q /project.bundle ~/leitmotif 2>/dev/null'
each_command as_root

make_machine user
chroot "$machine" useradd --create-home ada
enter ada 'git -c advice.detachedHead=false clone -q /project.bundle ~/leitmotif 2>/dev/null'
each_command as_user
exit "$status"
