"""The benchmark's conversation with its driver, one JSON object a line.

At the start a process says {"ready": true, "framework", "versions", "threads", "cases"}. Then each line read, {"case": name, "n": calls, "warmup": calls},
is answered by {"case", "seconds": [one number a call]} or {"case", "error"}; {"case", "outputs": true} by numbers of a call's result. The end of the input ends the process. What a case needs is made, and
compiled, at its first request, and kept: so a driver can go through the cases of several processes in turn, again and again.
"""
import json
import os
import sys
import time
import traceback

import numpy as np


# No more calls are begun after these seconds: a round of something slow is a call or two.
LIMIT = 5


def measure(call, n, warmup):
    """Seconds of each of n calls, after some that are not measured."""
    clock = time.perf_counter
    begin = clock()
    for _ in range(warmup):
        if clock() - begin > LIMIT:
            break
        call()
    seconds = []
    while len(seconds) < n and (not seconds or clock() - begin <= LIMIT):
        start = clock()
        call()
        seconds.append(clock() - start)
    return seconds


def some_of(result):
    """At most some 5000 numbers of a result, an odd number of places from one to the next, so that no row or column is left out."""
    values = np.asarray(result).ravel()
    return values[:: 2 * (values.size // 10000) + 1].tolist()


def serve(framework, versions, cases):
    """Answers requests for cases: functions that set one up and return the call to be measured, which waits for its result."""
    # Whatever a framework prints must not get between the lines of the conversation.
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def say(**message):
        out.write(json.dumps(message) + "\n")

    calls = {}
    say(ready=True, framework=framework, versions=versions, threads=os.cpu_count(), cases=sorted(cases))
    for line in sys.stdin:
        request = json.loads(line)
        name = request["case"]
        try:
            if name not in calls:
                calls[name] = cases[name]()
            if request.get("outputs"):
                say(case=name, outputs=some_of(calls[name]()))
                continue
            say(case=name, seconds=measure(calls[name], request.get("n", 1), request.get("warmup", 1)))
        except Exception as error:  # the driver decides what a failed case means
            traceback.print_exc()
            say(case=name, error=f"{type(error).__name__}: {error}")
