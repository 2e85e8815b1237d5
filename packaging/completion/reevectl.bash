# Completion of reevectl for bash. Needs nothing but bash; units are asked of the running reeved.

_reevectl_units()
{
    local socket=() i
    for ((i = 1; i < COMP_CWORD; i++)); do
        # Bash takes --socket=PATH apart at the "=".
        if [[ ${COMP_WORDS[i]} == --socket ]]; then
            [[ ${COMP_WORDS[i + 1]} == = ]] && i=$((i + 1))
            socket=(--socket "${COMP_WORDS[i + 1]}")
        fi
    done
    "$1" "${socket[@]}" list 2>/dev/null | while read -r unit _; do
        [[ $unit == UNIT ]] || printf '%s\n' "$unit"
    done
}

_reevectl()
{
    local verbs='list status start stop restart health show shutdown version help'
    local options='--socket --json --no-color --help --version'
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local verb='' i word

    COMPREPLY=()
    [[ $current == = ]] && current=''
    [[ $previous == = ]] && previous=${COMP_WORDS[COMP_CWORD - 2]}
    case $previous in
    --socket)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    --timeout)
        mapfile -t COMPREPLY < <(compgen -W '5s 10s 30s 1m 5m' -- "$current")
        return
        ;;
    esac

    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case $word in
        --socket | --timeout)
            i=$((i + 1))
            [[ ${COMP_WORDS[i]} == = ]] && i=$((i + 1))
            ;;
        -*) ;;
        *)
            verb=$word
            break
            ;;
        esac
    done

    if [[ $current == -* ]]; then
        case $verb in
        '' | start | stop | restart | shutdown) options+=' --no-wait --timeout' ;;
        esac
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
        return
    fi
    case $verb in
    '' | help) mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$current") ;;
    list | status | start | stop | restart | health | show)
        mapfile -t COMPREPLY < <(compgen -W "$(_reevectl_units "$1")" -- "$current")
        ;;
    esac
}

complete -F _reevectl reevectl
