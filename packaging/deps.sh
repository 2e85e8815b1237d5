#!/bin/sh
# Debian packages that reeve needs: says which are missing and installs them.
#
#   packaging/deps.sh [--ask | --list] GROUP...      GROUP: build check lint demo
#
# --ask asks before it installs (YES=1 in the environment answers); --list only prints the names of
# all packages of the groups. When nothing is missing, nothing is touched. While packages are
# installed, no service of theirs is started. Without root it prints the command to run, and fails.
set -eu

packages_of() {
    case $1 in
    build) echo "make gcc libc6-dev libev-dev libinih-dev libcjson-dev" ;;
    lint) echo "clang-tidy-14 clang-format-14 cppcheck mandoc" ;;
    check) echo "$(packages_of build) libcmocka-dev python3 python3-pytest python3-pytest-xdist" \
        "clang-14 libclang-rt-14-dev $(packages_of lint)" \
        "nginx postgresql redis-server libsystemd0 python3-sdnotify" \
        "qemu-system-x86" ;;
    demo) echo "$(packages_of build) nginx python3" ;;
    *) echo "deps.sh: no group \"$1\"; there are: build check lint demo" >&2; exit 2 ;;
    esac
}

installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

ask= list=
case ${1-} in
--ask) ask=1; shift ;;
--list) list=1; shift ;;
esac
[ $# -gt 0 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2; }

wanted=
for group; do
    names=$(packages_of "$group")
    wanted="$wanted $names"
done
wanted=$(printf '%s\n' $wanted | sort -u)
if [ "$list" ]; then
    printf '%s\n' $wanted
    exit 0
fi

if ! command -v dpkg-query >/dev/null; then
    echo "This is not Debian: please see to these, or what they are called here, yourself:" >&2
    echo $wanted >&2
    exit 0
fi

missing=
for name in $wanted; do
    installed "$name" || missing="$missing $name"
done
[ "$missing" ] || exit 0
missing=${missing# }

install_command="apt-get install -y --no-install-recommends $missing"
if [ "$(id -u)" != 0 ]; then
    echo "These Debian packages are missing. As root, run:" >&2
    echo "    apt-get update && $install_command" >&2
    exit 1
fi

echo "To be installed from Debian (no service is started): $missing"
if [ "$ask" ] && [ "${YES-}" != 1 ]; then
    if [ ! -t 0 ]; then
        echo "Nobody to ask here; YES=1 in the environment means yes. Nothing was installed." >&2
        exit 1
    fi
    printf 'Install them? [y/N] '
    read -r answer || answer=
    case $answer in
    y | Y | yes | Yes) ;;
    *) echo "Nothing was installed." >&2; exit 1 ;;
    esac
fi

# Packages ask policy-rc.d before they start a service; 101 means "not allowed".
policy=/usr/sbin/policy-rc.d
kept=
restore() {
    rm -f "$policy"
    [ -z "$kept" ] || mv -f "$kept" "$policy"
}
if [ -e "$policy" ] || [ -L "$policy" ]; then
    kept=$policy.before-reeve.$$
    mv -f "$policy" "$kept"
fi
trap restore EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
printf '#!/bin/sh\nexit 101\n' >"$policy"
chmod 755 "$policy"

export DEBIAN_FRONTEND=noninteractive
apt-get -q update || echo "apt-get update failed; going on with the lists that are here" >&2
$install_command

# Debian enables what it installs for the next boot; those of the demo and the tests are not meant
# for that.
for service in nginx postgresql redis-server; do
    case " $missing " in
    *" $service "*)
        update-rc.d "$service" disable >/dev/null 2>&1 || :
        echo "$service was installed, not started, and is disabled as a system service." ;;
    esac
done
