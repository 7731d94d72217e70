#!/bin/sh
# Run each fuzz target for so many seconds, beginning with its saved inputs;
# what is new is kept in the build folder only.
set -eu

seconds=$1
for program in "$BUILD"/fuzz-*; do
	[ -x "$program" ] && [ -f "$program" ] || continue
	target=${program##*-}
	mkdir -p "$BUILD/corpus/$target" "tests/fuzz/corpus/$target"
	echo "fuzzing $target for $seconds s"
	"$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
		-artifact_prefix="$BUILD/found-$target-" -print_final_stats=1 \
		"$BUILD/corpus/$target" "tests/fuzz/corpus/$target" \
		2>"$BUILD/$target.log" || {
		tail -n 40 "$BUILD/$target.log" >&2
		exit 1
	}
	grep 'stat::number_of_executed_units' "$BUILD/$target.log"
done
