"""What test_ddp runs in two processes.

ddp_worker.py gradient OUT       the gradient of half a batch each, averaged
ddp_worker.py OPTIONS ...        experiments.devices.ddp on noise: no data to load
"""

import torch
import torch.nn.functional as F
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import TensorDataset

from experiments.devices import ddp, distributed
from lenet_helpers.models import ModernLeNet5


def noise(count: int) -> TensorDataset:
    generator = torch.Generator().manual_seed(3)
    images = torch.randn(count, 1, 32, 32, generator=generator)
    return TensorDataset(images, torch.randint(10, (count,), generator=generator))


def network(seed: int) -> ModernLeNet5:
    torch.manual_seed(seed)
    return ModernLeNet5()


class Run(ddp.Run):
    """A run that ends with the gradient of one batch, half of it in each process."""

    def train(self) -> None:
        super().train()
        # Each process draws other weights: DDP must hand out those of process 0.
        model = DistributedDataParallel(network(seed=self.rank))
        images, labels = (t.chunk(2)[self.rank] for t in noise(24).tensors)
        F.cross_entropy(model(images), labels).backward()
        mean_rank = distributed.mean(torch.tensor(float(self.rank)))
        if self.rank == 0:
            gradients = [p.grad for p in model.parameters()]
            torch.save([*gradients, mean_rank], self.args.checkpoint.with_suffix(".g"))


if __name__ == "__main__":
    ddp.load = lambda name, images: noise(100)
    ddp.Run = Run
    ddp.main()
