# shellcheck shell=bash
# LIEF's C++ library, static, from its source distribution: the tests compare our readers with it. Sourced by ci/setup
# and ci/test.

lief_version=0.12.3
lief_file=lief-$lief_version.zip
lief_sha256=62e81d2f1a827d43152aed12446a604627e8833493a51dca027026eed0ce7128
lief_unity=$root/ci/lib/lief_unity.cmake

lief_options=(
  -DCMAKE_BUILD_TYPE=Release "-DCMAKE_C_FLAGS_RELEASE=-O2 -DNDEBUG" "-DCMAKE_CXX_FLAGS_RELEASE=-O2 -DNDEBUG"
  -DCMAKE_C_COMPILER=gcc -DCMAKE_CXX_COMPILER=g++ -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DBUILD_SHARED_LIBS=OFF
  -DLIEF_ELF=ON -DLIEF_PE=ON -DLIEF_MACHO=ON -DLIEF_ART=OFF -DLIEF_DEX=OFF -DLIEF_OAT=OFF -DLIEF_VDEX=OFF
  -DLIEF_ENABLE_JSON=OFF -DLIEF_LOGGING=OFF -DLIEF_LOGGING_DEBUG=OFF -DLIEF_DISABLE_FROZEN=ON
  -DLIEF_PYTHON_API=OFF -DLIEF_C_API=OFF -DLIEF_TESTS=OFF -DLIEF_EXAMPLES=OFF -DLIEF_USE_CCACHE=OFF
)

# One folder for each compiler and way of building; a comment in the CMake file makes no new one.
lief_prefix() {
  local compiler options
  compiler=gcc-$(g++ -dumpfullversion)-$(uname -m)
  options=$({ printf '%s\n' "${lief_options[@]}"; sed 's/#.*//; s/ *$//' "$lief_unity"; } | digest_of)
  printf '%s/lief/%s-%s-%s-%s\n' "$cache" "$lief_version" "${lief_sha256:0:8}" "$compiler" "$options"
}

fetch_lief() {
  local python
  for python in python3 /usr/bin/python3; do
    "$python" -c 'import pip' 2>/dev/null || continue
    "$python" "$root/ci/lib/fetch_sdist.py" "lief==$lief_version" "$lief_file" "$lief_sha256" "$1"
    return
  done
  echo "no python3 with pip"
  return 1
}

# Its third-party sources are inside the archive: nothing is fetched while it builds.
build_lief() {
  local work=$1 installed=$2
  unzip -q "$work/$lief_file" -d "$work" &&
    cmake -S "$work/lief-$lief_version" -B "$work/build" -G Ninja "${lief_options[@]}" \
      -DCMAKE_PROJECT_LIEF_INCLUDE="$lief_unity" -DCMAKE_INSTALL_PREFIX="$installed" &&
    cmake --build "$work/build" && cmake --install "$work/build"
}

make_lief() {
  local prefix=$1
  [ -d "$prefix" ] && return 0
  scratch_beside "$prefix"
  step "LIEF $lief_version: source fetched" fetch_lief "$scratch/$lief_file" ||
    fail "could not fetch $lief_file through pip's index (see pip config)"
  step "LIEF $lief_version: built" build_lief "$scratch" "$scratch/prefix" || fail "LIEF $lief_version did not build"
  publish "$scratch/prefix" "$prefix"
}

# Prints the prefix for CMAKE_PREFIX_PATH. `lief/current` is the same folder under a name for presets and people.
setup_lief() {
  local prefix
  prefix=$(lief_prefix)
  [ -d "$prefix" ] || locked lief make_lief "$prefix"
  [ "$(readlink "$cache/lief/current" || true)" = "${prefix##*/}" ] || point "$cache/lief/current" "${prefix##*/}"
  printf '%s\n' "$prefix"
}

# with_lief COMMAND...: LIEF is built while COMMAND runs, in a group of its own so that an interrupt ends it all.
with_lief() {
  local job status=0
  set -m
  "$root/ci/setup" lief >/dev/null &
  job=$!
  set +m
  # shellcheck disable=SC2064 # the job's number as it is now
  trap "kill -- -$job 2>/dev/null || true" EXIT
  "$@" || status=$?
  wait "$job" || status=$?
  trap - EXIT
  return "$status"
}
