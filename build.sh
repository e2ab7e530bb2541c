#!/usr/bin/env bash
# Builds the command line into the folder given (default artifacts/headrace), compiled ahead of time where that restores.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
out="${1:-$root/artifacts/headrace}"

need() {
  command -v "$1" >/dev/null 2>&1 && return
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 && [ -n "$3" ]; then
    echo "Installing $3 for '$1'."
    apt-get install -y -qq "$3" >/dev/null 2>&1 || { apt-get update -qq && apt-get install -y -qq "$3" >/dev/null; }
  fi
  command -v "$1" >/dev/null 2>&1 || { echo "'$1' is missing: install $2, then try again." >&2; exit 2; }
}
need dotnet "the .NET 10 SDK" ""
need npm "Node.js with npm (Debian: apt-get install npm)" "npm"

# npm trusts what the machine trusts; its own list alone does not know a company's certificates.
[ -n "${NODE_EXTRA_CA_CERTS:-}" ] || { [ -f /etc/ssl/certs/ca-certificates.crt ] && export NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt; } || true
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0
arguments=(publish "$root/src/Headrace.Cli/Headrace.Cli.csproj" -c Release -o "$out" --use-current-runtime --self-contained false
  -p:UseSharedCompilation=false -p:PublishReadyToRun=true  -v quiet)
echo "Building Headrace (the first time takes about half a minute)…"
log="$(mktemp)"
trap 'rm -f "$log"' EXIT
# Where the compiler that works ahead of time cannot be had, Headrace starts a little slower and does the same.
if ! dotnet "${arguments[@]}" >"$log" 2>&1 && ! dotnet "${arguments[@]}" -p:PublishReadyToRun=false >"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi
touch "$out/.built"
