#!/bin/sh
# Ends what a start process left behind when it died without a chance to do so itself (SIGKILL, out of memory).
#
# Reads lines `+ <pid>` and `- <pid>` from the start process. When the pipe closes, the ones still listed are
# ended, newest first: SIGTERM, and SIGKILL for one that is there after ten seconds. $1 is removed as well: the
# file that says where the system runs.
pids=
while read -r change pid; do
  others=
  for known in $pids; do [ "$known" = "$pid" ] || others="$others $known"; done
  case $change in
    +) pids="$pid $others" ;;
    -) pids=$others ;;
  esac
done

[ -n "$pids" ] && rm -f "$1"
for pid in $pids; do
  kill "$pid" 2>/dev/null || continue
  tries=0
  while kill -0 "$pid" 2>/dev/null && [ $tries -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
  kill -9 "$pid" 2>/dev/null
done
exit 0
