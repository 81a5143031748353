#!/bin/sh
# Makes a stand-in for the base image of Dockerfile, where no registry of images can be reached: Debian 12 (debootstrap's
# minbase), Node 24 with npm, and the user node (1000). As node:24-bookworm-slim, it has nothing else.
#
#   sudo scripts/stand-in-base.sh leitmotif-base
#   IMAGE_BASE=leitmotif-base npm run test:slow -- test/slow/images.slow.ts
#
# Takes the host's apt and npm settings along, so do not publish what is built on it. Needs debootstrap, npm and Docker.
set -eu

[ $# = 1 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }
[ "$(id -u)" = 0 ] || { echo 'Run this as root: it makes and enters a root folder.' >&2; exit 1; }
for program in debootstrap docker npm; do
  command -v $program >/dev/null || { echo "$program is missing." >&2; exit 1; }
done

project=$(dirname "$(dirname "$(readlink -f "$0")")")
. "$project/scripts/bare-debian.sh"
work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
trap 'exit 130' INT TERM
root=$work/root

debootstrap --variant=minbase bookworm "$root" "$mirror" >"$work/log" 2>&1 || { tail -n 20 "$work/log"; exit 1; }
# The security updates too, as in the image.
printf 'deb %s %s main\n' "$mirror" bookworm "$mirror" bookworm-updates "${mirror%/debian}/debian-security" bookworm-security \
  > "$root/etc/apt/sources.list"
take_settings "$root" /usr/local/etc/npmrc
# As the slim images of Debian: no package files, documents and manuals are kept.
echo 'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin || true"; };' > "$root/etc/apt/apt.conf.d/docker-clean"
printf 'path-exclude /usr/share/%s/*\n' doc man locale info > "$root/etc/dpkg/dpkg.cfg.d/docker"
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/usr/share/doc/* "$root"/usr/share/man/* "$root"/usr/share/locale/*

# Node and npm, from their npm packages, where the image has them.
"$project/scripts/leitmotif" setup
node=$project/node_modules/node/bin/node
[ -x "$node" ] || node=$(command -v node)
cp -L "$node" "$root/usr/local/bin/node"
(cd "$work" && npm pack --silent npm@11 >/dev/null)
mkdir -p "$root/usr/local/lib/node_modules/npm"
tar -xzf "$work"/npm-11*.tgz -C "$root/usr/local/lib/node_modules/npm" --strip-components=1
for name in npm npx; do ln -s "../lib/node_modules/npm/bin/$name-cli.js" "$root/usr/local/bin/$name"; done
chroot "$root" sh -c 'groupadd --gid 1000 node && useradd --uid 1000 --gid node --shell /bin/bash --create-home node'

tar -C "$root" -c . | docker import --change 'CMD ["node"]' \
  ${NODE_EXTRA_CA_CERTS:+--change 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt'} - "$1"
chroot "$root" sh -c 'echo "Debian $(cat /etc/debian_version), Node $(node --version), npm $(npm --version)"'
