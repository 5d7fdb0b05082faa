# shellcheck shell=bash
# System packages (Debian). Sourced by ci/setup.

packages=(
  # building
  g++ cmake ninja-build ccache mold
  # LLVM and Clang, linked statically, and what their CMake files insist on
  llvm-19-dev libclang-19-dev llvm-19-tools clang-19 libzstd-dev zlib1g-dev libedit-dev libxml2-dev libcurl4-openssl-dev
  # libraries
  libcli11-dev libfmt-dev nlohmann-json3-dev libarchive-dev libssl-dev libtomlplusplus-dev
  # what the probe runs modules in, and what records the compile commands of a build
  bubblewrap bear
  # tests, checks, benchmarks
  libgtest-dev libgmock-dev libbenchmark-dev clang-tidy-19 clang-format-19
  # fuzzing, and modules for other platforms
  libclang-rt-19-dev libfuzzer-19-dev lld-19 llvm-19
  # set-up itself
  ca-certificates git python3 python3-pip python3-jsonschema patchelf unzip dpkg-dev xz-utils
)

# what lays the program out (ci/lib/layout.sh)
[ "$(uname -m)" != x86_64 ] || packages+=(bolt-19 libbolt-19-dev)

missing_packages() {
  local installed
  installed=$(dpkg-query -W -f '${db:Status-Abbrev}|${Package}\n' "${packages[@]}" 2>/dev/null | sed -n 's/^ii *|//p') || true
  comm -23 <(printf '%s\n' "${packages[@]}" | sort -u) <(sort -u <<<"$installed")
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    env DEBIAN_FRONTEND=noninteractive "$@"
  else
    sudo env DEBIAN_FRONTEND=noninteractive "$@"
  fi
}

can_be_root() {
  [ "$(id -u)" = 0 ] || { command -v sudo && { sudo -n true || [ -t 0 ]; }; } >/dev/null 2>&1
}

install_packages() {
  as_root apt-get -q update && as_root apt-get -q -y --no-install-recommends install "$@"
}

setup_packages() {
  command -v dpkg-query >/dev/null || fail "this set-up knows Debian only; it needs the equivalents of: ${packages[*]}"
  local missing
  mapfile -t missing < <(missing_packages)
  [ ${#missing[@]} -gt 0 ] || return 0
  can_be_root || fail "packages are missing; as root: apt-get install ${missing[*]}"
  [ "$(id -u)" = 0 ] || sudo -v || fail "packages are missing; as root: apt-get install ${missing[*]}"
  step "system packages: ${#missing[@]} installed" install_packages "${missing[@]}" ||
    fail "apt could not install: ${missing[*]}"
}
