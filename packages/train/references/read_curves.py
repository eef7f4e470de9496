"""Reads a run's folder by TensorBoard's own accumulator, resumes included, and prints each curve's steps.

    python3 read_curves.py tensorboard runs/cct-1

TensorBoard is a checkout made ready as read_events.py says, with the .proto files below tensorboard/plugins too. A run
that was killed and resumed has every step once.
"""

import sys

sys.path.insert(0, sys.argv[1])

from tensorboard.backend.event_processing import event_accumulator  # noqa: E402

curves = event_accumulator.EventAccumulator(
    sys.argv[2], size_guidance={event_accumulator.SCALARS: 0}
)
curves.Reload()
for tag in curves.Tags()["scalars"]:
    steps = [event.step for event in curves.Scalars(tag)]
    often = "each once" if len(set(steps)) == len(steps) else "SOME MORE THAN ONCE"
    print(f"{tag}: {len(steps)} values, steps {steps[0]} to {steps[-1]}, {often}")
