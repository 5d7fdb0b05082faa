# shellcheck shell=bash
# CPython interpreters: those of this machine, or Debian forky's (release and debug build, headers, test modules),
# unpacked and bound to their own libraries. Sourced by ci/setup and ci/isoaudit.

runs_as() { # PROGRAM X.Y
  [ -x "$1" ] && [ "$("$1" -I -c 'import sys; print(sys.implementation.name, "%d.%d" % sys.version_info[:2])' 2>/dev/null)" = "cpython ${2%d}" ]
}

# find_python X.Y: the first that runs and is what its name says; the program itself looks in the same places.
# X.Yd is its debug build.
find_python() {
  local name=python$1 version=${1%d} program
  while read -r program; do
    if runs_as "$program" "$1"; then
      printf '%s\n' "$program"
      return 0
    fi
  done < <(
    type -aP "$name"
    printf '%s\n' "$HOME"/.pyenv/versions/"$version"*/bin/"$name" | sort -rV
    printf '%s\n' "/usr/local/bin/$name" "/usr/bin/$name" "$cache/cpython/$version/bin/$name"
  )
  return 1
}

# The newest that has interpreters with a GIL of their own: what the program takes when nobody says which.
find_newest_python() {
  local minor
  for minor in 20 19 18 17 16 15 14 13 12; do
    find_python "3.$minor" && return 0
  done
  return 1
}

# "3.14", or "3.14d" for a debug build: how reports and folders name an interpreter.
python_id() {
  "$1" -I -c 'import sys; print("%d.%d" % sys.version_info[:2] + ("d" if hasattr(sys, "gettotalrefcount") else ""))'
}

# A folder with Python.h: the probe is built once, for every version. Debian's in the cache, else an interpreter's own.
python_headers() {
  local header program
  for header in "$cache"/cpython/3.14/include/python3.14/Python.h "$cache"/cpython/3.1[2-9]/include/python3.1[2-9]/Python.h; do
    [ -e "$header" ] && dirname "$header" && return 0
  done
  if program=$(find_newest_python); then
    header=$("$program" -I -c 'import sysconfig; print(sysconfig.get_paths()["include"])')/Python.h
    [ -e "$header" ] && dirname "$header" && return 0
  fi
  "$root/ci/setup" cpython 3.14 >/dev/null && printf '%s
' "$cache/cpython/3.14/include/python3.14"
}

# Debian's pyconfig.h names another by <TRIPLET/python3.N/pyconfig.h>; so does a debug build's. Made relative: -I
# include/python3.N is then enough. Of the other headers none stays: they belong to another libc.
keep_python_headers() { # FOLDER X.Y
  local include=$1/include header
  find "$include" -mindepth 1 -maxdepth 1 ! -name "python$2*" ! -name "$triplet" -exec rm -rf {} +
  find "$include/$triplet" -mindepth 1 -maxdepth 1 ! -name "python$2*" -exec rm -rf {} +
  for header in "$include/python$2"*/pyconfig.h; do
    sed -i "s|<\($triplet/python[^>]*\)>|\"../\1\"|" "$header"
  done
}

# bind_program PROGRAM FOLDER FINAL: the loader by its final name, the libraries relative to the program.
bind_program() {
  local loader
  loader=$(basename "$(patchelf --print-interpreter "$1")")
  patchelf --set-interpreter "$3/lib/$triplet/$loader" "$1" &&
    patchelf --force-rpath --set-rpath "\$ORIGIN/../lib/$triplet" "$1"
}

unpack_cpython() { # X.Y SCRATCH FINAL
  local version=$1 work=$2 final=$3 folder=$2/cpython program
  forky_unpack "$work/debs" 'libc6-dev|linux-libc-dev|fonts-.*' "python$version" "python$version-dbg" "libpython$version-dev" \
    "libpython$version-dbg" "libpython$version-stdlib" "libpython$version-testsuite" libstdc++6 || return 1
  mkdir "$folder" && mv "$work/debs/usr/bin" "$work/debs/usr/lib" "$work/debs/usr/include" "$folder/" || return 1
  rm -rf "$folder/lib/debug" "$folder/lib/python$version/config-$version"*/*.a
  find "$folder/lib/$triplet" \( -name '*.a' -o -name '*.o' \) -delete
  find "$folder/bin" ! -type d ! -name "python$version*" -delete
  find "$folder" -xtype l -delete
  keep_python_headers "$folder" "$version" || return 1
  for program in "$folder/bin/python$version" "$folder/bin/python${version}d"; do
    [ ! -e "$program" ] || bind_program "$program" "$folder" "$final" || return 1
  done
}

cpython_works() { # FOLDER X.Y
  "$1/bin/python$2" -I -c "
import sys, sysconfig, os, ssl, sqlite3, ctypes, _testmultiphase, _interpreters
assert sys.prefix == sys.argv[1], sys.prefix
assert os.path.samefile(sysconfig.get_paths()['include'], sys.argv[1] + '/include/python' + sys.argv[2])" "$1" "$2" &&
    { [ ! -e "$1/bin/python$2d" ] || "$1/bin/python$2d" -I -c 'import sys, ctypes, _testmultiphase; sys.gettotalrefcount'; }
}

make_cpython() {
  local version=$1 link=$cache/cpython/$1 debian final
  [ ! -x "$link/bin/python$version" ] || return 0
  forky_update
  debian=$(forky_version "python$version")
  [ -n "$debian" ] || fail "no CPython $version: none on this machine, and Debian $forky_suite has none"
  final=$link-$debian-$debian_arch
  scratch_beside "$final"
  step "CPython $version: Debian's $debian fetched" unpack_cpython "$version" "$scratch" "$final" ||
    fail "could not fetch CPython $version from Debian $forky_suite"
  publish "$scratch/cpython" "$final"
  step "CPython $version: release and debug build run" cpython_works "$final" "$version" ||
    fail "CPython $version from Debian $forky_suite does not run here"
  point "$link" "${final##*/}"
}

# Debian's build in the cache, whatever else the machine has: tests want its debug build and its test modules.
setup_cpython() {
  local program=$cache/cpython/$1/bin/python$1
  [ -x "$program" ] || locked "$forky_suite" make_cpython "$1"
  printf '%s\n' "$program"
}

setup_python() {
  find_python "$1" || setup_cpython "$1"
}

unpack_source() { # X.Y DEBIAN_VERSION SCRATCH
  (cd "$3" && forky_get --download-only source "python$1=$2" && dpkg-source --no-check -x ./*.dsc tree)
}

make_python_source() {
  local version=$1 link=$cache/cpython-source/$1 debian final
  [ ! -d "$link" ] || return 0
  forky_update
  debian=$(forky_version "python$version")
  [ -n "$debian" ] || fail "Debian $forky_suite has no source of CPython $version"
  final=$link-$debian
  scratch_beside "$final"
  step "CPython $version: source of $debian fetched" unpack_source "$version" "$debian" "$scratch" ||
    fail "could not fetch CPython $version's source from Debian $forky_suite"
  publish "$scratch/tree" "$final"
  point "$link" "${final##*/}"
}

setup_python_source() {
  [ -d "$cache/cpython-source/$1" ] || locked "$forky_suite" make_python_source "$1"
  printf '%s\n' "$cache/cpython-source/$1"
}
