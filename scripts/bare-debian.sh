# Bare roots of Debian, for fresh-machine.sh and stand-in-base.sh, which source this file.

mirror=$(sed -n 's/^URIs: *\([^ ]*\/debian\)\/\{0,1\}$/\1/p; s/^deb .*\(https\{0,1\}:\/\/[^ ]*\/debian\)\/\{0,1\} .*/\1/p' \
  /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | head -n 1)
mirror=${mirror:-http://deb.debian.org/debian}

# take_settings ROOT NPMRC: the host's settings: names, certificates, apt's options, npm's (into that file of the root).
take_settings() {
  cp -L /etc/resolv.conf "$1/etc/resolv.conf"
  mkdir -p "$1/etc/ssl/certs" "$1/usr/local/share/ca-certificates" "$(dirname "$1$2")"
  [ ! -f /etc/ssl/certs/ca-certificates.crt ] || cp -L /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/"
  cp -rL /usr/local/share/ca-certificates/. "$1/usr/local/share/ca-certificates/" 2>/dev/null || :
  grep -lE '^ *Acquire::[^:]*::?(Proxy|Ver|CaInfo)' /etc/apt/apt.conf.d/* 2>/dev/null | xargs -r cp -t "$1/etc/apt/apt.conf.d/"
  npmrc=$(npm config get globalconfig 2>/dev/null || :)
  [ ! -f "$npmrc" ] || cp "$npmrc" "$1$2"
  [ ! -f "$HOME/.npmrc" ] || grep -v '^nodedir=' "$HOME/.npmrc" >> "$1$2" || :
}
