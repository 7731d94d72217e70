# Completion for bash.  What there is, opsync --help says.

_opsync_commands()
{
	opsync --help 2>/dev/null |
		sed -n '/^$/,/^$/s/^  \([a-z][a-z-]*\).*/\1/p'
}

# The options of a command (none: those before it).
_opsync_options()
{
	opsync ${1:+"$1"} --help 2>/dev/null |
		grep -Eo -- '(^|[^a-z-])--?[A-Za-z][a-z-]*' | tr -d ' [,|(' |
		sort -u
}

# Of this user's and of the machine: opsync(1).
_opsync_instances()
{
	local own=$XDG_CONFIG_HOME

	[[ -n $own || $EUID == 0 ]] || own=$HOME/.config
	ls ${own:+"$own/opsync"} /etc/opsync 2>/dev/null |
		sed -n 's/\.yaml$//p' | sort -u
}

# Of files or folders (-f, -d), which may have blanks in their names.
_opsync_files()
{
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen "$1" -- "$2")
}

# What the last events tell of, work_package or path.  None of it is expanded,
# as compgen -W would.
_opsync_recent()
{
	local word

	while IFS= read -r word; do
		[[ $word == "$2"* ]] && COMPREPLY+=("$word")
	done < <(opsync "${where[@]}" --json log --limit 1000 2>/dev/null |
		grep -Eo "\"$1\":(\"[^\"\\\\]+\"|[1-9][0-9]*)" |
		sed 's/^[^:]*:"*//; s/"$//' | sort -u)
}

_opsync()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	local command= where=() i

	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-c|--config|-i|--instance)
			where=("${COMP_WORDS[@]:i:2}")
			((i++)) ;;
		-*) ;;
		*) command=${command:-${COMP_WORDS[i]}} ;;
		esac
	done
	case $prev in
	-i|--instance)
		COMPREPLY=($(compgen -W "$(_opsync_instances)" -- "$cur"))
		return ;;
	--level)
		COMPREPLY=($(compgen -W 'error warning notice info debug' \
			-- "$cur"))
		return ;;
	--event)
		COMPREPLY=($(compgen -W 'added changed moved removed held frozen thawed failed
			retried skipped rendered unresolved quarantined committed
			pushed kept restored adopted fetched fault
			recovered started stopped reloaded paused resumed' -- "$cur"))
		return ;;
	-c|--config|--schema|-t|--token-file)
		_opsync_files -f "$cur"
		return ;;
	--attachments)
		_opsync_files -d "$cur"
		return ;;
	--wp)
		_opsync_recent work_package "$cur"
		return ;;
	--*)
		# An option that wants a value of another kind.
		opsync ${command:+"$command"} --help 2>/dev/null |
			grep -Eq -- "$prev [A-Z]" && return ;;
	esac
	if [[ $cur == -* ]]; then
		COMPREPLY=($(compgen -W "$(_opsync_options "$command")" \
			-- "$cur"))
	elif [[ -z $command || $command == help ]]; then
		COMPREPLY=($(compgen -W "$(_opsync_commands)" -- "$cur"))
	elif [[ $command == @(render|explain|show) ]]; then
		_opsync_files -f "$cur"
	fi
	[[ $command != show ]] || _opsync_recent path "$cur"
	[[ $command != @(render|explain|show|diff|withdraw|publish) ]] ||
		_opsync_recent work_package "$cur"
}

complete -F _opsync opsync
