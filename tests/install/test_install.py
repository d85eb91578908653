"""Installs into a folder and builds programs against it: by CMake, by pkg-config, with shared and
with static libraries. Arguments: the source, the build folder, where to build static libraries."""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import h5py
import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
OPTIONS = argparse.ArgumentParser(description=__doc__)
OPTIONS.add_argument("--source", type=pathlib.Path, required=True)
OPTIONS.add_argument("--build", type=pathlib.Path, required=True)
OPTIONS.add_argument("--static-build", type=pathlib.Path, required=True)
CORE_SAYS = "0 1 2 2\n"
# A failure in the library for MPI, told by the core's error message, ends it.
SPREAD_SAYS = ("3 3 on 2 ranks\n16384 blocks asked for, but with 14 players at most 128 (2^(n/2)) are "
               "possible, whatever the number of ranks\n")


def run(*command, **how):
    """Standard output of a command that must succeed."""
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                            check=False, **how)
    if result.returncode:
        raise AssertionError(f"{' '.join(map(str, command))}\nexit code {result.returncode}\n"
                             f"{result.stdout}{result.stderr}")
    return result.stdout


class Installed:
    """What is checked of an installation, be its libraries shared or static."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="harsanyi-install-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.prefix = pathlib.Path(cls.folder.name) / "prefix"
        run("cmake", "--install", cls.build_folder(), "--prefix", cls.prefix)
        configurations = list(cls.prefix.rglob("harsanyi.pc"))
        assert len(configurations) == 1, f"{configurations}"
        cls.libraries = configurations[0].parents[1]

    def check_programs(self, folder):
        """Both consumers run; the one with MPI on two ranks."""
        self.assertEqual(run(folder / "core"), CORE_SAYS)
        self.assertEqual(run("mpirun", "--oversubscribe", "-n", "2", folder / "spread"),
                         SPREAD_SAYS)

    def test_program(self):
        """The installed program runs wherever it was put: it needs none of our libraries."""
        program = self.prefix / "bin" / "harsanyi"
        self.assertRegex(run(program, "--version"), r"^harsanyi \d+\.\d+\.\d+ \(")
        self.assertNotIn("libharsanyi", run("readelf", "-d", program))
        out = pathlib.Path(self.folder.name) / "majority.h5"
        run("mpirun", "--oversubscribe", "-n", "2", program, "interactions", "--closed-form",
            "majority:n=5", "--out", out)
        self.assertIn("majority:n=5", run(program, "show", out))

    def test_headers(self):
        """Every public header, and no other."""
        source = {path.name for path in (ARGUMENTS.source / "include/harsanyi").iterdir()}
        found = {str(path.relative_to(self.prefix / "include"))
                 for path in (self.prefix / "include").rglob("*") if path.is_file()}
        self.assertEqual(found, {f"harsanyi/{name}" for name in source})

    def test_no_trace_of_the_build(self):
        """The folders of source and build are in no file that others read."""
        for path in self.prefix.rglob("*"):
            if path.suffix in (".cmake", ".pc", ".h"):
                for folder in (ARGUMENTS.source, ARGUMENTS.build, ARGUMENTS.static_build):
                    self.assertNotIn(str(folder), path.read_text(), path)

    def test_cmake(self):
        folder = pathlib.Path(self.folder.name) / "by-cmake"
        run("cmake", "-S", HERE / "consumer", "-B", folder,
            f"-DCMAKE_PREFIX_PATH={self.prefix}")
        run("cmake", "--build", folder)
        self.check_programs(folder)

    def test_pkg_config(self):
        folder = pathlib.Path(self.folder.name) / "by-pkg-config"
        folder.mkdir()
        environment = dict(os.environ, PKG_CONFIG_PATH=str(self.libraries / "pkgconfig"))
        for name, package in (("core", "harsanyi"), ("spread", "harsanyi-mpi")):
            flags = run("pkg-config", "--cflags", "--libs", *self.pkg_config_options, package,
                        env=environment).split()
            run("cc", "-std=c11", "-Wall", "-Wextra", "-Werror",
                HERE / "consumer" / f"{name}.c", "-o", folder / name, *flags,
                f"-Wl,-rpath,{self.libraries}")
        self.check_programs(folder)

    def test_plugin(self):
        """A plug-in may call the library: it brings its own, and the program's is not touched."""
        folder = pathlib.Path(self.folder.name)
        environment = dict(os.environ, PKG_CONFIG_PATH=str(self.libraries / "pkgconfig"))
        flags = run("pkg-config", "--cflags", "--libs", *self.pkg_config_options, "harsanyi",
                    env=environment).split()
        plugin, out = folder / "closed_form.so", folder / "plugin.h5"
        run("cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC",
            HERE / "consumer" / "plugin.c", "-o", plugin, *flags, f"-Wl,-rpath,{self.libraries}")
        program = self.prefix / "bin" / "harsanyi"
        run("mpirun", "--oversubscribe", "-n", "2", program, "interactions", "--plugin",
            f"{plugin}:majority:n=5", "--indices", "SV", "--out", out)
        with h5py.File(out) as file:
            np.testing.assert_allclose(file["indices/SV"][0], [.2] * 5, rtol=1e-14)
        refused = subprocess.run([program, "interactions", "--plugin", f"{plugin}:majority:n=x",
                                  "--out", folder / "none.h5"], capture_output=True, text=True,
                                 check=False)
        self.assertEqual(refused.returncode, 65, refused)
        self.assertRegex(refused.stderr, r"^harsanyi: error: --plugin \S*closed_form\.so.*'x'")

    def test_cxx(self):
        """A C++ program is linked by the C++ compiler alone: no bindings of MPI for C++."""
        folder = pathlib.Path(self.folder.name) / "by-cxx"
        folder.mkdir()
        environment = dict(os.environ, PKG_CONFIG_PATH=str(self.libraries / "pkgconfig"))
        flags = run("pkg-config", "--cflags", "--libs", *self.pkg_config_options, "harsanyi-mpi",
                    env=environment).split()
        run("c++", "-std=c++17", "-Wall", "-Wextra", HERE / "consumer" / "spread.cpp", "-o",
            folder / "spread", *flags, f"-Wl,-rpath,{self.libraries}")
        self.assertEqual(run("mpirun", "--oversubscribe", "-n", "2", folder / "spread"),
                         "2 ranks, largest 3\n")
        self.assertNotIn("libmpi_cxx", run("readelf", "-d", folder / "spread"))


class Shared(Installed, unittest.TestCase):
    """The build that is tested, as it is."""
    pkg_config_options = []

    @classmethod
    def build_folder(cls):
        """The given one."""
        return ARGUMENTS.build

    def test_links(self):
        """A build needs the versioned names, so they are there; the core needs no MPI."""
        for name in ("libharsanyi.so", "libharsanyi_mpi.so"):
            self.assertTrue((self.libraries / name).is_symlink(), name)
            self.assertTrue((self.libraries / f"{name}.0").is_symlink(), name)
        needed = run("readelf", "-d", self.libraries / "libharsanyi.so")
        self.assertNotIn("libmpi", needed)


class Static(Installed, unittest.TestCase):
    """Static libraries, quickly compiled."""
    pkg_config_options = ["--static"]

    @classmethod
    def build_folder(cls):
        """Made here, and kept for the next time."""
        run("cmake", "-G", "Ninja", "-S", ARGUMENTS.source, "-B", ARGUMENTS.static_build,
            "-DBUILD_SHARED_LIBS=OFF", "-DHARSANYI_TESTS=OFF", "-DCMAKE_BUILD_TYPE=Debug")
        run("cmake", "--build", ARGUMENTS.static_build, "--parallel", "2")
        return ARGUMENTS.static_build


if __name__ == "__main__":
    ARGUMENTS, rest = OPTIONS.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
