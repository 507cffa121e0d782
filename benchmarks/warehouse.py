"""One build of the marts of many tenants in one PostgreSQL: `python -m benchmarks.warehouse 20 40`, by their number.

CPU seconds of dbt and of PostgreSQL's processes, for tenants with the small books of `unit_tests/dbt/books.py` (three
businesses each), and of loading one tenant. From two numbers of tenants follows what each of them adds.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import sys
import tempfile
from pathlib import Path

from freshbooks_hub.core.home import Home
from freshbooks_hub.sync.warehouse.build import build
from integration_tests import programs
from unit_tests.dbt import postgres
from unit_tests.dbt.tenants import NOW, books, tenant, warehouse_of


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.warehouse", description=__doc__)
    parser.add_argument("tenants", type=int, nargs="+", help="how many, from few to many")
    counts = sorted(parser.parse_args().tenants)
    folder, data = Path(tempfile.mkdtemp()), Path(tempfile.mkdtemp(prefix="pg"))
    try:
        with postgres.server(data, programs.postgresql()) as server:
            warehouse, raw, builder = warehouse_of(server), books(folder), Home(folder / "builder").ensure()
            build_cpu: dict[int, float] = {}
            loaded = 0
            for count in counts:
                new = range(loaded + 1, count + 1)
                homes = [tenant(folder, number, raw) for number in new]
                before, at_server = own_cpu(), server_cpu(data)
                rows = sum(one.load(warehouse).added for one in homes)
                spent = own_cpu() - before + server_cpu(data) - at_server
                say(f"loading: {spent / len(homes):.2f} CPU s a tenant, {rows // len(homes)} rows each")
                loaded = count
                if count == counts[0]:
                    build(builder, warehouse, NOW)  # dbt parses the project
                before, at_server = children_cpu(), server_cpu(data)
                build(builder, warehouse, NOW)
                dbt, database = children_cpu() - before, server_cpu(data) - at_server
                build_cpu[count] = dbt + database
                say(f"one build for {count}: {dbt:.1f} CPU s of dbt, {database:.1f} of PostgreSQL")
            if len(counts) > 1:
                few, many = counts[0], counts[-1]
                each = (build_cpu[many] - build_cpu[few]) / (many - few)
                total = build_cpu[few] + each * (1000 - few)
                say(f"each tenant adds {each:.3f}: a build for 1,000 is {total:.0f} CPU s")
    finally:
        shutil.rmtree(folder)
        shutil.rmtree(data)


def own_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def children_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def server_cpu(data: Path) -> float:
    """Of the server: its own, of its processes that run, and of those that ended."""
    main = int((data / "data" / "postmaster.pid").read_text().split()[0])
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, fields = int(stat.parent.name), stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        if pid == main:
            ticks += sum(map(int, fields[11:15]))  # also those that ended
        elif int(fields[1]) == main:
            ticks += sum(map(int, fields[11:13]))
    return ticks / 100


def say(text: str) -> None:
    print(text, file=sys.stdout, flush=True)


if __name__ == "__main__":
    main()
