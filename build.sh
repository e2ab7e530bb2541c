#!/usr/bin/env bash
# Builds the command line.
#   ./build.sh [FOLDER]             for the dotnet that is there, default artifacts/headrace
#   ./build.sh --native [FOLDER]    one program that needs no dotnet and starts in half the time, default artifacts/native
#   ./build.sh --tested [FOLDER]    the same with failpoints, for the crash harness and the tests alone, default artifacts/tested
#   ./build.sh --needs              nothing; it looks for what a build needs, and installs it where it may
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
kind=headrace
case "${1:-}" in --native | --tested | --needs) kind="${1#--}"; shift ;; esac
out="${1:-$root/artifacts/$kind}"

need() {
  command -v "$1" >/dev/null 2>&1 && return
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 && [ -n "$3" ]; then
    echo "Installing $3 for '$1'."
    apt-get install -y -qq $3 >/dev/null 2>&1 || { apt-get update -qq && apt-get install -y -qq $3 >/dev/null; }
  fi
  command -v "$1" >/dev/null 2>&1 || { echo "'$1' is missing: install $2, then try again." >&2; exit 2; }
}
need dotnet "the .NET 10 SDK" ""
need npm "Node.js with npm (Debian: apt-get install npm)" "npm"
[ "$kind" = headrace ] || command -v clang >/dev/null 2>&1 || need gcc "a C compiler (Debian: apt-get install gcc)" "gcc libc6-dev"
[ "$kind" != needs ] || exit 0

# npm trusts what the machine trusts; its own list alone does not know a company's certificates.
[ -n "${NODE_EXTRA_CA_CERTS:-}" ] || { [ -f /etc/ssl/certs/ca-certificates.crt ] && export NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt; } || true
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0
# One compiler for all projects, which ends with the build; who builds several things side by side brings one along.
compiler="${SharedCompilationId:-headrace-build-$$}"
log="$(mktemp)"
finish() {
  rm -f "$log"
  [ -z "${SharedCompilationId:-}" ] || return 0
  for process in /proc/[0-9]*; do grep -qs "pipename:$compiler" "$process/cmdline" && kill "${process#/proc/}"; done || true
}
trap finish EXIT
# How the code is written is looked at elsewhere.
publish() {
  dotnet publish "$root/src/Headrace.Cli/Headrace.Cli.csproj" -c Release -o "$out" --use-current-runtime -v quiet \
    -p:UseSharedCompilation=true -p:SharedCompilationId="$compiler" -p:RunAnalyzers=false -p:GenerateDocumentationFile=false "$@" >"$log" 2>&1
}

if [ "$kind" = headrace ]; then
  echo "Building Headrace (the first time takes about half a minute)…"
  # Where the compiler that works ahead of time cannot be had, Headrace starts a little slower and does the same.
  quick=(--self-contained false -p:Failpoints=false -p:ArtifactsPath="$root/artifacts/headrace-build")
  publish "${quick[@]}" -p:PublishReadyToRun=true || publish "${quick[@]}" -p:PublishReadyToRun=false || { cat "$log" >&2; exit 1; }
else
  failpoints=false
  [ "$kind" = native ] || failpoints=true
  echo "Compiling Headrace to native code (once, about a minute and a half)…"
  # In a folder of its own.
  publish -p:PublishAot=true -p:Failpoints="$failpoints" -p:ArtifactsPath="$root/artifacts/$kind-build" -p:NativeDebugSymbols=false -p:DebugType=none || { cat "$log" >&2; exit 1; }
  mv "$out/Headrace.Cli" "$out/headrace"
fi
touch "$out/.built"
