"""A question's answer as a Markdown table."""

from __future__ import annotations

from typing import Any


def markdown(name: str, answered: dict[str, Any]) -> str:
    lines = [
        f"**{name}**: {answered['question']['question']}",
        "",
        "| contender | CPU µs/request | spread | ratio | requests/s | p99 | memory | |",
        "|---|--:|--:|--:|--:|--:|--:|---|",
    ]
    for contender, entry in answered["contenders"].items():
        summary = entry["summary"]
        lines.append(
            f"| {contender} | {summary['cpu_us_per_request']:.2f} | {summary['spread']:.0%} "
            f"| {summary['ratio']:.2f} | {summary['requests_per_second']:,.0f} "
            f"| {summary['p99_us'] / 1e3:.1f} ms | {summary['resident_bytes'] / 2**20:.0f} MiB "
            f"| {', '.join(summary['marks'])} |"
        )
    for contender, reason in answered["unavailable"].items():
        lines.append(f"| {contender} | | | | | | | unavailable: {reason.replace('|', ' ')} |")
    return "\n".join(lines)


def figures(name: str, question: str, measured: dict[str, Any]) -> str:
    lines = [f"**{name}**: {question}", "", "| contender | figure | |", "|---|---|--:|"]
    for contender, entry in measured.items():
        for key, value in entry.items():
            shown = value if isinstance(value, str) else f"{value:,.1f}" if abs(value) >= 10 else f"{value:.2f}"
            lines.append(f"| {contender} | {key} | {shown} |")
    return "\n".join(lines)
