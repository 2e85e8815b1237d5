# Completion of reevectl for bash. Needs nothing but bash; units are asked of the running reeved.

# Asks the reeved that the command line names: _reevectl_ask PROGRAM VERB...
_reevectl_ask()
{
    local socket=() i
    for ((i = 1; i < COMP_CWORD; i++)); do
        # Bash takes --socket=PATH apart at the "=".
        if [[ ${COMP_WORDS[i]} == --socket ]]; then
            [[ ${COMP_WORDS[i + 1]} == = ]] && i=$((i + 1))
            socket=(--socket "${COMP_WORDS[i + 1]}")
        fi
    done
    "$1" "${socket[@]}" "${@:2}" 2>/dev/null
}

_reevectl_units()
{
    local last=''
    _reevectl_ask "$1" list | while read -r unit _; do
        # NAME stands for all its instances, which come one after the other.
        if [[ $unit == *@* && ${unit%%@*} != "$last" ]]; then
            last=${unit%%@*}
            printf '%s\n' "$last"
        fi
        [[ $unit == UNIT ]] || printf '%s\n' "$unit"
    done
}

# The tags of all units, each after the prefix $2.
_reevectl_tags()
{
    local line inside='' seen=' '
    while IFS= read -r line; do
        if [[ $line == *'"tags": ['* ]]; then
            [[ $line == *']'* ]] || inside=yes
        elif [[ $line == *']'* ]]; then
            inside=''
        elif [[ $inside && $line =~ \"([A-Za-z0-9_.-]+)\" ]]; then
            [[ $seen == *" ${BASH_REMATCH[1]} "* ]] || printf '%s%s\n' "$2" "${BASH_REMATCH[1]}"
            seen+="${BASH_REMATCH[1]} "
        fi
    done < <(_reevectl_ask "$1" list --json)
}

_reevectl()
{
    local verbs='list status why show cat errors events graph health start stop restart reload
        hold signal reset-failed wait is-active is-failed is-healthy check shutdown version help'
    local options='--socket --json --no-color --help --version'
    local signals='HUP INT QUIT KILL USR1 USR2 TERM CONT STOP WINCH'
    local types='session.started session.ready session.stopping session.stopped unit.requested
        unit.state unit.exited unit.unkillable unit.health unit.refused unit.hook unit.mistake'
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local verb='' n_args=0 words='' i word

    COMPREPLY=()
    [[ $current == = ]] && current=''
    [[ $previous == = ]] && previous=${COMP_WORDS[COMP_CWORD - 2]}
    case $previous in
    --socket)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    --timeout) words='5s 10s 30s 1m 5m' ;;
    --for)
        words='ready healthy completed stopped'
        [[ " ${COMP_WORDS[*]:1:COMP_CWORD} " == *' hold '* ]] && words='10m 30m 1h 8h 1d'
        ;;
    --to) words='main group tree' ;;
    --type) words=$types ;;
    --since | --lines | -n) return ;;
    esac
    if [[ $words ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
        return
    fi

    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case $word in
        --socket | --timeout | --for | --to | --type | --since | --lines | -n)
            i=$((i + 1))
            [[ ${COMP_WORDS[i]} == = ]] && i=$((i + 1))
            ;;
        -*) ;;
        *)
            if [[ $verb ]]; then
                n_args=$((n_args + 1))
            else
                verb=$word
            fi
            ;;
        esac
    done

    if [[ $current == -* ]]; then
        case $verb in
        start | stop | restart | reload | shutdown) options+=' --no-wait --timeout' ;;
        hold) options+=' --for --release' ;;
        wait) options+=' --for --timeout' ;;
        signal) options+=' --to' ;;
        events) options+=' --follow --lines --since --type' ;;
        errors) options+=' --lines' ;;
        graph) options+=' --dot --reverse' ;;
        is-active | is-failed | is-healthy) options+=' --quiet' ;;
        esac
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
        return
    fi
    case $verb in
    '' | help) words=$verbs ;;
    shutdown | version) ;;
    check)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    signal) [[ $n_args == 0 ]] && words=$signals || words=units ;;
    *) words=units ;;
    esac
    if [[ $words == units ]]; then
        # Bash may have taken tag:NAME apart at the ":", and then completes what is behind it.
        if [[ $current == : && $previous == tag ]]; then
            current='' words=$(_reevectl_tags "$1" '')
        elif [[ $previous == : && ${COMP_WORDS[COMP_CWORD - 2]} == tag ]]; then
            words=$(_reevectl_tags "$1" '')
        elif [[ $current == tag:* ]]; then
            words=$(_reevectl_tags "$1" tag:)
        else
            words=$(_reevectl_units "$1")
        fi
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _reevectl reevectl
