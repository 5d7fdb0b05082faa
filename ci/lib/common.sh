# shellcheck shell=bash
# What every part of the set-up uses: where things are kept, how it talks, how a result is published. Sourced, never run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=${ISOAUDIT_CACHE:-$HOME/.cache/isoaudit}
mkdir -p "$cache/locks" "$cache/logs"
cache=$(cd "$cache" && pwd)

talking_as=setup
say() { printf '[%s] %s\n' "$talking_as" "$*" >&2; }

# What could not be had, and nothing else: the reason is the last thing a person reads.
fail() {
  say "$*"
  exit 2
}

# step LABEL COMMAND...: runs it, its output to a log; says how long it took, or shows the log's end.
step() {
  local label=$1 log started
  shift
  # A label may name a hundred packages; a file name may not.
  log=$cache/logs/$(tr -cs 'A-Za-z0-9._-' '-' <<<"${label:0:100}")$$.log
  started=$SECONDS
  if "$@" >"$log" 2>&1; then
    say "$label in $((SECONDS - started)) s"
    rm -f "$log"
    return 0
  fi
  tail -n 40 "$log" >&2
  say "$label: failed after $((SECONDS - started)) s, all of it in $log"
  return 1
}

# locked NAME COMMAND...: one at a time on this cache, whoever started it. In a subshell, so the lock ends with it.
locked() {
  local name=$1
  shift
  (
    flock -n 9 || { say "waiting for another set-up ($name)"; flock 9; }
    "$@"
  ) 9>"$cache/locks/$name"
}

# $scratch: a folder beside the place where its content will be renamed to (so that rename is atomic); gone at exit.
# Called with the part's lock held: what an interrupted set-up left there goes too.
scratch_beside() {
  mkdir -p "$(dirname "$1")"
  rm -rf "$1".partial.*
  scratch=$(mktemp -d "$1.partial.XXXXXX")
  chmod 755 "$scratch"
  trap 'rm -rf "$scratch"' EXIT
}

# publish FOLDER TARGET: the only way a result gets its final name.
publish() {
  rm -rf "$2"
  mv -T "$1" "$2"
}

# point LINK NAME: LINK becomes a symlink to NAME in one step, even when it exists.
point() {
  ln -sfn "$2" "$1.new.$$"
  mv -fT "$1.new.$$" "$1"
}

digest_of() { sha256sum | cut -c1-8; }
