#!/usr/bin/env bash
# Builds the images of jobs/Dockerfile and jobs/harsanyi.def from a bare Debian, where buildah and
# Apptainer are there, and runs the demo's network in them. Takes some minutes, and downloads
# packages: not part of run.sh. Where no registry has debian:12, debootstrap makes it (root).
#
#   tests/container.sh            exit code 77 where neither tool is there
set -euo pipefail
cd "$(dirname "$0")/.."
scratch=$(mktemp -d) container=
trap '[ -z "$container" ] || buildah rm "$container" >/dev/null 2>&1; rm -rf "$scratch"' EXIT

cat > "$scratch/demo.sh" <<'END'
set -e
! command -v cc >/dev/null || { echo "a compiler has stayed in the image" >&2; exit 1; }
data=/usr/local/share/harsanyi/data
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
mpirun -n 2 --oversubscribe harsanyi interactions --model $data/digits_cnn.onnx \
  --samples $data/digits_images.npy --labels $data/digits_labels.npy --select 0:3 \
  --players grid:4x4 --types and,or --out /tmp/demo.h5
harsanyi show /tmp/demo.h5 --check
END

tried=
if command -v buildah >/dev/null; then
  tried=yes base=docker.io/library/debian:12
  if ! buildah pull --quiet "$base" >/dev/null 2>&1; then
    base=localhost/harsanyi-test-debian:12
    echo "no registry has debian:12 for us; debootstrap makes $base"
    debootstrap --variant=minbase bookworm "$scratch/root" >"$scratch/log" 2>&1 ||
      { cat "$scratch/log" >&2; exit 1; }
    container=$(buildah from scratch)
    buildah add --quiet "$container" "$scratch/root" / >/dev/null
    buildah commit --quiet "$container" "$base" >/dev/null
    buildah rm "$container" >/dev/null
    container=
  fi
  echo "jobs/Dockerfile"
  buildah build --isolation=chroot --network=host -f jobs/Dockerfile -t localhost/harsanyi-test \
    --build-arg BASE="$base" --build-arg COMMIT="$(git describe --always --dirty=+)" . \
    >"$scratch/log" 2>&1 || { tail -n 40 "$scratch/log" >&2; exit 1; }
  container=$(buildah from localhost/harsanyi-test)
  buildah copy --quiet "$container" "$scratch/demo.sh" /tmp/demo.sh >/dev/null
  buildah run --isolation=chroot --network=host "$container" bash /tmp/demo.sh
  buildah rm "$container" >/dev/null
  container=
  buildah images localhost/harsanyi-test
fi
if command -v apptainer >/dev/null; then
  tried=yes
  echo "jobs/harsanyi.def"
  apptainer build --fakeroot "$scratch/harsanyi.sif" jobs/harsanyi.def
  apptainer exec --bind "$scratch" "$scratch/harsanyi.sif" bash "$scratch/demo.sh"
fi
[ -n "$tried" ] || { echo "SKIPPED: neither buildah nor apptainer is installed" >&2; exit 77; }
