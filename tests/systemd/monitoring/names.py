"""What alarms, dashboard and README name of the metrics exists in a running daemon, label by label.

usage: names.py METRICS RULES GRAFANA README

METRICS is an answer of /metrics. Of the README each metric with its labels must stand there, and each that
stands there must be in the README: it is the list that people build on. Each warning, finding and alarm has
its row there.
"""

import json
import re
import sys

SUFFIXES = re.compile(r"_(bucket|sum|count)$")


def series_of(text):
    """{metric: {label: {values}}}"""
    found = {}
    for line in text.splitlines():
        match = re.match(r"(reconciled_\w+)(?:\{(.*)\})? ", line)
        if match:
            labels = found.setdefault(match[1], {})
            for name, value in re.findall(r'(\w+)="([^"]*)"', match[2] or ""):
                labels.setdefault(name, set()).add(value)
    return found


def faults_of(where, expression, series):
    for metric, selector in re.findall(r"(reconciled_\w+)(?:\{([^}]*)\})?", expression):
        if metric not in series:
            yield f"{where}: there is no {metric}"
            continue
        for label, operator, text in re.findall(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"', selector):
            if label in ("job", "instance"):
                continue
            if label not in series[metric]:
                yield f"{where}: {metric} has no label {label}"
                continue
            for value in text.split("|") if "~" in operator else [text]:
                if value not in series[metric][label]:
                    yield f"{where}: {metric} is never {label}={value}"
        for label in re.findall(r"by \(([^)]*)\)", expression):
            for name in label.replace(" ", "").split(","):
                if name not in ("job", "instance", "le") and not any(
                        name in series.get(m, {}) for m in re.findall(r"reconciled_\w+", expression)):
                    yield f"{where}: nothing in it has a label {name}"


def expressions_of(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("expr", "query") and isinstance(value, str):
                yield value
            else:
                yield from expressions_of(value)
    elif isinstance(node, list):
        for value in node:
            yield from expressions_of(value)


def readme_metrics(text):
    paragraph = re.search(r"\*\*Metrics\.\*\*(.*?)\n\n", text, re.S)[1]
    named = re.findall(r"`(reconciled_\w+)(?:\{([\w, ]*)\})?`", paragraph)
    return {metric: set(labels.replace(" ", "").split(",")) - {""} for metric, labels in named}


def main(metrics, rules, grafana, readme):
    series = series_of(metrics)
    faults = []
    # The rules' own comments and texts name metrics, too, and should name those that are.
    faults += faults_of("rules", rules, series)
    expressions = list(expressions_of(json.loads(grafana)))
    for expression in expressions:
        faults += faults_of("grafana", expression, series)
    if len(expressions) < 10 or rules.count("alert:") < 10:
        faults.append("little is named: is this the right file?")
    families = {}
    for metric, labels in series.items():
        base = SUFFIXES.sub("", metric) if SUFFIXES.sub("", metric) + "_bucket" in series else metric
        families.setdefault(base, set()).update(set(labels) - {"le"})
    named = readme_metrics(readme)
    for metric in sorted(set(named) | set(families)):
        if named.get(metric) != families.get(metric):
            faults.append(f"README: {metric} has the labels {named.get(metric)}, in truth "
                          f"{families.get(metric)}")
    # Whoever is woken finds what woke them.
    runbook = readme.split("## Runbook")[1].split("\n## ")[0]
    kinds = series["reconciled_warning"]["kind"]
    for name in kinds | set(re.findall(r"alert: (\w+)", rules)):
        if not re.search(rf"^\|[^|]*`{name}`[^|]*\|", runbook, re.M):
            faults.append(f"runbook: there is no row about {name}")
    findings = readme.split("### 8. When something")[1].split("\n### ")[0]
    for name in series["reconciled_open_findings"]["kind"]:
        if not re.search(rf"^\|[^|]*`{name}`[^|]*\|", findings, re.M):
            faults.append(f"README: there is no row about the finding {name}")
    return sorted(set(faults))


if __name__ == "__main__":
    said = main(*(open(path, encoding="utf-8").read() for path in sys.argv[1:5]))
    print("\n".join(said))
    sys.exit(1 if said else 0)
