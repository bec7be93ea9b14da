"""PyTorch: an eager loop, dense nets only."""

import torch

from benchmarks.ways import Run, arguments, measure
from benchmarks.ways.subject import batch_of
from overfit_core.presets import PRESETS


def main() -> None:
    """Time the loop on one thread."""
    preset, epochs, repeats = arguments()
    spec = PRESETS[preset].spec
    torch.set_num_threads(1)
    x, y = (torch.tensor(a) for a in batch_of(preset))
    rate = spec.optimizer.base_learning_rate

    def prepare() -> Run:
        layers: list[torch.nn.Module] = []
        width = x.shape[1]
        for layer in spec.model.layers:
            layers += [torch.nn.Linear(width, layer.units), torch.nn.ReLU()]
            width = layer.units
        net = torch.nn.Sequential(*layers, torch.nn.Linear(width, 1), torch.nn.Sigmoid())
        kind = torch.optim.SGD if spec.optimizer.name == "SGD" else torch.optim.Adam
        optimizer = kind(net.parameters(), lr=rate)
        criterion = torch.nn.BCELoss()

        def loop() -> None:
            losses = torch.empty(epochs)
            for epoch in range(epochs):
                optimizer.zero_grad()
                loss = criterion(net(x), y)
                loss.backward()
                optimizer.step()
                losses[epoch] = loss.detach()

        return loop

    measure(prepare, repeats)


if __name__ == "__main__":
    main()
