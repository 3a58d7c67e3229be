"""Run the server by hand, to try the plugin without spending: `python -m tests.imageserver`."""

from __future__ import annotations

import argparse
import contextlib
import threading

from . import Call, ImageServer


def main() -> None:
    """Serve until Ctrl-C, with a line for each paid call."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.imageserver",
        description="An Image API on this machine that draws its pictures and bills nobody.",
    )
    parser.add_argument("--port", type=int, default=0, help="default: any free one")
    parser.add_argument("--key", help="the API key to accept; default: a new one")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        server = ImageServer(port=options.port, api_key=options.key, on_paid=_print_call)
        try:
            stack.enter_context(server)
        except (OSError, OverflowError) as e:
            hint = "hint: try another --port, or none"
            parser.exit(1, f"port {options.port} can't be used: {e}\n{hint}\n")
        print(f"export IMAGEGEN_BASE_URL={server.base_url}")
        print(f"export IMAGEGEN_API_KEY={server.api_key}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()
        print(f"paid calls: {len(server.paid_calls)}, {_usd(server.paid_micro_usd)}")


def _print_call(call: Call) -> None:
    body = call.body or {}
    what = " ".join(str(body.get(name, "auto")) for name in ("model", "size", "quality"))
    prompt = str(body.get("prompt", "")).replace("\n", " ")
    print(f"{_usd(call.micro_usd)}  {what}  {prompt:.60}", flush=True)


def _usd(micro_usd: int) -> str:
    return f"${micro_usd // 1_000_000}.{micro_usd % 1_000_000:06}"


if __name__ == "__main__":
    main()
