# shellcheck shell=bash
# What ci/isoaudit has to know of isoaudit's arguments before isoaudit exists. Sourced.

# Each --python's value, a line each; an empty line when none is given: the default is meant.
wanted_pythons() {
  local given=()
  while [ $# -gt 0 ]; do
    case $1 in
      --python) [ $# -lt 2 ] || { given+=("$2"); shift; } ;;
      --python=*) given+=("${1#--python=}") ;;
    esac
    shift
  done
  printf '%s\n' "${given[@]:-}"
}

# Only these commands run or read an interpreter.
needs_interpreter() {
  local argument
  for argument; do
    case $argument in
      -h | --help) return 1 ;;
      audit | scan | probe) return 0 ;;
      inspect | explain | report | diff) return 1 ;;
    esac
  done
  return 1
}

names_folder() { # FOLDER ARGUMENT...
  local argument folder=$1
  shift
  for argument; do
    [ -d "$argument" ] && [ "$argument" -ef "$folder" ] && return 0
  done
  return 1
}
