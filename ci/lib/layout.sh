# shellcheck shell=bash
# Lays the built program out by a profile of itself, with llvm-bolt, as CPython's --enable-bolt and Clang's CLANG_BOLT do.
# Sourced after common.sh.
#
# A scan is mostly Clang's code: of 30 MB a tenth runs, in small pieces far apart, and the processor waits for them. Side
# by side they take a sixth less CPU time. The layout hangs on the profile, which no two runs count alike, so two builds
# differ in their bytes; what the program reports does not hang on it.

llvm_tools=/usr/lib/llvm-19/bin
# Two in five of the functions that run take 99 % of the branches; to move the others too takes half as long
# again and gains nothing. No -icf: std::any tells types by the addresses of functions, which folding would make equal.
layout_options=(-reorder-blocks=ext-tsp -reorder-functions=cdsort -split-functions -split-all-cold -split-eh
  -lite-threshold-pct=60)

# Where it was tried. Elsewhere the program stays as linked.
can_lay_out() {
  [ "$(uname -m)" = x86_64 ] && [ -x "$llvm_tools/llvm-bolt" ] && [ -x "$llvm_tools/ld.lld" ] &&
    [ -f "$llvm_tools/../lib/libbolt_rt_instr.a" ]
}

is_laid_out() { [[ $(readelf -SW "$1") == *.note.bolt_info* ]]; }

# To count takes llvm-bolt 10 GB and minutes when it counts in every function, a third of that in those that a scan of C
# and C++ can enter. It tells functions of one name, local to their files, apart by numbers.
counted_functions() { # PROGRAM
  local entered='5clang|8isoaudit8analyzer|4llvm[0-9]+(FoldingSet|StringMap|SmallPtrSet)'
  local of_others='RecursiveASTVisitorI([^N]|N[^8])' # than isoaudit's own
  local not_entered="$of_others|TreeTransform|6interp|6driver|7targets|OpenMP|OMP|ObjC|AST(Reader|Writer)"
  nm "$1" | awk '$2 ~ /^[tTwW]$/ { print $3 }' | grep -E "$entered" | grep -vE "$not_entered" | sed 'p; s|$|/1|; p; s|1$|2|'
}

training_commands() { # PYTHON_INCLUDE
  local file compiler separator='['
  for file in "$root"/examples/*.c "$root"/examples/*.cpp "$root"/rules/*.fixture.c "$root"/rules/*.fixture.cpp; do
    compiler='"cc", "-std=c11"'
    [ "${file##*.}" = c ] || compiler='"c++", "-std=c++20"'
    printf '%s{"directory": "%s", "file": "%s", "arguments": [%s, "-isystem", "%s", "-c", "%s"]}' \
      "$separator" "$scratch" "$file" "$compiler" "$1" "$file"
    separator=$',\n'
  done
  printf ']\n'
}

# Findings are no failure of a run. A run's processes count together, and the last to end writes what they counted.
train() { # ARGS...
  local status=0
  "$scratch/counting" "$@" >/dev/null || status=$?
  [ "$status" -le 1 ] && mv "$scratch/counted" "$(mktemp "$scratch/run.XXXXXX")"
}

# Trains on what stands in this repository: a first scan, one that finds everything kept, and the reading of machine code.
take_profile() { # PROGRAM PYTHON_INCLUDE PROFILE
  local scan=(scan "$root/examples" "$root/rules" -p "$scratch" --cache-dir "$scratch/facts")
  training_commands "$2" >"$scratch/compile_commands.json" || return
  counted_functions "$1" >"$scratch/functions" || return
  "$llvm_tools/llvm-bolt" "$1" -o "$scratch/counting" -instrument -funcs-file-no-regex="$scratch/functions" \
    -instrumentation-file="$scratch/counted" -instrumentation-binpath="$scratch/counting" || return
  train "${scan[@]}" || return
  train "${scan[@]}" --format json || return
  train inspect --code "$(dirname "$1")/isoaudit_probe.so" || return
  "$llvm_tools/merge-fdata" "$scratch"/run.* -o "$scratch/profile" || return
  mkdir -p "$(dirname "$3")" && cp "$scratch/profile" "$3.new.$$" && mv -f "$3.new.$$" "$3"
}

# A profile serves many builds: LLVM's functions, most of what runs, are those of its packages, and where one of ours has
# changed llvm-bolt leaves it alone. After a month too many may have.
kept_profile() { # PROGRAM PYTHON_INCLUDE
  local version profile
  version=$(dpkg-query -W -f '${Version}' libclang-19-dev) || return
  profile=$cache/layout/llvm-$version.fdata
  [ -n "$(find "$profile" -mtime -30)" ] || take_profile "$1" "$2" "$profile" >&2 || return
  printf '%s\n' "$profile"
}

laid_out_in_place() { # PROGRAM PYTHON_INCLUDE
  local profile
  scratch_beside "$build/layout"
  profile=$(kept_profile "$1" "$2") &&
    "$llvm_tools/llvm-bolt" "$1" -o "$scratch/isoaudit" -data "$profile" "${layout_options[@]}" &&
    "$scratch/isoaudit" --version && mv -f "$scratch/isoaudit" "$1"
}

# Never fails: a program as linked is as right, and only slower.
lay_out() { # PROGRAM PYTHON_INCLUDE
  local started=$SECONDS log=$cache/logs/layout.log
  if ! can_lay_out; then
    say "isoaudit: slower than it could be: no llvm-bolt 19 for this machine to lay it out with"
  elif ! is_laid_out "$1"; then
    if (laid_out_in_place "$@") >"$log" 2>&1; then
      say "isoaudit: laid out by its profile in $((SECONDS - started)) s"
    else
      say "isoaudit: slower than it could be: it could not be laid out, the reason is in $log"
    fi
  fi
}
