# setup.sh -- sourced by jobs/demo.sh and tests/run.sh: installs what is missing, builds.
# Quiet where all is well. Needs Debian 12 or a system with the same packages.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

build_packages="build-essential cmake ninja-build pkg-config git
  libopenmpi-dev openmpi-bin libopenblas-dev libhdf5-openmpi-dev
  libprotobuf-c-dev protobuf-c-compiler libonnx-dev libzip-dev liblbfgs-dev
  libxxhash-dev"

# mpirun refuses to run as root unless told twice; ranks may outnumber cores here, and then they
# should yield while they wait.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1

# Run a command quietly; show what it said only if it fails.
quietly() {
  local log status=0
  log=$(mktemp)
  "$@" >"$log" 2>&1 || status=$?
  if [ "$status" -ne 0 ]; then
    cat "$log" >&2
    echo "failed with status $status: $*" >&2
  fi
  rm -f "$log"
  return "$status"
}

# install PACKAGE...: those that are missing, with apt-get as root or through sudo.
install() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
      missing+=("$package")
  done
  [ "${#missing[@]}" -gt 0 ] || return 0
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "missing packages; as root run: apt-get install ${missing[*]}" >&2
      return 1
    fi
    as_root=(sudo)
  fi
  echo "installing ${missing[*]}"
  quietly "${as_root[@]}" apt-get update -qq || return 1
  quietly "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" ||
    { echo "could not install; by hand: apt-get install ${missing[*]}" >&2; return 1; }
}

# build PRESET [TARGET]: configure where needed, compile what changed.
build() {
  [ -d "$root/build/$1" ] || echo "building $1, which takes some minutes the first time"
  quietly cmake -S "$root" --preset "$1"
  quietly cmake --build "$root/build/$1" ${2:+--target "$2"}
}
