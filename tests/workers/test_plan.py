import pytest

from overfit_core.settings import Settings
from overfit_core.workers.plan import GB, MAX_WORKERS, plan


@pytest.mark.parametrize(
    ("cores", "memory_gb", "workers"),
    [
        (2, 24, 2),
        (16, 128, MAX_WORKERS),
        (8, 4, 2),  # memory is what there is too little of
        (2, 1, 1),  # too little for even one: try
        (1, 64, 1),
    ],
)
def test_there_is_a_worker_per_core_as_far_as_the_memory_reaches(
    cores: int, memory_gb: float, workers: int
) -> None:
    assert plan(Settings(), cores, int(memory_gb * GB)).workers == workers


@pytest.mark.parametrize(("cores", "memory_gb"), [(2, 3), (2, 24), (8, 16), (64, 1024)])
def test_workers_together_leave_memory_for_the_web_process(cores: int, memory_gb: int) -> None:
    chosen = plan(Settings(), cores, memory_gb * GB)
    assert chosen.workers * chosen.memory <= (memory_gb - 0.5) * GB
    assert 1.2 * GB <= chosen.memory <= 8 * GB


def test_what_the_settings_say_goes_first() -> None:
    assert plan(Settings(workers=3, worker_memory=1.5), 2, 24 * GB) == (3, int(1.5 * GB))
    assert plan(Settings(worker_memory=10), 8, 24 * GB).workers == 2
