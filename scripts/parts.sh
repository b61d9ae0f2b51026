# Where scripts/setup unpacks the servers that the machine lacks, and how the other scripts find them. Sourced, not run.
PARTS="${XDG_CACHE_HOME:-$HOME/.cache}/watchbell"
# Behind the machine's own programs: what is installed properly wins.
PATH="$PATH:$PARTS/bin"
export PATH
cd "$(dirname "${BASH_SOURCE[0]}")/.."
