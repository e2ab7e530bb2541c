#!/usr/bin/env bash
# Makes what a project needs to run as a function of AWS Lambda: OUT/headrace.zip and OUT/template.yaml.
#   deploy/aws/build.sh PROJECT BUCKET [OUT]
# PROJECT is the folder with headrace.yaml, BUCKET the bucket of its lake, which the template makes. HEADRACE_PROGRAM
# names a folder with the native program; it is built when that is not said.
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,5s/^# *//p' "$0" >&2; exit 2; }
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
project="$1" bucket="$2" out="${3:-$here/../../artifacts/aws}"
[ -f "$project/headrace.yaml" ] || { echo "There is no headrace.yaml in $project." >&2; exit 2; }
program="${HEADRACE_PROGRAM:-}"
if [ -z "$program" ]; then
  "$here/../../build.sh" --native
  program="$here/../../artifacts/native"
fi

mkdir -p "$out"
out="$(cd "$out" && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cp "$program/headrace" "$program"/libduckdb.so "$here/bootstrap" "$work/"
chmod 755 "$work/headrace" "$work/bootstrap"
mkdir "$work/project"
# Neither data nor what a run wrote here goes along: the files that headrace.yaml names beside it do.
(cd "$project" && find . -type f \( -name '*.yaml' -o -name '*.sql' -o -name '*.pem' \) -not -path './.headrace/*' -exec cp --parents {} "$work/project/" \;)
rm -f "$out/headrace.zip"
if command -v zip >/dev/null 2>&1; then
  (cd "$work" && zip -q -r "$out/headrace.zip" .)
else
  (cd "$work" && python3 -m zipfile -c "$out/headrace.zip" bootstrap headrace libduckdb.so project)
fi

# A JSON document on one line is YAML.
line() { "$program/headrace" -C "$project" iam-policy "$@" | tr -d '\n'; }
line --role >"$work/role"
line --bucket "$bucket" >"$work/policy"
BUCKET="$bucket" awk -v role="$work/role" -v policy="$work/policy" '
  function put(file, text) { getline text <file; sub(/@[A-Z]+@/, ""); print $0 text; close(file) }
  /@ROLE@/ { put(role); next }
  /@POLICY@/ { put(policy); next }
  { sub(/@BUCKET@/, ENVIRON["BUCKET"]); print }' "$here/template.yaml" >"$out/template.yaml"
echo "Made $out/headrace.zip and $out/template.yaml. docs/lambda.md says how to go on."
