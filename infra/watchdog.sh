#!/bin/sh
# Ends what a start process left behind when it died without a chance to do so itself (SIGKILL, out of memory).
#
# Reads lines `+ <pid>` and `- <pid>` from the start process. When the pipe closes, the ones still listed are
# ended: all but the oldest, which is what the others need to finish their work, and then that one. $1 is removed
# as well: the file that says where the system runs.
dev_file=$1
newer=
oldest=
while read -r change pid; do
  others=
  for known in $newer; do [ "$known" = "$pid" ] || others="$others $known"; done
  newer=$others
  [ "$oldest" = "$pid" ] && oldest=
  [ "$change" = + ] || continue
  if [ -z "$oldest" ] && [ -z "$newer" ]; then oldest=$pid; else newer="$newer $pid"; fi
done

any_lives() {
  for pid; do kill -0 "$pid" 2>/dev/null && return 0; done
  return 1
}

# SIGTERM, and SIGKILL for those that are there after ten seconds.
end() {
  kill "$@" 2>/dev/null
  tries=0
  while any_lives "$@" && [ $tries -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
  any_lives "$@" && kill -9 "$@" 2>/dev/null
}

[ -n "$newer$oldest" ] && rm -f "$dev_file"
# shellcheck disable=SC2086 # a list of words
[ -n "$newer" ] && end $newer
[ -n "$oldest" ] && end "$oldest"
exit 0
