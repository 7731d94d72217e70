#!/usr/bin/python3
"""Text from strangers, as Hugo shows it with raw HTML switched on: whatever
they write, nothing comes of it that the list does not allow.  The texts are
known attacks, and thousands that are thrown together of what markdown and
HTML are made of."""

import html.parser
import os
import random
import re
import subprocess
import sys
import tempfile

PROGRAM = os.path.join(
    os.environ.get("BUILD", "build/release"), "tests/unit/content/sanitize")
COUNT = int(os.environ.get("COUNT", "700"))
SEED = int(os.environ.get("SEED", "20261125"))

ELEMENTS = set("""a abbr b bdi bdo blockquote br caption cite code col colgroup
dd del details dfn div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i img
ins kbd li mark ol p pre q rp rt ruby s samp small span strike strong sub
summary sup table tbody td tfoot th thead time tr tt u ul var wbr""".split())
ATTRIBUTES = set("""title lang dir href src alt width height align colspan
rowspan span start value datetime open""".split())
# What Hugo writes of its own accord: code's language, boxes of task lists.
HUGOS = {("code", "class"), ("code", "data-lang"), ("input", "checked"),
         ("input", "disabled"), ("input", "type"), ("th", "style"),
         ("td", "style"), ("pre", "tabindex")}
SCHEMES = ("http", "https", "mailto", "tel")

ATTACKS = r"""
<script>alert(1)</script>
<SCRIPT SRC=//x.org/x.js></SCRIPT>
<scr<script>ipt>alert(1)</scr</script>ipt>
<img src=x onerror=alert(1)>
<img src="x" onerror="alert(1)" alt='">'>
<img/src=x/onerror=alert(1)>
<svg><script>alert(1)</script></svg>
<svg/onload=alert(1)>
<math><mi//xlink:href="data:x,<script>alert(1)</script>">
<iframe src="javascript:alert(1)"></iframe>
<a href="javascript:alert(1)">x</a>
<a href="java&#10;script:alert(1)">x</a>
<a href="&#106;avascript&colon;alert(1)">x</a>
<a href=" &#1;javascript:alert(1)">x</a>
<a href='data:text/html,<script>alert(1)</script>'>x</a>
[x](javascript:alert(1))
[x](JaVaScRiPt:alert(1))
[x](<javascript:alert(1)>)
[x](< javascript:alert(1)>)
[x](javascript&colon;alert(1))
[x](&#x6A;avascript:alert(1))
[x](&#0000106;avascript:alert(1))
[x](java&Tab;script:alert(1))
[x](java\script:alert(1))
[x](javascript\:alert(1))
[x](vbscript:x) ![x](data:image/svg+xml,<svg/onload=alert(1)>)
[x][y]

[y]: javascript:alert(1)
[y]:
 javascript:alert(1)
> [y]:
> <javascript:alert(1)>

[y]
<javascript:alert(1)>
\](javascript:alert(1))
[x\](javascript:alert(1))
[x]<script></script>(javascript:alert(1))
[x]<!-- -->(javascript:alert(1))
[x]<font>(javascript:alert(1))</font>
[x](<mention> javascript:alert(1))
[x](java<mention
>script:alert(1))
[x]:<mention> data:text/html,x
[x](</b> javascript:alert(1))
[x](java<!--
-->script:alert(1))
[x]:
```
<script>alert(1)</script>
```
- a

  ```
<script>alert(1)</script>
  ```
> ```
<script>alert(1)</script>
| a
    <script>alert(1)</script>
| `a | <script>alert(1)</script>` |
|---|---|
<div>
`<script>alert(1)</script>`
</div>
<pre>

```
<script>alert(1)</script>
```
``<script></script>`
x

```
<script>alert(1)</script>
```
~~~ `
<script>alert(1)</script>
~~~
``` a`b
<script>alert(1)</script>
```
1. ```
```
<script>alert(1)</script>
```
[^1]: ```

x[^1]

```
<script>alert(1)</script>
```
<!-- <script>alert(1)</script>
<!--><script>alert(1)</script>-->
<![CDATA[<script>alert(1)</script>]]>
<?php <script>alert(1)</script> ?>
<!DOCTYPE x <script>alert(1)</script>>
# x {onclick=alert(1)}
# x {style="position:fixed" onmouseover="alert(1)"}
```js {onclick=alert(1) style="x"}
x
```
<b id=x class=y style="z" onclick=alert(1)>x
<form action=x><input name=y formaction="javascript:alert(1)"></form>
<a href="x" title="[x](javascript:alert(1))">y</a>
<a title="
`<script>alert(1)</script>`
">
<details open ontoggle=alert(1)><summary>x</summary>
<textarea><img title="</textarea><script>alert(1)</script>">
<noscript><p title="</noscript><script>alert(1)</script>">
<style><img title="</style><script>alert(1)</script>"></style>
<xmp><p title="</xmp><script>alert(1)</script>">
<base href="javascript:/a/">
<meta http-equiv=refresh content="0;url=javascript:alert(1)">
<object data="javascript:alert(1)"><embed src="javascript:alert(1)">
<link rel=stylesheet href="data:text/css,*{x:y}">
\<script>alert(1)</script>
\\<script>alert(1)</script>
`\`<script>alert(1)</script>`
``a`<script>alert(1)</script>``b`
<https://x.org"onmouseover="alert(1)>
<x@y.org"onclick=alert(1)>
&lt;script&gt;alert(1)&lt;/script&gt;
<a href="https://x.org" <script>alert(1)</script>>y</a>
[y][[a|(javascript:alert(1))]]
[y]user#1 [y]group#3
<a>[y]https://op.example.org/work_packages/17</a>
[y](java[[a|script]]:alert(1) [[b|"t"]])
[y]([[/|javascript]]:alert(1) [[b|"t"]])
[y](java\[\[a|script\]\]:alert(1) \[\[b|"t"\]\])
[y](\[\[/|javascript\]\]:alert(1) \[\[b|"t"\]\])
[y]\[\[a|(javascript:alert(1))\]\]
[y](project#15:alert(1) [[b|"t"]])
[y](user#16 [[b|"t"]])
[y](java<b>project#15:alert(1) [[b|"t"]])
x [y]: project#15:alert(1) [y]
[^y]: project#15:alert(1)

[^y] [[[a|y]]]: project#15:alert(1)
[y]: [[a|javascript:alert(1)]]
[y]: \[\[a|javascript:alert(1)\]\]
x <a>
[^y]: https://op.example.org/work_packages/16 [y][^y]
[^y]: ##16 "t"
# T [[a|{style="position:fixed"}]]
# T {style="x" [[a|}]]
# T \[\[a|{style="position:fixed"}\]\]
# T {style="x"}\[\[a| \]\]
# T {style="x" version#8
# T {style="x"}[[a| ]]
# T ##7
# T ##14
[[a|\]]`<script>alert(1)</script>`
\[\[a|\\]\]`<script>alert(1)</script>`
\[\[a|x\]\\]\]`<script>alert(1)</script>`
[[`|x]]`<script>alert(1)</script>`
``[[a|`]]

```
<script>alert(1)</script>
```
``##3

```
<script>alert(1)</script>
```
~~[[a|~]]

~~~
<script>alert(1)</script>
~~~
"""

PIECES = r"""
` `` ``` ```` ~~~ ~~~~ ```js ```{onclick=1} <script>alert(1)</script> <script> </script> <img~src=x~onerror=alert(1)> <svg/onload=alert(1)>
<b> </b> <i>x</i> <div> </div> <pre> </pre> <code> </code> <details> <table> <td> <p> <a~href="javascript:alert(1)"> <a~href=x> </a>
<!-- --> --!> <? ?> <![CDATA[ ]]> <!x <x <x> < > </ <font> </font> <mention> <macro> <style> </style> <textarea> <title>
[ ] ( ) ]( ]: [x]( [x]: [y][x] ![ [^1]: [^1] javascript:alert(1) javascript&colon;alert(1) java\script: &#106;avascript: data:text/html,x https://x.org <https://x.org>
<javascript:alert(1)> \ \\ \` \< \] & &lt; &#60; &#x3c; " ' = { } {.x} {onclick=alert(1)} [[a|javascript]] [[/|javascript]] \[\[a|javascript\]\] \[\[/|"t"\]\] [[a|"t"]] [[a|x`]] [[a|`]] [[ | ]] #12 ##3 ##7 ###17 user#1 project#15:alert(1) group#3 version#8 project#15 https://op.example.org/work_packages/16 # ## - * + 1. > >~ | || |-|-| --- === : ; _ ** ~~ $$ \( x y word
""".split()
BREAKS = ["\n", "\n", "\n\n", "\n\n", "\n    ", "\n\t", "\n  ", "\n> ",
          "\n- ", "\n1. ", " ", " ", "", "\r", "\r\n", "\x0c", "\0",
          "\u00a0", "\u2028", "  \n", "\n   "]


def thrown_together(rng):
    out = []
    for _ in range(rng.randint(2, 22)):
        out.append(rng.choice(PIECES).replace("~", " ")
                   if rng.random() < 0.9 else rng.choice(PIECES))
        out.append(rng.choice(BREAKS) if rng.random() < 0.7 else "")
    return "".join(out)


def attacks():
    """Each by itself, and behind what may change what it means."""
    lines = ATTACKS.strip("\n")
    yield lines
    each = lines.split("\n")
    for i in range(len(each)):
        yield each[i]
        yield "\n".join(each[i:i + 5])
        for before in ("> ", "- ", "    ", "x\n", "`", "<div>\n", "| a |\n",
                       "```\nx\n```\n", "```\n"):
            yield before + each[i]


def long_ones():
    """Beyond what is looked at, or what is taken for a tag."""
    yield "[x](%sjavascript:alert(1))" % (" " * 1200)
    yield "[x]:\n%s<javascript:alert(1)>\n\n[x]" % (" " * 1200)
    yield '# T {style="x" title="%s"}' % ("a" * 1200)
    yield '# T {style="x" [[%s|x]]}' % ("a" * 1200)
    yield '<a href=x title="%s ##10">y</a>' % ("&#34;" * 1500)
    yield "[y](user#1%s" % ("a" * 5000)


def sanitized(texts, mode):
    wire = "\0".join(t.replace("\0", "\x01") for t in texts).encode() + b"\0"
    done = subprocess.run([PROGRAM, mode], input=wire,
                          stdout=subprocess.PIPE, check=False)
    return [t.decode() for t in done.stdout.split(b"\0")[:-1]]


class Reader(html.parser.HTMLParser):
    """What a page holds that nobody allowed."""

    def __init__(self):
        super().__init__()
        self.bad = []

    def handle_starttag(self, tag, attrs):
        if tag not in ELEMENTS and tag != "input":
            self.bad.append("<%s>" % tag)
        for name, value in attrs:
            if (tag, name) in HUGOS:
                if name == "style" and not re.fullmatch(
                        "text-align: ?(left|right|center);?", value):
                    self.bad.append("style=%s" % value)
                continue
            if name not in ATTRIBUTES:
                self.bad.append("<%s %s=%r>" % (tag, name, value))
            if name in ("href", "src"):
                self.look_at(value or "")

    def look_at(self, address):
        address = re.sub("[\0-\x20\x7f]", "", address)
        head = re.match("[A-Za-z][A-Za-z0-9+.-]*:", address)
        if head and head.group()[:-1].lower() not in SCHEMES:
            self.bad.append("address %r" % address)

    def handle_comment(self, data):
        self.bad.append("a comment")

    def handle_decl(self, decl):
        self.bad.append("<!%s>" % decl)

    def unknown_decl(self, data):
        self.bad.append("<![%s" % data)

    def handle_pi(self, data):
        self.bad.append("<?%s>" % data)


def flaws(page):
    reader = Reader()
    reader.feed(page)
    reader.close()
    return reader.bad


CONFIG = """disableKinds = ["taxonomy", "term", "RSS", "sitemap", "home",
"section"]
[markup]
defaultMarkdownHandler = "goldmark"
[markup.goldmark.renderer]
unsafe = true
[markup.goldmark.parser]
autoHeadingID = false
[markup.goldmark.parser.attribute]
title = true
block = true
[markup.goldmark.extensions]
footnote = false
[markup.highlight]
codeFences = false
"""


def shown(texts):
    """The pages that Hugo makes of texts."""
    with tempfile.TemporaryDirectory() as site:
        os.makedirs(site + "/layouts/_default")
        os.makedirs(site + "/content")
        with open(site + "/config.toml", "w") as f:
            f.write(CONFIG)
        with open(site + "/layouts/_default/single.html", "w") as f:
            f.write("page {{ .Content }}")
        for i, text in enumerate(texts):
            with open("%s/content/p%d.md" % (site, i), "w",
                      newline="") as f:
                f.write("---\ntitle: x\n---\n\n" +
                        text.replace("{{<", "{ {<").replace("{{%", "{ {%"))
        done = subprocess.run(["hugo", "--quiet", "--source", site],
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        if done.returncode != 0:
            print("# hugo: %s" % done.stdout.decode()[-2000:])
            return []
        pages = []
        for i in range(len(texts)):
            with open("%s/public/p%d/index.html" % (site, i),
                      errors="replace") as f:
                pages.append(f.read())
        return pages


def judge(name, originals, texts):
    """How many pages hold something bad; the first few are shown."""
    pages = shown(texts)
    if len(pages) != len(originals):
        print("# %s: %d pages of %d" % (name, len(pages), len(originals)))
        return 1
    bad = [(o, t, p, flaws(p)) for o, t, p in zip(originals, texts, pages)
           if flaws(p)]
    for original, text, page, why in bad[:4]:
        print("# %s: %s\n# from %r\n# made %r\n# page %r" % (
            name, why, original, text, page))
    return len(bad)


def main():
    rng = random.Random(SEED)
    texts = list(attacks()) + list(long_ones()) + [thrown_together(rng) for _ in range(COUNT)]
    clean = sanitized(texts, "--sanitize")
    html_clean = sanitized(texts, "--sanitize-html")
    raw = shown(texts[:60])
    checks = (
        (len(clean) == len(html_clean) == len(texts), "all come back"),
        (any(flaws(page) for page in raw), "as they are, they are bad"),
        (judge("markdown", texts, clean) == 0,
         "%d pages of markdown hold nothing bad" % len(texts)),
        (judge("text", texts, sanitized(texts, "--text")) == 0 and
         judge("link", texts, sanitized(texts, "--link")) == 0,
         "nor where references become texts or links"),
        (judge("html", texts, html_clean) == 0,
         "%d pages of HTML hold nothing bad" % len(texts)),
        (not any(flaws(text) for text in html_clean),
         "nor does the HTML by itself"))
    print("1..%d" % len(checks))
    for i, (ok, name) in enumerate(checks, 1):
        print("%sok %d - %s" % ("" if ok else "not ", i, name))
    return 0 if all(ok for ok, _ in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
