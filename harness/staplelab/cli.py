"""The `staplelab` command (`python3 -m staplelab`): run the suites, compare or merge runs."""

from __future__ import annotations

import argparse
import errno
import os
import signal
import sys
from pathlib import Path

from staplelab import __version__, catalogue, files, hosts, modules, places, servers
from staplelab.drill import options as drill_options
from staplelab.errors import LabError
from staplelab.hosts import namespace
from staplelab.parts import clock
from staplelab.runs import (
    conformance,
    conformance_views,
    matrix,
    preflight,
    record,
    results,
    shard,
    summary,
)
from staplelab.runs import merge as merging
from staplelab.runs.results import PARTIAL
from staplelab.scenario import deviation_page
from staplelab.servers.sut import Probed

_USAGE = 2
#: the run was cut short, or never began
_NOT_WHOLE = 2
#: the last resort, in seconds: a scenario's work and each of its waits have bounds of their own
_LONGEST = "600"
#: as a shell says it of a program that SIGPIPE has ended
_READER_GONE = 128 + signal.SIGPIPE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="staplelab", description="OCSP stapling lab for nginx", allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"staplelab {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="judge an nginx", allow_abbrev=False)
    run.add_argument("--nginx", metavar="PATH", help="the nginx to judge (default: installed)")
    run.add_argument(
        "--host", choices=hosts.NAMES, default="local", help="where the parts run (default: local)"
    )
    run.add_argument(
        "--nginx-image", metavar="IMAGE", help="the nginx to judge, with --host docker"
    )
    run.add_argument(
        "--server", metavar="NAME=PATH", help="a server of another kind, and its program"
    )
    run.add_argument(
        "--clock",
        metavar="CLOCK",
        default="lab",
        help=f"what the parts' time comes from: {', '.join(clock.NAMES)} (default: lab)",
    )
    run.add_argument("--out", metavar="DIR", default="results", help="default: results")
    run.add_argument("--jobs", metavar="N", type=_jobs, default=2, help="default: 2")
    run.add_argument("-k", metavar="EXPRESSION", help="only scenarios that match (pytest's -k)")
    _add_failure_options(run)
    run.add_argument("--keep", action="store_true", help="keep every scenario's folder")
    run.add_argument("--shard", metavar="I/N", help="run the I-th of N shards of the scenarios")
    run.add_argument(
        "--durations", metavar="FILE", help="balance the shards by an earlier results.json"
    )
    run.add_argument("paths", nargs="*", metavar="PATH", help="scenarios (default: the lab's own)")

    diff = commands.add_parser(
        "diff", help="what changed in behaviour between two results", allow_abbrev=False
    )
    diff.add_argument("before", type=Path, help="a results.json or its folder")
    diff.add_argument("after", type=Path, help="a results.json or its folder")

    merge = commands.add_parser(
        "merge", help="make one run of the results of its shards", allow_abbrev=False
    )
    merge.add_argument("--out", metavar="DIR", type=Path, required=True, help="for the merged run")
    merge.add_argument(
        "runs", nargs="+", type=Path, metavar="RUN", help="a record.jsonl or its folder"
    )

    report = commands.add_parser(
        "report", help="make the views of a run from its record", allow_abbrev=False
    )
    report.add_argument("out", metavar="OUT", type=Path, help="its folder, also of a killed run")

    conforms = commands.add_parser(
        "conformance",
        help="say requirement by requirement what holds, from a run's record",
        allow_abbrev=False,
    )
    conforms.add_argument("run", metavar="DIR", type=Path, help="the run's folder or its record")
    conforms.add_argument(
        "--out", metavar="DIR", type=Path, help="for the report (default: the run's folder)"
    )

    many = commands.add_parser(
        "matrix", help="judge several nginx images and compare them", allow_abbrev=False
    )
    many.add_argument("--out", metavar="DIR", type=Path, default=Path("results/matrix"))
    many.add_argument("--jobs", metavar="N", type=_jobs, default=2, help="default: 2")
    many.add_argument("-k", metavar="EXPRESSION", help="only scenarios that match (pytest's -k)")
    many.add_argument("images", nargs="+", metavar="IMAGE", help="servers under test")

    drill_options.add(commands, _jobs)

    commands.add_parser("clean", help="remove the containers and networks that dead runs left")
    commands.add_parser("faults", help="print the fault catalogue (docs/faults.md)")
    commands.add_parser("deviations", help="print the known deviations (docs/deviations.md)")
    return parser


def _add_failure_options(run: argparse.ArgumentParser) -> None:
    """pytest's own, under their names there."""
    end = run.add_mutually_exclusive_group()
    end.add_argument(
        *("-x", "--exitfirst"),
        dest="maxfail",
        action="store_const",
        const=1,
        help="end the run with the first failure",
    )
    end.add_argument(
        "--maxfail", metavar="N", type=_failures, help="end the run after so many failures"
    )
    again = run.add_mutually_exclusive_group()
    again.add_argument(
        *("--lf", "--last-failed"), action="store_true", help="only what failed in the last run"
    )
    again.add_argument(
        *("--ff", "--failed-first"), action="store_true", help="what failed in the last run first"
    )


def _failures(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: give a number of failures from 1 on")
    return int(text)


def _jobs(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 64:
        raise argparse.ArgumentTypeError(f"{text!r}: give a number of processes from 1 to 64")
    return int(text)


def _enter_namespaces(arguments: argparse.Namespace) -> None:
    own_shm = arguments.clock == "faketime"
    if own_shm and not namespace.has_own_shm():
        temporary = Path(os.environ.get("TMPDIR") or "/tmp")
        for path in (Path.cwd(), Path(arguments.out), temporary, places.suites()):
            if path.resolve().is_relative_to(namespace.SHM):
                raise LabError(
                    f"--clock faketime takes a new {namespace.SHM} for the run, and {path} lies "
                    "in the present one"
                )
    namespace.enter(network=arguments.host == "local", shm=own_shm)
    clock.check_entered(arguments.clock)


def _run(arguments: argparse.Namespace) -> int:
    plugins = ["pytest", "pytest_timeout", *(["xdist"] if arguments.jobs > 1 else [])]
    modules.need(*plugins)
    import pytest  # not needed by the other commands, and slow to import

    shard.wanted(arguments.shard, arguments.durations)  # refused here, or pytest would refuse it
    if arguments.lf and arguments.shard:
        raise LabError("--lf takes scenarios out of a shard, which could not be merged then")
    clock.check(arguments.clock)
    preflight.check(arguments.host)
    _enter_namespaces(arguments)
    server = servers.probe(
        arguments.host, arguments.nginx, arguments.nginx_image, arguments.server
    )
    preflight.try_start(arguments.host, server, arguments.clock)
    files.see_to(Path(arguments.out))
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    argv = ["-p", "staplelab.plugin", "-p", "pytest_timeout"]
    if arguments.jobs > 1:
        argv += ["-p", "xdist.plugin", "-p", "no:terminaldistreporter", "-n", str(arguments.jobs)]
    argv += ["-q", "--timeout", _LONGEST, "--strict-markers", "--tb", "short", "-rN"]
    chosen = f"--server={server.name}={server.path}"
    if arguments.host == "docker":
        chosen = f"--nginx-image={server.path}"
    # joined with "=", because pytest takes any other existing path for one of its tests when it
    # looks for its rootdir, and the scenarios' ids depend on that
    argv += [f"--host={arguments.host}", chosen, f"--out={arguments.out}"]
    argv += [f"--clock={arguments.clock}"]
    # of Debian 12's docker module, about itself
    argv += ["-W", "ignore:distutils Version classes are deprecated:DeprecationWarning"]
    argv += ["-k", arguments.k] if arguments.k else []
    argv += [f"--maxfail={arguments.maxfail}"] if arguments.maxfail else []
    argv += ["--lf"] if arguments.lf else []
    argv += ["--ff"] if arguments.ff else []
    argv += ["--keep"] if arguments.keep else []
    if arguments.shard is not None:
        argv += [f"--shard={arguments.shard}"]
    if arguments.durations is not None:
        argv += [f"--shard-durations={arguments.durations}"]
    status = int(pytest.main(argv + _scenarios(arguments.paths), plugins=[Probed(server)]))
    return status if status in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) else _NOT_WHOLE


def _scenarios(paths: list[str]) -> list[str]:
    """What pytest is given to run; what it remembers of an installed package's own suites (--lf)
    is kept by the user."""
    if paths:
        return paths
    if places.is_installed():
        return ["-o", f"cache_dir={places.cache() / 'pytest'}", str(places.suites())]
    return ["suites"]


def _diff(arguments: argparse.Namespace) -> int:
    paths = (arguments.before, arguments.after)
    before, after = map(results.load, paths)
    changes = list(results.differences(before, after))
    for change in changes:
        print(change)
    if not changes:
        print("no change in behaviour")
    beyond = results.beyond_a_clock(before, after)
    if beyond:
        clocks = " and ".join(run["clock"] for run in (before, after))
        print(f"not compared under the clocks {clocks}, for what needs both times apart:")
        print("\n".join(f"  {name}" for name in beyond))
    partial = [path for path, run in zip(paths, (before, after)) if not run["complete"]]
    for path in partial:
        print(f"{path}: {PARTIAL}")
    return _NOT_WHOLE if partial else 1 if changes else 0


def _merge(arguments: argparse.Namespace) -> int:
    merged, lines = merging.merge(arguments.runs, arguments.out)
    print("\n".join(lines))
    return _status(merged)


def _report(arguments: argparse.Namespace) -> int:
    made = record.review(arguments.out)
    print("\n".join(summary.lines(made, arguments.out)))
    return _status(made)


def _conformance(arguments: argparse.Namespace) -> int:
    made = conformance.judge(record.read(arguments.run).results, places.suites())
    folder = arguments.run if arguments.run.is_dir() else arguments.run.parent
    written = conformance_views.write(made, arguments.out or folder)
    print(f"{conformance_views.title(made)}\n{conformance_views.summary(made)}")
    print("Report: " + ", ".join(map(str, written)))
    if not made.results.complete:
        print(PARTIAL)
    return _status(made.results)


def _status(made: results.Results) -> int:
    if not made.complete:
        return _NOT_WHOLE
    return 0 if made.as_expected else 1


def _faults(_: argparse.Namespace) -> int:
    print(catalogue.page(places.build_folder()), end="")
    return 0


def _deviations(_: argparse.Namespace) -> int:
    print(deviation_page.page(places.suites()), end="")
    return 0


def _matrix(arguments: argparse.Namespace) -> int:
    options = ["--jobs", str(arguments.jobs)]
    options += ["-k", arguments.k] if arguments.k else []
    return matrix.run(arguments.images, arguments.out, options)


def _drill(arguments: argparse.Namespace) -> int:
    modules.need("pytest")
    from staplelab.drill import command  # it knows the lab, and so pytest, which is slow to import

    preflight.check("local")
    return command.run(arguments)


def _clean(_: argparse.Namespace) -> int:
    from staplelab.hosts import containers, run_label  # slow to import

    def is_dead(run: str) -> bool:
        return not run_label.is_alive(run)

    removed = run_label.remove_runs(containers.connect(), is_dead)
    folders = run_label.remove_folders(is_dead)
    print(
        f"removed {removed.gone} containers, networks and volumes, and {folders} folders of runs "
        "that are no more"
    )
    if removed.stuck:
        print(f"the engine does not let go of {', '.join(removed.stuck)}: start it anew")
    return 0


_COMMANDS = {
    "run": _run,
    "diff": _diff,
    "merge": _merge,
    "report": _report,
    "conformance": _conformance,
    "matrix": _matrix,
    "drill": _drill,
    "clean": _clean,
    "faults": _faults,
    "deviations": _deviations,
}


def _say_no_more() -> None:
    """What is left in the buffer is not tried once more at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main(argv: list[str] | None = None) -> int:
    """Returns the exit status: 0 as expected, 1 a surprise, 2 wrong usage or a partial run."""
    try:
        try:
            arguments = _parser().parse_args(argv)
            with modules.explained():
                status = _COMMANDS[arguments.command](arguments)
        finally:  # also when argparse has ended it, as after --help
            sys.stdout.flush()
        return status
    except BrokenPipeError:  # whoever read it has seen enough, as of `| head`
        _say_no_more()
        return _READER_GONE
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _say_no_more()
        print(f"staplelab: output cannot be written: {error.strerror}", file=sys.stderr)
        return _NOT_WHOLE
    except LabError as error:
        print(f"staplelab: {error}", file=sys.stderr)
        return _USAGE
