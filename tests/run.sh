#!/usr/bin/env bash
# Installs what is missing, builds with warnings as errors, runs every test.
# Tests that need models, data sets or golden values of others find them through HARSANYI_MODELS,
# HARSANYI_DATASETS and HARSANYI_GOLDEN, and say so where they are skipped.
set -euo pipefail
source "$(dirname "$0")/../jobs/setup.sh"

install $build_packages libcmocka-dev libonnx-testdata python3 python3-numpy python3-scipy \
  python3-h5py python3-netcdf4 python3-h5netcdf python3-xarray python3-matplotlib python3-onnx \
  hdf5-tools clang-format doxygen binutils slurm-wlm munge
build dev
build asan
# OpenBLAS and MPI leave memory to the system at exit; leaks of our own are counted by the tests.
export ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1

status=0
ctest --test-dir "$root/build/dev" --output-on-failure --progress -j 2 || status=1
ctest --test-dir "$root/build/asan" --output-on-failure --progress -j 2 -L sanitized || status=1
exit "$status"
