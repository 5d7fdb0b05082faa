# shellcheck shell=bash
# Builds the project as people run it. Sourced after common.sh.

# shellcheck source=ci/lib/layout.sh
. "${BASH_SOURCE[0]%/*}/layout.sh"

build=$root/build/release
program=$build/bin/isoaudit
built=$build/.built # its content: the Python headers that the last build was made with; its age: when that build began

# What the program is built from: CMake's own files, this folder, and every folder that CMake enters.
source_folders() {
  local file
  printf '%s\n' "$root/CMakeLists.txt" "$root/CMakePresets.json" "$root/ci"
  for file in "$root"/*/CMakeLists.txt; do
    case ${file#"$root/"} in tests/* | examples/* | build/*) ;; *) dirname "$file" ;; esac
  done
}

# Nothing is younger than the last build. Folders count too: a removed file makes its folder younger.
is_built() {
  local sources
  mapfile -t sources < <(source_folders)
  [ -x "$program" ] && [ -f "$built" ] && [ -d "$(<"$built")" ] &&
    [ -z "$(find "${sources[@]}" -newer "$built" -print -quit)" ]
}

run_build() { # PYTHON_INCLUDE TARGET [CMAKE_OPTION...]
  local relocations=OFF
  ! can_lay_out || relocations=ON
  export CCACHE_DIR=$cache/ccache CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1
  (cd "$root" && cmake --preset release -DISOAUDIT_PYTHON_INCLUDE="$1" -DISOAUDIT_KEEP_RELOCATIONS=$relocations "${@:3}" \
    -DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache) && cmake --build "$build" --target "$2"
}

# build_target PYTHON_INCLUDE TARGET [CMAKE_OPTION...]: one at a time in this tree.
build_target() {
  mkdir -p "$build"
  (
    flock 9
    printf '%s' "$1" >"$built.begun"
    step "isoaudit: $2 built" run_build "$@" || exit 1
    lay_out "$program" "$1"
    mv "$built.begun" "$built"
  ) 9>"$build/.lock"
}
