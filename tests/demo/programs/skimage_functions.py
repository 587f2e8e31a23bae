"""Scans, or reads, the functions of scikit-image that pass a trial.

``skimage_functions.py FOLDER list|one|all|facts [PROCESSES]``

FOLDER holds the trial and the declaration; PROCESSES, if given, try the functions.
"""

import sys
from time import perf_counter_ns

if __name__ == "__main__":
    folder, task, *processes = sys.argv[1:]
    sys.path.insert(0, folder)
    executor = None
    if processes:
        from concurrent.futures import ProcessPoolExecutor

        executor = ProcessPoolExecutor(int(processes[0]))
    start = perf_counter_ns()

    from image_functions import image_functions

    functions = image_functions(executor)

    declared = perf_counter_ns()
    if task == "all":
        list(functions.values())
    elif task == "one":
        functions["gaussian"]
    else:
        keys = list(functions)
    done = perf_counter_ns()

    if task == "facts":
        infos = {key: functions.info(key) for key in functions}
        found = list(functions.search("gauss"))
    loaded = {name.partition(".")[0] for name in sys.modules}
    answer = {
        "declare": declared - start,
        "work": done - declared,
        "imported": sum(name.partition(".")[0] == "skimage" for name in sys.modules),
        "libraries": sorted(loaded & {"numpy", "scipy", "skimage"}),
        "status": functions.report.status,
        "keys": {"skimage": list(functions)},
    }
    if task == "facts":
        answer["functions"] = {key: str(info) for key, info in infos.items()}
        answer["rejected"] = functions.rejected
        answer["search"] = found
    print(answer)
