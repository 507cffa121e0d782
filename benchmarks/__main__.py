"""Speed and memory: `source-freshbooks read` beside the raw limit and Airbyte's own manifest, the load beside
DuckDB's own, the marts beside their own SQL.

python -m benchmarks                                     in a few minutes
python -m benchmarks --rows 50000 --many-rows 200000     at the size that the targets are meant for
python -m benchmarks --only marts --books 10000 100000 1000000
python -m benchmarks --airbyte-manifest manifest.yaml    with Airbyte's, from airbytehq/airbyte,
                                                         airbyte-integrations/connectors/source-freshbooks

The programs run by turns against a fixed server on this machine; figures are medians. Only ratios carry over
to another machine. Exit code 1 if a target is missed.
"""

import argparse
import dataclasses
import json
import sys
import tempfile
from pathlib import Path

from benchmarks import keeping, marts, pages, scenarios, warm
from benchmarks.scenarios import Result, Settings

ALL = scenarios.ALL | {
    "keeping": keeping.keeping,
    "warm": warm.warm,
    "sync": marts.sync,
    "marts": marts.build,
    "pages": pages.pages,
}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=10_000, help="invoices to read (default: %(default)s)")
    parser.add_argument("--many-rows", type=int, default=100_000, help="the larger run of the memory check")
    parser.add_argument("--runs", type=int, default=3, help="runs of each program without latency")
    parser.add_argument(
        "--books",
        type=int,
        nargs="+",
        default=[10_000, 100_000],
        help="invoices behind the marts and the pages",
    )
    parser.add_argument("--airbyte-manifest", type=Path, metavar="FILE", help="Airbyte's manifest.yaml")
    parser.add_argument("--only", choices=list(ALL), action="append", help="this scenario alone")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    results: list[Result] = []
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            options.rows,
            options.many_rows,
            options.runs,
            options.airbyte_manifest,
            Path(folder),
            tuple(options.books),
        )
        for name in options.only or ALL:
            print(f"{name} …", file=sys.stderr, flush=True)
            found = ALL[name](settings)
            results.append(found)
            if not options.json:
                print(table(found), flush=True)
    if options.json:
        print(json.dumps([dataclasses.asdict(result) for result in results], indent=2))
    return 0 if all(target.met is not False for result in results for target in result.targets) else 1


def table(result: Result) -> str:
    lines = [f"\n{result.scenario}", f"  {'':34}{'CPU s':>9}{'wall s':>9}{'peak MB':>9}"]
    for name, run in result.runs.items():
        figures = f"{run.cpu:9.2f}{run.wall:9.2f}{run.memory:9.0f}" if run else f"{'not given':>27}"
        lines.append(f"  {name:34}{figures}")
    for target in result.targets:
        verdict = {True: "reached", False: "MISSED", None: "not measured"}[target.met]
        ratio = f"{target.ratio:.2f}" if target.ratio is not None else "-"
        lines.append(f"  {target.what:52}{ratio:>9}   {target.bound:12} {verdict}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
