# shellcheck shell=bash
# Wheels from PyPI, for a Python and a platform that need not be this machine's, installed together into one folder.
# Sourced by ci/setup.

# What pip takes for it, widest first: pip does not derive older platform tags from newer ones for another machine.
wheel_platforms() { # PLATFORM
  case $1 in
    manylinux) echo manylinux_2_{28,27,26,24,17,12,5}_x86_64 manylinux{2014,2010,1}_x86_64 ;;
    macosx_arm64) echo macosx_{15,14,13,12,11}_0_arm64 macosx_11_0_universal2 macosx_10_{15,13,9}_universal2 ;;
    macosx_x86_64) echo macosx_{15,14,13,12,11}_0_x86_64 macosx_10_{15,14,13,12,9}_x86_64 macosx_10_{15,13,9}_universal2 ;;
    win_amd64) echo win_amd64 ;;
    *) fail "not a platform: $1 (expected manylinux, macosx_arm64, macosx_x86_64 or win_amd64)" ;;
  esac
}

# A line of the list is "project==version", then the targets that have no such wheel ("cp314", "win_amd64").
wheels_for() { # LIST X.Y PLATFORM
  awk -v abi="cp${2/./}" -v platform="$3" '
    { sub(/#.*/, "") }
    NF { for (i = 2; i <= NF; ++i) if ($i == abi || $i == platform) next; print $1 }' "$1"
}

install_wheels() { # X.Y PLATFORM FOLDER REQUIREMENT...
  local version=$1 folder=$3 abi=cp${1/./} tag tags=()
  for tag in $(wheel_platforms "$2"); do tags+=(--platform "$tag"); done
  shift 3
  # pip would ask for this machine's Python although it was told another.
  python3 -m pip install --quiet --disable-pip-version-check --no-deps --no-compile --only-binary :all: --ignore-requires-python \
    --implementation cp --python-version "$version" --abi "$abi" --abi abi3 --abi none "${tags[@]}" --target "$folder" "$@"
}

make_wheels() { # X.Y PLATFORM FINAL REQUIREMENT...
  local version=$1 platform=$2 final=$3
  shift 3
  [ ! -d "$final" ] || return 0
  scratch_beside "$final"
  step "wheels of $# projects for $version, $platform: fetched" install_wheels "$version" "$platform" "$scratch/site" "$@" ||
    fail "could not fetch the wheels for $version, $platform"
  publish "$scratch/site" "$final"
}

setup_wheels() { # X.Y PLATFORM LIST
  [ $# = 3 ] && [ -f "$3" ] || { usage >&2; exit 2; }
  versions_only "$1"
  wheel_platforms "$2" >/dev/null
  local requirements final
  mapfile -t requirements < <(wheels_for "$3" "$1" "$2")
  final=$cache/wheels/cp${1/./}-$2-$(printf '%s\n' "${requirements[@]}" | sort -u | digest_of)
  [ -d "$final" ] || locked "wheels-$1-$2" make_wheels "$1" "$2" "$final" "${requirements[@]}"
  printf '%s\n' "$final"
}
