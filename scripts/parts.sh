# Where scripts/setup unpacks the servers that the machine lacks, and how the other scripts find them. Sourced, not run.
PARTS="${XDG_CACHE_HOME:-$HOME/.cache}/watchbell"
# Behind the machine's own programs: what is installed properly wins.
PATH="$PATH:$PARTS/bin"
export PATH
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# apt with lists and downloads of its own, in FOLDER: the machine's package state is read and never written.
apt_in() { # FOLDER ARGUMENT…
  local folder=$1
  shift
  mkdir -p "$folder"/{state/lists/partial,cache/archives/partial}
  apt-get -qq -o Dir::State="$folder/state" -o Dir::State::status=/var/lib/dpkg/status \
    -o Dir::Cache="$folder/cache" -o APT::Sandbox::User="$(id -un)" "$@"
}

# Downloads Debian packages and unpacks them into FOLDER/root. SUITE is another Debian than this machine's, from the mirror that this
# machine uses; empty, it is this machine's.
unpack() { # SUITE FOLDER PACKAGE…
  local suite=$1 folder=$2 mirror
  shift 2
  mkdir -p "$folder"/{root,deb}
  local apt=(apt_in "$PARTS/apt${suite:+-$suite}")
  if [ -n "$suite" ]; then
    # One of the two files or none may be there; without a mirror named, it is Debian's own.
    mirror=$(grep -rhoE 'https?://[^ ]+/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null | head -1 || true)
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror:-http://deb.debian.org/debian} $suite main" >"$folder/sources.list"
    apt+=(-o Dir::Etc::sourcelist="$folder/sources.list" -o Dir::Etc::sourceparts=-)
  fi
  "${apt[@]}" update
  (cd "$folder/deb" && "${apt[@]}" download "$@")
  local deb
  for deb in "$folder"/deb/*.deb; do dpkg-deb -x "$deb" "$folder/root"; rm "$deb"; done
}
