# shellcheck shell=bash
# Debian packages of a newer suite, without installing them: a private apt fetches, dpkg -x unpacks, patchelf binds them
# to each other. Nothing of the system's own apt state is read or changed. Sourced by ci/setup.

forky_suite=forky
forky_apt=$cache/apt/$forky_suite
forky_lists_good_for=60 # minutes
triplet=$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || echo "$(uname -m)-linux-gnu")
debian_arch=$(dpkg --print-architecture 2>/dev/null || uname -m)

# The mirror that the system's own sources name for its own release.
debian_mirror() {
  local codename
  # shellcheck source=/dev/null
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  # shellcheck disable=SC2016 # the dollars are apt's
  APT_CONFIG='' apt-get indextargets --format '$(REPO_URI)|$(RELEASE)|$(COMPONENT)' 'Identifier: Packages' |
    awk -F'|' -v codename="$codename" '$3 == "main" && ($2 == codename || $2 == "stable") && !found { print $1; found = 1 }'
}

forky_configure() {
  local mirror
  mirror=$(debian_mirror)
  [ -n "$mirror" ] || fail "this system's apt sources name no Debian mirror: cannot fetch from $forky_suite"
  mkdir -p "$forky_apt/state/lists/partial" "$forky_apt/cache/archives/partial"
  : >"$forky_apt/state/status"
  printf 'deb %s %s main\ndeb-src %s %s main\n' "$mirror" "$forky_suite" "$mirror" "$forky_suite" >"$forky_apt/sources.list"
  cat >"$forky_apt/apt.conf" <<CONF
Dir::Etc::SourceList "$forky_apt/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::State "$forky_apt/state";
Dir::State::Status "$forky_apt/state/status";
Dir::Cache "$forky_apt/cache";
APT::Sandbox::User "root";
APT::Install-Recommends "false";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
Debug::NoLocking "true";
CONF
}

forky_get() { APT_CONFIG=$forky_apt/apt.conf apt-get -q -y "$@"; }

forky_update() {
  [ -z "$(find "$forky_apt/updated" -mmin "-$forky_lists_good_for" 2>/dev/null)" ] || return 0
  forky_configure
  step "Debian $forky_suite: package lists fetched" forky_get update --error-on=any ||
    fail "could not fetch Debian $forky_suite's package lists (apt's own words are above)"
  touch "$forky_apt/updated"
}

forky_version() {
  APT_CONFIG=$forky_apt/apt.conf apt-cache policy "$1" | awk '$1 == "Candidate:" && $2 != "(none)" { print $2 }'
}

# forky_unpack FOLDER SKIP PACKAGE...: the packages and all they depend on, unpacked, but for those whose name matches SKIP.
forky_unpack() {
  local folder=$1 skip=$2 archives deb name
  shift 2
  archives=$folder.debs
  mkdir -p "$archives/partial" "$folder"
  forky_get --download-only -o Dir::Cache::archives="$archives" install "$@" || return 1
  for deb in "$archives"/*.deb; do
    name=${deb##*/}
    [[ ${name%%_*} =~ ^($skip)$ ]] || dpkg -x "$deb" "$folder" || return 1
  done
  rm -rf "$archives"
}
