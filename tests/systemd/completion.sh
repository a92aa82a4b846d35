#!/bin/bash
# Completion of bash, as bash asks for it, with the program that was built.
#
# usage: completion.sh PROGRAM SOURCE
program=$1
failed=0

# What bash-completion would tell.
_init_completion() {
  words=("${COMP_WORDS[@]}")
  cword=$COMP_CWORD
  cur=${words[cword]}
  prev=${words[cword - 1]}
  split=false
}
_filedir() { COMPREPLY=(FILES); }
# shellcheck source=systemd/completion/reconciled
. "$2/systemd/completion/reconciled"

# expect ANSWER WORD…: the last word, as far as it is typed, is completed to ANSWER.
expect() {
  answer=$1
  shift
  COMP_WORDS=("$program" "$@")
  COMP_CWORD=$#
  COMPREPLY=()
  _reconciled
  [[ " ${COMPREPLY[*]} " == *" $answer "* ]] || { echo "FAULT: $* is completed to: ${COMPREPLY[*]}"; failed=1; }
}

expect "status" ""
expect "init" in
expect "pause resume" notify ""
expect "--limit" list --
expect "--amount" --config /tmp/x.toml order --am
expect "paid partially_cancelled" list --result pa
expect "FILES" --config ""
expect "FILES" show ord
exit $failed
