# Completion for fish.  What there is, opsyncd --help says.

complete -c opsyncd -f
complete -c opsyncd -s c -l config -r -F
complete -c opsyncd -n 'string match -q -- "-*" (commandline -ct)' \
    -a '(opsyncd --help 2>/dev/null |
        grep -Eo -- "(^|[^a-z-])--?[A-Za-z][a-z-]*" | tr -d " [,|(" | sort -u)'
