"""`negjudge push`: a judge to the Hub."""

from __future__ import annotations

import argparse


def _add_push(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("push", help="upload a judge to the Hub", allow_abbrev=False)
    parser.add_argument("folder", help="such as runs/mini/judge")
    parser.add_argument("repository", metavar="USER/NAME")
    parser.add_argument("--private", action="store_true")
    parser.set_defaults(run=_push)


def _push(arguments: argparse.Namespace) -> None:
    from negjudge.publishing.hub import push

    print(push(arguments.folder, arguments.repository, private=arguments.private))
