# Completion for bash.  What there is, opsyncd --help says.

_opsyncd()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}

	COMPREPLY=()
	case $prev in
	-c|--config)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	*)
		COMPREPLY=($(compgen -W "$(opsyncd --help 2>/dev/null |
			grep -Eo -- '(^|[^a-z-])--?[A-Za-z][a-z-]*' |
			tr -d ' [,|(' | sort -u)" -- "$cur")) ;;
	esac
}

complete -F _opsyncd opsyncd
