#!/bin/sh
# `make demo`: builds reeve and supervises a small site in the foreground. Everything it makes is
# below build/demo, nothing runs as a system service, Ctrl-C ends it all.
set -eu
cd "$(dirname "$0")/.."

sh packaging/deps.sh --ask demo
make --no-print-directory all

nginx=$(command -v nginx || echo /usr/sbin/nginx)
DEMO_DIR=$PWD/build/demo
DEMO_SOURCE=$PWD/conf/demo
mkdir -p "$DEMO_DIR/run" "$DEMO_DIR/nginx/html" "$DEMO_DIR/nginx/tmp"
chmod 755 "$DEMO_DIR/run"
rm -f "$DEMO_DIR/nginx/html/heartbeat.txt"

# The port asked for, or the first free one after it.
PORT=$(python3 -I - "${PORT:-18080}" <<'PYTHON'
import socket
import sys

first = int(sys.argv[1])
for port in range(first, min(first + 200, 65536)):
    with socket.socket() as probe:
        # As nginx does: a connection that is only lingering is no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        print(port)
        break
else:
    sys.exit("demo: no free port")
PYTHON
)

cp conf/demo.ini "$DEMO_DIR/demo.ini"
cp conf/demo/index.html "$DEMO_DIR/nginx/html/index.html"
user=
[ "$(id -u)" != 0 ] || user="user $(id -un) $(id -gn);"
cat >"$DEMO_DIR/nginx/nginx.conf" <<CONF
$user
daemon off;
worker_processes 1;
error_log stderr warn;
pid "$DEMO_DIR/nginx/nginx.pid";
events { worker_connections 64; }
http {
    types { text/html html; text/plain txt; }
    access_log off;
    client_body_temp_path "$DEMO_DIR/nginx/tmp/body";
    proxy_temp_path "$DEMO_DIR/nginx/tmp/proxy";
    fastcgi_temp_path "$DEMO_DIR/nginx/tmp/fastcgi";
    uwsgi_temp_path "$DEMO_DIR/nginx/tmp/uwsgi";
    scgi_temp_path "$DEMO_DIR/nginx/tmp/scgi";
    server {
        listen 127.0.0.1:$PORT;
        root "$DEMO_DIR/nginx/html";
        add_header Cache-Control no-store;
    }
}
CONF

export DEMO_DIR DEMO_SOURCE PORT NGINX_PROGRAM="$nginx"
ctl="build/reevectl --socket build/demo/run/reeve.sock"
cat <<TEXT

  The site:     http://127.0.0.1:$PORT/
  Data:         build/demo
  From a second terminal, in this directory:
      $ctl
      $ctl status flaky
      $ctl stop web
      $ctl start web
      $ctl health
  Ctrl-C here ends everything.

TEXT
exec build/reeved -c "$DEMO_DIR/demo.ini"
