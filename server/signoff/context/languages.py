"""What a path says about a file: its language, and whether it is a test, documentation, or made by a program."""

from __future__ import annotations

import re
from functools import lru_cache
from posixpath import basename, splitext

_EXTENSIONS = {
    "bash": "sh bash zsh ksh bats",
    "c": "c",
    "clojure": "clj cljs cljc edn",
    "cmake": "cmake",
    "cpp": "cc cpp cxx c++ h hh hpp hxx h++ ipp inl tpp cu cuh",
    "csharp": "cs csx",
    "css": "css",
    "csv": "csv tsv",
    "dart": "dart",
    "elixir": "ex exs",
    "erlang": "erl hrl",
    "fsharp": "fs fsx fsi",
    "go": "go",
    "graphql": "graphql gql",
    "groovy": "groovy gradle",
    "haskell": "hs lhs",
    "html": "html htm xhtml",
    "ini": "ini cfg conf properties editorconfig",
    "java": "java",
    "javascript": "js mjs cjs jsx es6",
    "json": "json jsonc json5 webmanifest babelrc eslintrc",
    "julia": "jl",
    "kotlin": "kt kts",
    "less": "less",
    "lisp": "el lisp lsp scm rkt",
    "lua": "lua",
    "markdown": "md markdown mdx mkd",
    "nim": "nim",
    "objc": "m mm",
    "ocaml": "ml mli",
    "perl": "pl pm t",
    "php": "php phtml php5 php7",
    "powershell": "ps1 psm1",
    "protobuf": "proto",
    "python": "py pyi pyw pyx pxd",
    "r": "r",
    "restructuredtext": "rst",
    "ruby": "rb rake gemspec ru",
    "rust": "rs",
    "scala": "scala sc sbt",
    "scss": "scss sass styl",
    "solidity": "sol",
    "sql": "sql",
    "svelte": "svelte",
    "swift": "swift",
    "terraform": "tf tfvars hcl",
    "text": "txt text adoc asciidoc org tex",
    "toml": "toml",
    "tsx": "tsx",
    "typescript": "ts mts cts",
    "vim": "vim",
    "vue": "vue",
    "xml": "xml svg xsl xslt xsd plist csproj fsproj vbproj props targets",
    "yaml": "yaml yml",
    "zig": "zig",
}
_LANGUAGE_OF = {extension: language for language, names in _EXTENSIONS.items() for extension in names.split()}
_NAMES = {
    ".babelrc": "json",
    ".bash_profile": "bash",
    ".bashrc": "bash",
    ".editorconfig": "ini",
    ".eslintrc": "json",
    ".gitconfig": "ini",
    ".prettierrc": "json",
    ".profile": "bash",
    ".zshrc": "bash",
    "build": "starlark",
    "build.bazel": "starlark",
    "cargo.lock": "toml",
    "cmakelists.txt": "cmake",
    "containerfile": "dockerfile",
    "dockerfile": "dockerfile",
    "gemfile": "ruby",
    "gnumakefile": "make",
    "go.mod": "gomod",
    "jenkinsfile": "groovy",
    "makefile": "make",
    "pipfile": "toml",
    "podfile": "ruby",
    "poetry.lock": "toml",
    "rakefile": "ruby",
    "uv.lock": "toml",
    "workspace": "starlark",
}

_TEST_FOLDER = re.compile(
    r"(?:^|/)(?:tests?|__tests?__|specs?|testdata|test[-_]data|fixtures?|__fixtures__|__mocks__|__snapshots__"
    r"|cypress|e2e|[\w-]+[-_]tests?|tests?[-_][\w-]+)/",
    re.IGNORECASE,
)
_TEST_NAME = re.compile(
    r"^(?:tests?[-_].*|tests?\.\w+|conftest\.py|.*[-_](?:test|tests|spec)\.\w+|.*[.](?:test|tests|spec|cy|e2e)\.\w+"
    r"|.*\.test-d\.\w+)$",
    re.IGNORECASE,
)
_TEST_CLASS = re.compile(
    r"(?:[a-z0-9](?:Test|Tests|TestCase|IT)|(?:^|[a-z0-9])Spec)\.(?:java|kt|kts|cs|scala|groovy|swift|php)$"
)

_DOCS_FOLDER = re.compile(r"(?:^|/)(?:docs?|documentation|website|man)/", re.IGNORECASE)
_DOCS_NAME = re.compile(
    r"^(?:readme|changelog|changes|history|news|contributing|authors|contributors|licen[cs]e|copying|notice|security"
    r"|code_of_conduct|upgrading|migration|todo)(?:[-._].*)?$",
    re.IGNORECASE,
)
_DOCS_LANGUAGES = {"markdown", "restructuredtext", "text"}
_NO_DOCS = re.compile(r"(?:^|/)(?:requirements[^/]*|cmakelists|robots|constraints[^/]*)\.txt$", re.IGNORECASE)

_GENERATED_NAMES = {
    "bun.lock",
    "cargo.lock",
    "composer.lock",
    "flake.lock",
    "gemfile.lock",
    "go.sum",
    "npm-shrinkwrap.json",
    "package-lock.json",
    "packages.lock.json",
    "pdm.lock",
    "pipfile.lock",
    "pnpm-lock.yaml",
    "poetry.lock",
    "pubspec.lock",
    "uv.lock",
    "yarn.lock",
}
_GENERATED_NAME = re.compile(
    r"(?:\.min\.(?:js|mjs|css)|\.bundle\.js|\.map|\.snap|_pb2(?:_grpc)?\.pyi?|\.pb\.(?:go|cc|h)|\.pb\.gw\.go"
    r"|\.g\.dart|\.freezed\.dart|\.designer\.cs|\.g\.cs|[._]generated\.\w+|_gen\.go|^zz_generated.*)$",
    re.IGNORECASE,
)
_GENERATED_FOLDER = re.compile(r"(?:^|/)(?:node_modules|__generated__|generated)/", re.IGNORECASE)
_GENERATED_HEAD = re.compile(
    r"@generated\b|\bdo not edit\b|\b(?:auto-?|automatically |machine )generated\b|\bgenerated (?:by|from|with)\b"
    r"|\bcode generated\b",
    re.IGNORECASE,
)
# Said in the middle of a file it is the subject of its code, not its origin.
_HEAD_CHARACTERS = 600
_MINIFIED_LINE = 1_000


def language_of(path: str) -> str:
    """The language of a file by its name, in lower case ("python", "tsx", "csharp"); "" when unknown."""
    return _language_of_name(basename(path))


# Of many files, many have the same name; and they are looked at a folder at a time.
@lru_cache(4_096)
def _language_of_name(name: str) -> str:
    name = name.lower()
    if name in _NAMES:
        return _NAMES[name]
    language = _LANGUAGE_OF.get(splitext(name)[1][1:], "")
    return "dockerfile" if not language and name.startswith("dockerfile.") else language


def is_test(path: str) -> bool:
    """Whether the file is a test, or is there for tests alone (fixtures, snapshots), by the customs of its language."""
    name = basename(path)
    return bool(_TEST_FOLDER.search(path) or _TEST_NAME.match(name) or _TEST_CLASS.search(name))


def is_docs(path: str) -> bool:
    """Whether people read the file as documentation: prose, and what lies in a folder of documentation."""
    name = basename(path)
    if _NO_DOCS.search(path):
        return False
    language = language_of(path)
    prose = language in _DOCS_LANGUAGES or (not language and _DOCS_NAME.match(name) is not None)
    return prose or bool(_DOCS_FOLDER.search(path))


def is_generated(path: str, head: str = "") -> bool:
    """Whether a program wrote the file: by its name, or by its first characters (`head`; 1,000 or more are of use)."""
    folder, slash, name = path.rpartition("/")
    if _is_generated_name(name) or _is_generated_folder(folder + slash):
        return True
    if not head or language_of(path) in _DOCS_LANGUAGES:
        return False
    return bool(_GENERATED_HEAD.search(head[:_HEAD_CHARACTERS])) or is_minified(head)


@lru_cache(4_096)
def _is_generated_name(name: str) -> bool:
    return name.lower() in _GENERATED_NAMES or _GENERATED_NAME.search(name) is not None


@lru_cache(256)
def _is_generated_folder(folder: str) -> bool:
    return _GENERATED_FOLDER.search(folder) is not None


def is_minified(text: str) -> bool:
    """Whether a text is written for machines: its first line, or a line of it on average, is over 1,000 characters."""
    if len(text) <= _MINIFIED_LINE:
        return False
    if text.find("\n", 0, _MINIFIED_LINE) >= 0 and len(text) < 20 * _MINIFIED_LINE:
        return False
    return len(text) > _MINIFIED_LINE * (text.count("\n") + 1)
