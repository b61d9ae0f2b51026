#!/bin/bash
# Prepares Elasticsearch and Kibana for Watchbell's log: how long it is kept, what its fields are, who writes it, the saved searches.
# Each step says the same twice without harm, so it runs at every start. Waits for Kibana; ends with 1 at what is refused.
#
#   ELASTICSEARCH=http://elasticsearch:9200 KIBANA=http://kibana:5601 SECRETS=/run/secrets setup.sh
set -euo pipefail
here=$(dirname "$0")
elastic=$(cat "$SECRETS/elastic_password")

# METHOD URL [FILE or -]: the answer goes to stderr where it is no.
ask() {
  local method=$1 url=$2 body=${3:-} code said
  said=$(mktemp)
  # The password is given on standard input, where no list of processes shows it.
  code=$(printf 'user = "elastic:%s"' "$elastic" | curl -sS --max-time 30 --config - --request "$method" --header 'Content-Type: application/json' \
    ${body:+--data-binary "$body"} --output "$said" --write-out '%{http_code}' "$url")
  case $code in
    2??) rm "$said" ;;
    *) printf 'setup: %s %s answers %s: %s\n' "$method" "$url" "$code" "$(cat "$said")" >&2; rm "$said"; return 1 ;;
  esac
}

ask PUT "$ELASTICSEARCH/_ilm/policy/watchbell-logs" "@$here/lifecycle.json"
ask PUT "$ELASTICSEARCH/_index_template/watchbell-logs" "@$here/index-template.json"
ask PUT "$ELASTICSEARCH/_security/role/logstash_watchbell" "@$here/writer-role.json"
ask PUT "$ELASTICSEARCH/_security/user/logstash_watchbell" "{\"password\":\"$(cat "$SECRETS/logstash_password")\",\"roles\":[\"logstash_watchbell\"]}"
ask POST "$ELASTICSEARCH/_security/user/kibana_system/_password" "{\"password\":\"$(cat "$SECRETS/kibana_password")\"}"
echo 'setup: Elasticsearch knows the log of Watchbell'

# Kibana starts once its password is set, and takes a while.
for _ in $(seq 60); do
  if ask GET "$KIBANA/api/status" 2>/dev/null; then break; fi
  sleep "${PAUSE:-5}"
done
printf 'user = "elastic:%s"' "$elastic" | curl -sS --fail-with-body --max-time 60 --config - --header 'kbn-xsrf: watchbell' \
  --form "file=@${SEARCHES:-/kibana/watchbell.ndjson}" "$KIBANA/api/saved_objects/_import?overwrite=true" | grep -q '"success":true'
echo 'setup: Kibana has the saved searches'
