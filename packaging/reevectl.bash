# bash completion for reevectl(1)

_reevectl()
{
    local cur prev words cword split
    _init_completion || return

    local verbs="list status start stop restart health show shutdown version help"
    local options="--socket --json --no-wait --timeout --no-color --help --version"
    local verb="" socket=() word skip=""

    case $prev in
    --socket)
        _filedir
        return
        ;;
    --timeout)
        return
        ;;
    esac
    for word in "${words[@]:1:cword-1}"; do
        if [[ $skip ]]; then
            [[ $skip == --socket ]] && socket=(--socket "$word")
            skip=""
        elif [[ $word == --socket || $word == --timeout ]]; then
            skip=$word
        elif [[ $word != -* && ! $verb ]]; then
            verb=$word
        fi
    done
    if [[ $cur == -* ]]; then
        COMPREPLY=($(compgen -W "$options" -- "$cur"))
        return
    fi
    case $verb in
    "") COMPREPLY=($(compgen -W "$verbs" -- "$cur")) ;;
    help) COMPREPLY=($(compgen -W "$verbs" -- "$cur")) ;;
    list | status | start | stop | restart | health | show)
        # Names hold no white space. One member a line is how reevectl prints JSON.
        COMPREPLY=($(compgen -W "$("$1" "${socket[@]}" --json list 2>/dev/null |
            sed -n 's/.*"name":[[:space:]]*"\([^"]*\)".*/\1/p')" -- "$cur"))
        ;;
    esac
} && complete -F _reevectl reevectl
