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

_opsync()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	local command= i

	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-c|--config|-i|--instance) ((i++)) ;;
		-*) ;;
		*) command=${COMP_WORDS[i]}; break ;;
		esac
	done
	case $prev in
	-i|--instance)
		COMPREPLY=($(cd /etc/opsync 2>/dev/null &&
			compgen -W "$(ls | sed -n 's/\.yaml$//p')" -- "$cur"))
		return ;;
	--level)
		COMPREPLY=($(compgen -W 'error warning notice info debug' \
			-- "$cur"))
		return ;;
	-c|--config|--schema|--token-file)
		compopt -o filenames 2>/dev/null
		COMPREPLY=($(compgen -f -- "$cur"))
		return ;;
	--attachments)
		compopt -o filenames 2>/dev/null
		COMPREPLY=($(compgen -d -- "$cur"))
		return ;;
	--*)
		# An option that wants a value of another kind.
		opsync ${command:+"$command"} --help 2>/dev/null |
			grep -Eq -- "$prev [A-Z]" && return ;;
	esac
	if [[ $cur == -* ]]; then
		COMPREPLY=($(compgen -W "$(_opsync_options "$command")" \
			-- "$cur"))
	elif [[ -z $command ]]; then
		COMPREPLY=($(compgen -W "$(_opsync_commands)" -- "$cur"))
	elif [[ $command == @(render|explain|show) ]]; then
		compopt -o filenames 2>/dev/null
		COMPREPLY=($(compgen -f -- "$cur"))
	fi
}

complete -F _opsync opsync
