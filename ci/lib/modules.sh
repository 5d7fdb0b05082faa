# shellcheck shell=bash
# Real extension modules from Debian forky, for its default Python: unpacked, and bound to the shared libraries they were
# built with. Sourced by ci/setup.

# Comes from the interpreter's own folder; two libcs in one process would not do.
what_python_brings='libc6|libc6-dev|libc-bin|linux-libc-dev|libgcc-s1|libstdc\+\+6|zlib1g|libffi8|(lib)?python3(\.[0-9]+)?(-(minimal|stdlib|dev|dbg))?'

# Folders below FOLDER that hold shared libraries: usr/lib, the multiarch folder and its own, as blas/ and lapack/.
library_folders() {
  { find "$1/usr/lib" -maxdepth 1 -name '*.so.*' -printf '%h\n'; find "$1/usr/lib/$triplet" -name '*.so.*' -printf '%h\n'; } | sort -u
}

# The search path of a module: each folder, relative to the module.
relative_path() { # MODULE FOLDER...
  local folder from
  from=$(dirname "$1")
  shift
  for folder; do printf '$ORIGIN/%s\n' "$(realpath --relative-to="$from" "$folder")"; done | paste -sd:
}

# Only a module that needs one of the set's libraries gets a search path: the others stay as they were built.
bind_module() { # MODULE FOLDER...
  local module=$1 needed folder
  shift
  for needed in $(patchelf --print-needed "$module"); do
    for folder; do
      if [ -e "$folder/$needed" ]; then
        patchelf --force-rpath --set-rpath "$(relative_path "$module" "$@")" "$module"
        return
      fi
    done
  done
}

unpack_modules() { # SCRATCH PACKAGE...
  local folder=$1/set folders module
  shift
  forky_unpack "$folder" "$what_python_brings" "$@" || return 1
  rm -rf "${folder:?}"/{etc,var} "${folder:?}"/usr/{bin,sbin,share,include,lib/debug}
  mapfile -t folders < <(library_folders "$folder")
  while read -r module; do
    bind_module "$module" "${folders[@]}" || return 1
  done < <(find "$folder/usr/lib/python3/dist-packages" -name '*.so' -type f)
}

make_modules() {
  local final=$1 names
  shift
  [ ! -d "$final" ] || return 0
  names=$*
  [ $# -le 8 ] || names="$# packages"
  forky_update
  scratch_beside "$final"
  step "Debian $forky_suite's $names: fetched" unpack_modules "$scratch" "$@" ||
    fail "could not fetch from Debian $forky_suite: $names"
  publish "$scratch/set" "$final"
}

setup_modules() {
  [ $# -gt 0 ] || { usage >&2; exit 2; }
  local final
  final=$cache/forky/$(printf '%s\n' "$@" | sort -u | digest_of)
  [ -d "$final" ] || locked "$forky_suite" make_modules "$final" "$@"
  printf '%s\n' "$final/usr/lib/python3/dist-packages"
}
