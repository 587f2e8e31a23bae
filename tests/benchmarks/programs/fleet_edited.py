"""One plugin of a generated package was edited: ``fleet_edited.py FOLDER refresh|import``.

``refresh`` lists the registry, whose cache file is from before the edit; ``import`` imports the
edited module, which is what cannot be saved.
"""

import os
import sys
from time import perf_counter_ns, sleep

EDITED = "plugin00100"
#: Until the edit is older than a tick of the kernel's clock: else the answer would not be written.
TICK_S = 0.05

folder, task = sys.argv[1:]
sys.path.insert(0, folder)
with open(os.path.join(folder, "fleet", f"{EDITED}.py"), "a", encoding="utf-8") as file:
    file.write("# edited\n")
sleep(TICK_S)
start = perf_counter_ns()

from fleet.base import Plugin

declared = perf_counter_ns()
if task == "refresh":
    keys = list(Plugin.__registry__)
else:
    __import__(f"fleet.{EDITED}")
done = perf_counter_ns()

imported = [name for name in sys.modules if name.startswith("fleet.plugin")]
if imported != [f"fleet.{EDITED}"]:
    sys.exit(f"{len(imported)} plugins were imported instead of one")
print(
    {
        "declare": declared - start,
        "work": done - declared,
        "keys": {"fleet": list(Plugin.__registry__)},
    }
)
