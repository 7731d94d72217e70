#!/bin/sh
# Show the main job: a stand-in OpenProject with recorded work packages, one
# pass of opsyncd, and what it made.  Ends by itself and leaves nothing
# running; all its files are in build/demo, made anew each time.
set -eu

demo=build/demo
rm -rf "$demo"
mkdir -p "$demo"

server=
daemon=
cleanup() {
	[ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true
	[ -z "$server" ] || kill "$server" 2>/dev/null || true
	wait
}
trap cleanup EXIT
trap 'exit 1' INT TERM

say() {
	printf '\n== %s\n\n' "$*"
}

say "a stand-in OpenProject, with recorded answers of a real one"
"$BUILD/tests/openproject/openproject" \
	--recorded tests/openproject/recorded --port 0 \
	--port-file "$demo/port" &
server=$!
tries=0
until [ -s "$demo/port" ]; do
	tries=$((tries + 1))
	[ "$tries" -lt 100 ] || { echo "it did not start" >&2; exit 1; }
	sleep 0.1
done
url=http://127.0.0.1:$(cat "$demo/port")
echo "listens at $url"

say "the configuration: three lines, and the mapping of a real site"
(umask 077; echo adminkey >"$demo/token")
{
	echo "server: { url: $url, token: { file: $demo/token } }"
	echo "projects: [ccm]"
	echo "store: $demo/store"
	echo
	cat tests/fixtures/mapping/seeds.yaml
} >"$demo/opsync.yaml"
head -n 3 "$demo/opsync.yaml"

say "opsyncd --config $demo/opsync.yaml"
"$BUILD/opsyncd" --config "$demo/opsync.yaml" &
daemon=$!
"$BUILD/opsync" -c "$demo/opsync.yaml" resync --wait 2>/dev/null || {
	# the socket is not there yet: the daemon has only just begun
	sleep 2
	"$BUILD/opsync" -c "$demo/opsync.yaml" resync --wait
}

say "opsync status"
"$BUILD/opsync" -c "$demo/opsync.yaml" status
kill "$daemon"
wait "$daemon"
daemon=

say "the store, a git repository with a work tree: $demo/store"
(cd "$demo/store" && find . -path ./.git -prune -o -type f -print | sort)

say "git log --stat"
git -C "$demo/store" --no-pager log --stat

say "the document of work package 3397"
cat "$demo/store/content/communities/chronic-care-management/curated-content/1b161ec0-bbcf-5822-bc37-2e077a1b3ceb.md"
echo

say "opsync log"
"$BUILD/opsync" -c "$demo/opsync.yaml" log
