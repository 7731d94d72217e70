"""Tables, and a plot of how time and memory grow."""
import math

from measure import median

ROWS = [
    ("first sync, s", "wall", "%.2f"),
    ("  processor time, s", "cpu", "%.2f"),
    ("  the server's, s", "server", "%.2f"),
    ("  peak memory, MiB", "peak", "%.0f"),
    ("  requests a work package", "requests", "%.3f"),
    ("  KiB a work package", "bytes", "%.1f"),
    ("nothing new, ms", "idle", "%.1f"),
    ("  requests", "idle_requests", "%.1f"),
    ("one change, ms", "change", "%.1f"),
    ("  from its answer on, ms", "told", "%.1f"),
    ("  requests", "change_requests", "%.1f"),
]
COMPARED = [("opsync", "downloads"), ("bare", "downloads"),
            ("opsync", "floor"), ("script", "opsync"), ("script", "bare"),
            ("script8", "opsync")]


def of(runs, key):
    return median([r[key] for r in runs if key in r])


def ratio(results, key, one, other):
    a, b = (of(results[c], key) for c in (one, other))
    return "%.2f" % (a / b) if a is not None and b else ""


def print_table(title, results):
    compared = [c for c in COMPARED if c[0] in results and c[1] in results]
    print("\n%s; median of %d" % (
        title, max(len(r) for r in results.values())))
    print("%-27s" % "" + "".join("%10s" % c for c in results) +
          "".join("%18s" % ("%s/%s" % c) for c in compared))
    for label, key, form in ROWS:
        cells = [of(runs, key) for runs in results.values()]
        if not any(v is not None for v in cells):
            continue
        print("%-27s" % label + "".join(
            "%10s" % (form % v if v is not None else "") for v in cells) +
            "".join("%18s" % ratio(results, key, *c) for c in compared),
            flush=True)


COLOURS = ["#0b6e99", "#7fb3d5", "#888888", "#bbbbbb", "#c0392b", "#e59866"]
WIDTH, HEIGHT, MARGIN = 420, 300, 56


def ticks(low, high):
    return [10.0 ** e for e in range(
        math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]


def panel(left, title, lines):
    """One logarithmic diagram; lines: name -> [(x, y)]."""
    points = [p for line in lines.values() for p in line]
    xs = ticks(min(p[0] for p in points), max(p[0] for p in points))
    ys = ticks(min(p[1] for p in points), max(p[1] for p in points))

    def at(value, marks, start, length):
        low, high = math.log10(marks[0]), math.log10(marks[-1])
        share = (math.log10(value) - low) / ((high - low) or 1)
        return start + share * length

    def x(v):
        return at(v, xs, left + MARGIN, WIDTH - 2 * MARGIN)

    def y(v):
        return at(v, ys, HEIGHT - MARGIN, 2 * MARGIN - HEIGHT)

    yield '<text x="%d" y="24" font-weight="bold">%s</text>' % (
        left + MARGIN, title)
    for v in xs:
        yield ('<text x="%.1f" y="%d" text-anchor="middle">%g</text>'
               % (x(v), HEIGHT - MARGIN + 18, v))
    for v in ys:
        yield ('<line x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f" '
               'stroke="#ddd"/><text x="%.1f" y="%.1f" text-anchor="end">'
               '%g</text>' % (x(xs[0]), x(xs[-1]), y(v), y(v), x(xs[0]) - 6,
                              y(v) + 4, v))
    for colour, (name, line) in zip(COLOURS, lines.items()):
        line = sorted(line)
        yield ('<polyline fill="none" stroke="%s" stroke-width="2" '
               'points="%s"/>' % (colour, " ".join(
                   "%.1f,%.1f" % (x(a), y(b)) for a, b in line)))
        yield '<text x="%.1f" y="%.1f" fill="%s">%s</text>' % (
            x(line[-1][0]) + 4, y(line[-1][1]) + 4, colour, name)


def write_plot(path, tables):
    """tables: number of work packages -> results."""
    def lines(key):
        out = {}
        for n, results in tables.items():
            for name, runs in results.items():
                if of(runs, key):
                    out.setdefault(name, []).append((n, of(runs, key)))
        return out

    with open(path, "w") as f:
        f.write('<svg xmlns="http://www.w3.org/2000/svg" width="%d" '
                'height="%d" font-family="sans-serif" font-size="12">\n'
                '<rect width="100%%" height="100%%" fill="white"/>\n'
                % (2 * WIDTH + MARGIN, HEIGHT))
        for left, title, key in (
                (0, "first sync, seconds", "wall"),
                (WIDTH, "peak memory, MiB", "peak")):
            f.write("\n".join(panel(left, title, lines(key))) + "\n")
        f.write("</svg>\n")
