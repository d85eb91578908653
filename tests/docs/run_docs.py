#!/usr/bin/python3
"""Run what README.md and docs/ tell readers to run, and check what they refer to.

    run_docs.py --source FOLDER --program HARSANYI [--build FOLDER] [PAGE.md ...]

Every page gets a folder of its own that looks like the source tree (data, jobs, tests, include;
build is empty) and `harsanyi` on the PATH. Its fenced blocks run there in order:

    sh       by bash, which stops at the first command that fails
    console  the same, for the lines that start with "$ "; the others are output
    python   in this interpreter; the blocks of a page share their variables
    c        compiled and linked with the installed library (needs --build), and run
    text output   must be what the block before printed; "..." stands for anything, and numbers
             with a decimal point may differ in late digits

Words after these steer: `no-test` skips the block (it needs a cluster, or installs packages),
`needs=MODULE` skips it where Python lacks the module, `name=FILE` writes a c block to FILE and
leaves compiling to the page. Then, over all pages: links lead somewhere, options exist and are all
explained. The README.md of data, jobs and tests are looked at in the same way, but their blocks are
not run.
"""
import argparse
import contextlib
import importlib.util
import io
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

LANGUAGES = ("sh", "console", "python", "c", "text")
SECONDS = 300
NUMBER = r"[-+]?[0-9]+\.[0-9]+(?:e[-+]?[0-9]+)?"
TOLERANCE = 2e-3
# Where the options of each command are explained.
EXPLAINED = {"interactions": "docs/guide/README.md", "show": "docs/guide/README.md",
             "export": "docs/guide/README.md", "features": "docs/guide/README.md",
             "merge": "docs/guide/README.md",
             "bench": "docs/performance/README.md", "model": "docs/models/README.md"}
# Added to jobs/setup.sh: whoever runs the tests has installed and built already.
SETUP = """
install() { :; }
build() { mkdir -p "$root/build/$1" && ln -sf "$(command -v harsanyi)" "$root/build/$1/harsanyi"; }
"""


class Failure(Exception):
    """A block that does not do what its page says."""


class Block:
    def __init__(self, page, line, info, lines):
        words = info.split()
        self.page, self.line, self.lines = page, line, lines
        self.language = words[0] if words else ""
        self.words = [w for w in words[1:] if "=" not in w]
        self.settings = dict(w.split("=", 1) for w in words[1:] if "=" in w)
        self.text = "\n".join(lines) + "\n"

    def __str__(self):
        return f"{self.page}:{self.line}: {self.language} block"

    def missing_modules(self):
        wanted = self.settings.get("needs", "")
        return [m for m in wanted.split("+") if m and importlib.util.find_spec(m) is None]


def read_blocks(path, name):
    blocks, inside = [], None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        fence = re.match(r"( *)```(.*)", line)
        if inside is None and fence:
            inside = (number, fence.group(2).strip(), len(fence.group(1)), [])
        elif inside is not None and fence:
            blocks.append(Block(name, *inside[:2], inside[3]))
            inside = None
        elif inside is not None:
            inside[3].append(line[inside[2]:])
    if inside is not None:
        raise Failure(f"{name}:{inside[0]}: the block has no end")
    return blocks


def prose(path):
    """(line number, line) outside of fenced blocks."""
    inside = False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.lstrip().startswith("```"):
            inside = not inside
        elif not inside:
            yield number, line


def commands_of(lines):
    """The commands of a console block: what follows "$ ", with its continuation lines."""
    commands, going_on = [], False
    for line in lines:
        if line.startswith("$ ") or going_on:
            commands.append(line[2:] if not going_on else re.sub(r"^> ?", "", line))
            going_on = line.endswith("\\")
    return "\n".join(commands) + "\n"


def matches(pattern, text):
    """Is text the pattern? "..." stands for anything (also lines), numbers with a decimal point
    agree to TOLERANCE, and the amount of white space plays no part."""
    numbers = []

    def part_of(token):
        if token == "...":
            return ".*?"
        if re.fullmatch(r"\s+", token):
            return r"\s+"
        if re.fullmatch(NUMBER, token):
            numbers.append(float(token))
            return f"({NUMBER})"
        return re.escape(token)

    tokens = re.split(rf"(\.\.\.|\s+|{NUMBER})", "\n".join(pattern).strip())
    found = re.fullmatch("".join(part_of(t) for t in tokens), text.strip(), flags=re.DOTALL)
    return found is not None and all(
        abs(float(got) - wanted) <= TOLERANCE * max(1, abs(wanted))
        for got, wanted in zip(found.groups(), numbers))


class Page:
    def __init__(self, name, folder, environment):
        self.name, self.folder, self.environment = name, folder, environment
        self.variables = {"__name__": "__main__"}
        self.ran, self.skipped, self.printed = 0, [], ""

    def run(self, block):
        if block.language == "text":
            if "output" in block.words and self.printed is not None \
                    and not matches(block.lines, self.printed):
                raise Failure(f"{block}: the block before printed\n{self.printed}")
            return
        missing = block.missing_modules()
        if "no-test" in block.words or missing:
            self.printed = None
            if missing:
                self.skipped.append(f"{block}: Python has no {', '.join(missing)}")
            return
        self.printed = getattr(self, "run_" + block.language)(block)
        self.ran += 1

    def command(self, block, command):
        try:
            done = subprocess.run(command, cwd=self.folder, env=self.environment, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=SECONDS,
                                  stdin=subprocess.DEVNULL, check=False)
        except subprocess.TimeoutExpired as error:
            raise Failure(f"{block}: not done after {SECONDS} s") from error
        if done.returncode:
            raise Failure(f"{block}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def run_sh(self, block):
        return self.command(block, ["bash", "-euo", "pipefail", "-c", block.text])

    def run_console(self, block):
        text = commands_of(block.lines)
        return self.command(block, ["bash", "-euo", "pipefail", "-c", text])

    def run_python(self, block):
        out = io.StringIO()
        old = os.getcwd()
        os.chdir(self.folder)
        try:
            # Line numbers of a traceback are those of the page.
            code = compile("\n" * block.line + block.text, self.name, "exec")
            with contextlib.redirect_stdout(out):
                exec(code, self.variables)  # noqa: S102
        except Exception as error:  # whatever the block raises
            raise Failure(f"{block}:\n{out.getvalue()}{traceback.format_exc()}") from error
        finally:
            os.chdir(old)
        return out.getvalue()

    def run_c(self, block):
        name = block.settings.get("name")
        source = self.folder / (name or f"line{block.line}.c")
        source.write_text(block.text, encoding="utf-8")
        if name:
            return ""
        program = source.with_suffix("")
        self.command(block, ["bash", "-c", f"cc -std=c11 -Wall -Wextra -Werror -o {program} "
                             f"{source} $(pkg-config --cflags --libs harsanyi)"])
        return self.command(block, [str(program)])


def make_workspace(source, folder):
    folder.mkdir()
    for name in ("data", "tests", "include", "docs", "src"):
        if (source / name).exists():
            (folder / name).symlink_to(source / name)
    shutil.copytree(source / "jobs", folder / "jobs", ignore=shutil.ignore_patterns("__pycache__"))
    with open(folder / "jobs/setup.sh", "a", encoding="utf-8") as setup:
        setup.write(SETUP)
    (folder / "build").mkdir()


def install(build, prefix):
    """The library and the program, as a user of the library finds them."""
    done = subprocess.run(["cmake", "--install", str(build), "--prefix", str(prefix)], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise Failure(f"cmake --install failed\n{done.stdout}")
    folders = set()
    for path in prefix.glob("lib*/**/*.pc"):
        text = re.sub(r"^prefix=.*$", f"prefix={prefix}", path.read_text(), flags=re.MULTILINE)
        path.write_text(text)
        folders.add(path.parent)
    return {"PKG_CONFIG_PATH": ":".join(str(f) for f in folders),
            "CMAKE_PREFIX_PATH": str(prefix),
            "LD_LIBRARY_PATH": ":".join(str(f.parent) for f in folders)}


def slug(heading):
    """The anchor that GitHub and GitLab make of a heading."""
    text = re.sub(r"[`*]|\[([^]]*)\]\([^)]*\)", lambda m: m.group(1) or "", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def anchors(path):
    return {slug(line.lstrip("#")) for _, line in prose(path) if line.startswith("#")}


def check_links(source, name):
    path = source / name
    for number, line in prose(path):
        for target in re.findall(r"\]\(([^)\s]+)\)", line):
            if re.match(r"[a-z]+:", target):
                continue
            file, _, anchor = target.partition("#")
            to = (path.parent / file).resolve() if file else path
            if not to.exists():
                yield f"{name}:{number}: the link to {target} leads nowhere"
            elif anchor and to.suffix == ".md" and anchor not in anchors(to):
                yield f"{name}:{number}: {file or name} has no heading for #{anchor}"


def options_of(program, environment):
    """Option names by command, as --help lists them."""
    text = subprocess.run([program, "--help"], text=True, env=environment, check=True,
                          stdout=subprocess.PIPE).stdout
    found = {command: set() for command in re.findall(r"^  ([a-z-]+) ", text, flags=re.MULTILINE)}
    for command in EXPLAINED:
        text = subprocess.run([program, command, "--help"], text=True, env=environment, check=True,
                              stdout=subprocess.PIPE).stdout
        found[command] = set(re.findall(r"^  (--[a-z-]+)", text, flags=re.MULTILINE))
    return found


def check_options(source, names, options):
    known = set().union(*options.values()) | {"--help", "--version"}
    named = {}
    for name in names:
        for number, line in prose(source / name):
            for option in re.findall(r"`(--[a-z-]+)", line):
                named.setdefault(name, set()).add(option)
                if option not in known:
                    yield f"{name}:{number}: harsanyi has no option {option}"
    for command in sorted(set(options) - set(EXPLAINED)):
        yield f"tests/docs/run_docs.py does not say which page explains harsanyi {command}"
    for command, name in EXPLAINED.items():
        for option in sorted(options[command] - named.get(name, set())):
            yield f"{name} does not name {option} of harsanyi {command}"


def run_page(name, blocks, folder, environment):
    page, start = Page(name, folder, environment), time.monotonic()
    problems = []
    for block in blocks:
        if block.language and block.language not in LANGUAGES:
            problems.append(f"{block}: not one of {', '.join(LANGUAGES)}")
            continue
        try:
            if block.language:
                page.run(block)
        except Failure as failure:
            problems.append(str(failure))
            break  # what follows may rest on it
    for text in page.skipped:
        print(f"SKIPPED {text}")
    print(f"{name}: {page.ran} blocks ran, {time.monotonic() - start:.1f} s")
    return problems


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--program", required=True)
    parser.add_argument("--build", type=pathlib.Path, help="to install from, for c blocks")
    parser.add_argument("pages", nargs="*", help="only these, such as docs/guide/README.md")
    return parser.parse_args()


def main():
    options = parse_arguments()
    source = options.source.resolve()
    everything = ["README.md", "CHANGELOG.md"] + sorted(
        str(p.relative_to(source)) for p in source.glob("docs/**/*.md"))
    names = options.pages or everything
    others = [name for name in ("data/README.md", "jobs/README.md", "tests/README.md")
              if (source / name).exists()]
    problems = []
    with tempfile.TemporaryDirectory(prefix="harsanyi-docs-") as temporary:
        top = pathlib.Path(temporary)
        environment = dict(os.environ)
        (top / "bin").mkdir()
        (top / "bin/harsanyi").symlink_to(pathlib.Path(options.program).resolve())
        (top / "bin/python3").symlink_to(sys.executable)
        environment["PATH"] = f"{top / 'bin'}:{environment['PATH']}"
        if options.build:
            environment.update(install(options.build, top / "installed"))
        os.environ.update(environment)
        for i, name in enumerate(names):
            folder = top / f"page{i}"
            make_workspace(source, folder)
            problems += run_page(name, read_blocks(source / name, name), folder, environment)
        for name in everything + others:
            problems += check_links(source, name)
        problems += check_options(source, everything + others, options_of(options.program, environment))
    for problem in problems:
        print(f"FAILED {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
