#!/usr/bin/env bash
# Writes the server types (api/gen) and the Go client (api/client) from
# openapi.yaml, packs it for the program, and notes in api/gen/generated.sha256 which document and which
# output belong together, so that a test can tell without the tool.
set -euo pipefail
cd "$(dirname "$0")"
here=$PWD
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
(cd ../.ci/tools && GOFLAGS=-mod=readonly go build -o "$bin/oapi-codegen" github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen)
for part in gen client; do
  "$bin/oapi-codegen" -config "$part/config.yaml" openapi.yaml
  gofmt -w "$part/$part.go"
done
cd "$here"
gzip -9nc openapi.yaml > gen/openapi.yaml.gz
sha256sum openapi.yaml gen/openapi.yaml.gz gen/config.yaml gen/gen.go client/config.yaml client/client.go > gen/generated.sha256
