#!/bin/sh
# Formatting, clang-tidy, cppcheck and the arrows between the folders.  $FLAGS
# are those of the compiler; $BUILD keeps a stamp a file, so that clang-tidy
# looks only at what changed since it was last content.
set -u

tidy() {
	stamp=$BUILD/$(echo "$1" | tr / _).stamp
	# shellcheck disable=SC2086 # one word a flag
	sum=$( (echo "$FLAGS"; cat .clang-tidy; clang $FLAGS -E "$1") |
		sha256sum)
	[ "$(cat "$stamp" 2>/dev/null)" = "$sum" ] && return 0
	# shellcheck disable=SC2086
	clang-tidy --quiet "$1" -- $FLAGS 2>"$stamp.err" || {
		grep -v 'warnings generated' "$stamp.err"
		return 1
	}
	echo "$sum" >"$stamp"
}

if [ "${1-}" = --tidy ]; then
	tidy "$2"
	exit
fi

failed=0
fail() {
	echo "lint: $*" >&2
	failed=1
}

sources=$(git ls-files '*.c')
all=$(git ls-files '*.[ch]')

# shellcheck disable=SC2086 # one word a file
clang-format --dry-run --Werror $all || fail "clang-format: make format"

# base leans on nothing; api, content and store on base alone; daemon on
# those; cli on all, since it answers when the daemon does not run.
arrow() {
	git grep -nE "^#include \"($2)/" -- "$1/*.[ch]" &&
		fail "$1 must not include $2"
}
arrow base 'api|content|store|daemon|cli|tests'
arrow api 'content|store|daemon|cli|tests'
arrow content 'api|store|daemon|cli|tests'
arrow store 'api|content|daemon|cli|tests'
arrow daemon 'cli|tests'
arrow cli 'tests'

for header in $(git ls-files '*.h'); do
	guard=$(echo "$header" | tr 'a-z/.-' 'A-Z___')
	grep -q "^#ifndef $guard\$" "$header" ||
		fail "$header: its guard is not $guard"
done
git grep -nE '\b(TODO|FIXME|XXX)\b' -- '*.[ch]' && fail "left open"

# NULL is a pointer (POSIX), so it may end a list of arguments.
# shellcheck disable=SC2046
cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr -j 2 \
	--enable=warning,performance,portability \
	--suppress=missingIncludeSystem --suppress=unusedStructMember \
	--suppress=varFuncNullUB \
	-I. $(git ls-files 'base/*.c' 'api/*.c' 'content/*.c' 'store/*.c' \
		'daemon/*.c' 'cli/*.c') || fail cppcheck

mkdir -p "$BUILD"
export BUILD FLAGS
# shellcheck disable=SC2086
printf '%s\n' $sources | xargs -P 2 -n 1 sh "$0" --tidy || fail clang-tidy

exit $failed
