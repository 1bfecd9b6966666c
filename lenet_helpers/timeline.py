"""What happened when, from the cat's visual cortex to today: the book's timeline."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Event:
    """One line of the timeline.

    ``kind`` is one of ``KINDS``; ``sources`` are keys of references.bib.
    """

    year: int
    text: str
    kind: str
    sources: tuple[str, ...]


KINDS = {
    "idea": "an idea or a method",
    "network": "a network",
    "means": "data or machines",
    "use": "use and recognition",
}

EVENTS = (
    Event(1962, "Simple and complex cells in a cat", "idea", ("hubel1962",)),
    Event(
        1969,
        "Fukushima: rectified units",
        "idea",
        ("fukushima1969", "schmidhuber2025"),
    ),
    Event(1980, "Neocognitron: learns without labels", "network", ("fukushima1980",)),
    Event(
        1986,
        "Back-propagation; weights tied on T and C",
        "idea",
        ("rumelhart1986", "lecun1989"),
    ),
    Event(1988, "Zhang: 2-D, back-propagation", "network", ("schmidhuber2025",)),
    Event(1989, "TDNN: weights shared over time", "network", ("waibel1989",)),
    Event(1989, "Denker: zip codes, designed kernels", "network", ("denker1989",)),
    Event(1989, "LeNet-1989: kernels learned, too", "network", ("lecun1989",)),
    Event(1990, "LeNet-1: convolve, average, repeat", "network", ("lecun1990",)),
    Event(1996, "Cheque readers in US banks", "use", ("lecun1998",)),
    Event(1998, "LeNet-5, MNIST, whole documents", "network", ("lecun1998",)),
    Event(2003, "Elastic distortions", "idea", ("simard2003",)),
    Event(
        2006, "Convolution on a GPU: 3 to 4 times faster", "means", ("chellapilla2006",)
    ),
    Event(2009, "ImageNet", "means", ("deng2009",)),
    Event(2010, "ReLU in Boltzmann machines", "idea", ("nair2010",)),
    Event(2011, "Cireşan: CNNs on GPUs", "means", ("ciresan2011",)),
    Event(2012, "Dropout", "idea", ("hinton2012",)),
    Event(2012, "AlexNet: 15.3 % against 26.2 %", "network", ("krizhevsky2012",)),
    Event(
        2014,
        "VGG and GoogLeNet",
        "network",
        ("simonyan2015", "szegedy2015"),
    ),
    Event(2015, "Batch normalisation, ResNet", "network", ("ioffe2015", "he2016")),
    Event(2019, "Turing Award 2018 is given", "use", ("acm2019",)),
    Event(2025, "AlexNet's code is published", "use", ("chm2025",)),
)
