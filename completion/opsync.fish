# Completion for fish.  What there is, opsync --help says.

function __opsync_commands
    opsync --help 2>/dev/null | awk '
        /^$/ { part++ }
        part != 1 { next }
        /^  [a-z]/ { name = $1; does = ""
            if (match(substr($0, 3), /   *[^ ].*$/))
                does = substr($0, 2 + RSTART) }
        /^          / { does = $0 }
        { sub(/^ */, "", does) }
        name != "" && does != "" { print name "\t" does; name = "" }'
end

# The command on the line, if there is one.
function __opsync_command
    set -l words (commandline -opc)
    set -l skip 0
    for word in $words[2..-1]
        if test $skip = 1
            set skip 0
            continue
        end
        switch $word
            case -c --config -i --instance
                set skip 1
            case '-*'
            case '*'
                echo $word
                return 0
        end
    end
    return 1
end

# The words before that say of which instance.
function __opsync_where
    set -l words (commandline -opc)
    for i in (seq 2 (count $words))
        if contains -- $words[$i] -c --config -i --instance
            printf '%s\n' $words[$i..(math $i + 1)]
        end
    end
end

# What the last events tell of, work_package or path.
function __opsync_recent
    opsync (__opsync_where) --json log --limit 1000 2>/dev/null |
        grep -Eo '"'$argv[1]'":("[^"\\\\]+"|[1-9][0-9]*)' |
        sed 's/^[^:]*:"*//; s/"$//' | sort -u
end

function __opsync_options
    opsync (__opsync_command) --help 2>/dev/null |
        grep -Eo -- '(^|[^a-z-])--?[A-Za-z][a-z-]*' | tr -d ' [,|(' | sort -u
end

function __opsync_has
    contains -- $argv[1] (__opsync_options)
end

function __opsync_instances
    set -l own $XDG_CONFIG_HOME
    test -n "$own" -o (id -u) = 0; or set own $HOME/.config
    for file in $own/opsync/*.yaml /etc/opsync/*.yaml
        string replace -r '.*/(.*)\.yaml$' '$1' $file
    end
end

complete -c opsync -f
complete -c opsync -n 'not __opsync_command' -a '(__opsync_commands)'
complete -c opsync -n 'contains -- (__opsync_command) help' \
    -a '(__opsync_commands)'
complete -c opsync -n 'string match -q -- "-*" (commandline -ct)' \
    -a '(__opsync_options)'
complete -c opsync -s c -l config -r -F
complete -c opsync -s i -l instance -x -a '(__opsync_instances)'
complete -c opsync -n '__opsync_has --level' -l level -x \
    -a 'error warning notice info debug'
complete -c opsync -n '__opsync_has --event' -l event -x \
    -a 'added changed moved removed held frozen thawed failed \
        retried skipped rendered unresolved quarantined committed \
        pushed kept restored adopted fetched fault \
        recovered started stopped reloaded paused resumed'
complete -c opsync -n '__opsync_has --schema' -l schema -r -F
complete -c opsync -n '__opsync_has --token-file' -s t -l token-file -r -F
complete -c opsync -n '__opsync_has --attachments' -l attachments -r -F
complete -c opsync -n 'contains -- (__opsync_command) render explain show' -F
complete -c opsync -n 'contains -- (__opsync_command) show' \
    -a '(__opsync_recent path)'
complete -c opsync -n 'contains -- (__opsync_command) render explain show diff withdraw publish' \
    -a '(__opsync_recent work_package)'
complete -c opsync -n '__opsync_has --wp' -l wp -x \
    -a '(__opsync_recent work_package)'
