"""Reads a run's event file by TensorBoard's own reader, checksums included, and prints each tag's count and last value.

    git clone https://github.com/tensorflow/tensorboard
    protoc -I tensorboard -I /usr/include --python_out=tensorboard tensorboard/tensorboard/compat/proto/*.proto
    python3 read_events.py tensorboard runs/cct-1/events.out.tfevents.*

Debian: protobuf-compiler, libprotobuf-dev, python3-protobuf, python3-absl, python3-numpy. The checkout's own
tensorboard/__init__.py imports all of TensorBoard; an empty one serves.
"""

import sys

sys.path.insert(0, sys.argv[1])

from tensorboard.compat.proto import event_pb2  # noqa: E402
from tensorboard.compat.tensorflow_stub.errors import OutOfRangeError  # noqa: E402
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import PyRecordReader_New  # noqa: E402

reader = PyRecordReader_New(sys.argv[2])
seen = {}
while True:
    try:
        reader.GetNext()
    except OutOfRangeError:
        break
    event = event_pb2.Event.FromString(reader.record())
    if event.file_version:
        print(event.file_version)
    for value in event.summary.value:
        count = seen.get(value.tag, (0, 0, 0))[0] + 1
        seen[value.tag] = (count, event.step, value.simple_value)
for tag, (count, step, last) in seen.items():
    print(f"{tag}: {count} values, the last {last:.6g} at step {step}")
