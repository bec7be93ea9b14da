"""Where a run stands: what another process needs to go on with it as if it had never been left."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from overfit_core.training.criterion import Memorisation
from overfit_core.training.types import AnyArray, IntArray


@dataclass(frozen=True)
class Checkpoint:
    """A run between two epochs.

    Attributes:
        versions: Equal where the numbers are: of the programs, and of the run's own beginning.
        epoch: Epochs done.
        streak: Epochs running, up to the last, in which the whole batch was right.
        learned: Shape ``(samples,)``: epoch since which a sample is right, 0 when it is not.
        memorisation: When the batch was memorised, as far as it went.
        best: The least loss, and its epoch; None if there was none.
        compile_seconds: Time spent on tracing and compiling.
        train_seconds: Time spent on training.
        variables: All that training changes; see ``Program.save``.
    """

    versions: str
    epoch: int
    streak: int
    learned: IntArray
    memorisation: Memorisation
    best: tuple[float, int] | None
    compile_seconds: float
    train_seconds: float
    variables: tuple[AnyArray, ...]

    def to_bytes(self) -> bytes:
        """Return it as one file of NumPy's, every number to the last bit."""
        said = {
            **{name: getattr(self, name) for name in _NUMBERS},
            **{"memorisation": asdict(self.memorisation), "best": self.best},
        }
        arrays: dict[str, Any] = {str(at): values for at, values in enumerate(self.variables)}
        file = io.BytesIO()
        np.savez(file, said=np.array(json.dumps(said)), learned=self.learned, **arrays)
        return file.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what ``to_bytes`` wrote.

        Raises:
            ValueError: If it is something else.
        """
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as file:
                said: dict[str, Any] = json.loads(str(file["said"]))
                best, memorisation = said.pop("best"), said.pop("memorisation")
                return cls(
                    **said,
                    learned=file["learned"],
                    memorisation=Memorisation(**memorisation),
                    best=None if best is None else (float(best[0]), int(best[1])),
                    variables=tuple(file[str(at)] for at in range(len(file.files) - 2)),
                )
        except (EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
            raise ValueError(f"{len(data):,} bytes are no checkpoint of a run.") from error


_NUMBERS = ("versions", "epoch", "streak", "compile_seconds", "train_seconds")
