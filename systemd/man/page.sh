#!/bin/sh
# A manual page on standard output: PAGE, where a line `@help@` stands for what PROGRAM --help says, with
# each command's, and `@text@` for the text of a file.
#
# usage: page.sh PAGE VERSION PROGRAM|FILE
set -eu
page=$1
version=$2
source=$3

# Text as it is: troff knows backslashes, and dots and apostrophes in front.
literal() { sed -e 's/\\/\\e/g' -e 's/-/\\-/g' -e "s/^\([.']\)/\\\\\&\1/"; }
block() { echo .nf; literal; echo .fi; }

# The names in the groups of a help text: two blanks, a word, and what it does.
commands_of() { sed -n 's/^  \([a-z][a-z-]*\)  .*$/\1/p'; }

helped() { # program, words of the command…
  said=$("$@" --help)
  shift
  if [ $# -gt 0 ]; then
    printf '.SS "%s"\n' "$*"
  fi
  printf '%s\n' "$said" | block
}

help_of_all() {
  helped "$source"
  for command in $("$source" --help | commands_of); do
    helped "$source" "$command"
    for sub in $("$source" "$command" --help | commands_of); do
      helped "$source" "$command" "$sub"
    done
  done
}

while IFS= read -r line; do
  case $line in
    @help@) help_of_all ;;
    @text@) block <"$source" ;;
    *) printf '%s\n' "$line" | sed "s/@version@/$version/" ;;
  esac
done <"$page"
