"""Configures where pkg-config knows no library, as on clusters with modules: HDF5 by its wrapper
h5pcc, the rest from a folder. Arguments: the source, the folder that has onnx/onnx.proto."""
import argparse
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import unittest

OPTIONS = argparse.ArgumentParser(description=__doc__)
OPTIONS.add_argument("--source", type=pathlib.Path, required=True)
OPTIONS.add_argument("--onnx-proto", type=pathlib.Path, required=True)

WRAPPER = """#!/bin/sh
flags="-I{prefix}/include"
libraries="-L{prefix}/lib -lhdf5_hl -lhdf5 -lz"
case "$1" in
  -show) echo "mpicc $flags $libraries" ;;
  -showconfig) echo "Parallel HDF5: {parallel}" ;;
  *) exec mpicc $flags "$@" $libraries ;;
esac
"""


def run(*command, **how):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          check=False, **how)


def ask_pkg_config(*words):
    result = run("pkg-config", *words)
    assert result.returncode == 0, result.stderr
    return shlex.split(result.stdout)


class Prefix(unittest.TestCase):
    """Headers and libraries of the system, linked into a folder of one's own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="harsanyi-prefix-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.prefix = self.folder / "prefix"
        for name in ("include", "lib", "bin", "no-packages"):
            (self.prefix / name).mkdir(parents=True)
        for package, names in (("openblas", ["openblas"]), ("libzip", ["zip"]), ("liblbfgs", ["lbfgs"]),
                               ("libprotobuf-c", ["protobuf-c"]),
                               ("hdf5-openmpi", ["hdf5", "hdf5_hl"])):
            self.link_headers(package)
            self.link_libraries(package, names)
        self.make_wrapper("yes")
        self.build = self.folder / "build"
        self.environment = dict(os.environ, PKG_CONFIG_LIBDIR=str(self.prefix / "no-packages"))
        self.environment.pop("PKG_CONFIG_PATH", None)
        self.hints = [f"-DCMAKE_PREFIX_PATH={self.prefix}", f"-DHDF5_ROOT={self.prefix}",
                      f"-DONNX_PROTO_DIR={ARGUMENTS.onnx_proto}"]

    def make_wrapper(self, parallel):
        wrapper = self.prefix / "bin" / "h5pcc"
        wrapper.write_text(WRAPPER.format(prefix=self.prefix, parallel=parallel))
        wrapper.chmod(0o755)

    def link_headers(self, package):
        folders = [word[2:] for word in ask_pkg_config("--cflags-only-I", package)]
        includes = [pathlib.Path(folders[0])] if folders else [pathlib.Path("/usr/include")]
        if package in ("libzip", "liblbfgs", "libprotobuf-c"):
            patterns = ("zip*.h", "lbfgs.h", "protobuf-c")
        else:
            patterns = ("*.h",)
        for pattern in patterns:
            for path in includes[0].glob(pattern):
                if not (self.prefix / "include" / path.name).exists():
                    (self.prefix / "include" / path.name).symlink_to(path)

    def link_libraries(self, package, names):
        folders = [word[2:] for word in ask_pkg_config("--libs-only-L", package)]
        folders += ask_pkg_config("--variable=libdir", package)
        for name in names:
            # Where the package names no folder, the compiler finds it.
            told = run("cc", f"-print-file-name=lib{name}.so").stdout.strip()
            found = [pathlib.Path(folder) / f"lib{name}.so" for folder in folders
                     if (pathlib.Path(folder) / f"lib{name}.so").exists()] + [told]
            (self.prefix / "lib" / f"lib{name}.so").symlink_to(found[0])

    def configure(self, *options):
        return run("cmake", "-G", "Ninja", "-S", ARGUMENTS.source, "-B", self.build,
                   "-DHARSANYI_TESTS=OFF", *self.hints, *options, env=self.environment)

    def refused(self, *words, options=()):
        result = self.configure(*options)
        self.assertNotEqual(result.returncode, 0, result.stdout)
        message = " ".join(result.stderr.split())
        for word in words:
            self.assertIn(word, message)

    def test_build(self):
        """All libraries are those of the folder, in the build and in the .pc files."""
        result = self.configure()
        self.assertEqual(result.returncode, 0, result.stderr)
        for name, libraries in (("harsanyi", ("openblas", "zip", "lbfgs", "protobuf-c")),
                                ("harsanyi-mpi", ("hdf5", "hdf5_hl"))):
            text = (self.build / f"{name}.pc").read_text()
            for library in libraries:
                self.assertIn(f"{self.prefix}/lib/lib{library}.so", text)
            for package in ("openblas", "hdf5", "libprotobuf-c", "libzip", "liblbfgs", "ompi-c"):
                self.assertNotRegex(text, rf"Requires.*\b{package}\b")
        self.assertIn("libmpi", (self.build / "harsanyi-mpi.pc").read_text())
        ninja = (self.build / "build.ninja").read_text()
        for library in ("openblas", "zip", "lbfgs", "protobuf-c", "hdf5", "hdf5_hl"):
            found = {word for word in ninja.replace("$\n", "").split()
                     if word.endswith(f"/lib{library}.so")}
            self.assertEqual(found, {f"{self.prefix}/lib/lib{library}.so"})
        result = run("cmake", "--build", self.build, "--target",
                     "mpi/CMakeFiles/harsanyi_mpi_objects.dir/dataset/claim.c.o",
                     "mpi/CMakeFiles/harsanyi_mpi_objects.dir/dataset/h5_types.c.o",
                     "src/CMakeFiles/harsanyi_core_objects.dir/network/blas.c.o")
        self.assertEqual(result.returncode, 0, result.stdout)

    def test_refusals(self):
        """What is found but of no use is named, with what is needed."""
        empty = self.folder / "empty"
        empty.mkdir()
        self.refused("OpenBLAS was not found", "-DOpenBLAS_ROOT=FOLDER",
                     options=[f"-DOpenBLAS_ROOT={empty}"])
        self.refused("onnx/onnx.proto was not found", "-DONNX_PROTO_DIR=FOLDER",
                     options=["-UOpenBLAS_ROOT", f"-DONNX_PROTO_DIR={empty}"])
        self.make_wrapper("no")
        self.refused("HDF5 with MPI", "is serial", "-DHDF5_ROOT=FOLDER",
                     options=["-UHDF5_*", f"-DHDF5_ROOT={self.prefix}"])
        header = self.prefix / "include" / "openblas_config.h"
        text = header.read_text()
        header.unlink()
        header.write_text(f"#define OPENBLAS_USE64BITINT\n{text}")
        self.refused("64-bit integers", "32-bit integers", "-DOpenBLAS_ROOT=")


if __name__ == "__main__":
    ARGUMENTS, rest = OPTIONS.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
