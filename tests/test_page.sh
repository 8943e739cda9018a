#!/bin/sh
# The report as a person gets it: a page that is well formed and needs nothing else, and, where there is
# a browser, one that is drawn whole on a wide and on a narrow screen.
# CHROMIUM: another browser of that family.
set -u
: "${ELIG_BIN:=build/bin}" "${ELIG_TOP:=.}" "${CHROMIUM:=chromium}"
work=$(mktemp -d) || exit 3
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
good() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "$*"; }
check() { # SENTENCE COMMAND ...
    sentence=$1
    shift
    if "$@" >"$work/said" 2>&1; then good; else bad "$sentence: $(tail -n 3 "$work/said")"; fi
}
never() { ! "$@"; }

"$ELIG_TOP/tests/make_measures.sh" >"$work/measures.csv"
page=$work/page.html
check "a report is made" "$ELIG_BIN/eligbench" report --html "$page" "$work/measures.csv"
check "a page of one row is made" sh -c "sed -n '1,2p;\$p' '$work/measures.csv' | grep -v '^#' >'$work/one.csv' &&
    '$ELIG_BIN/eligbench' report --html '$work/one.html' '$work/one.csv' >/dev/null"
check "a page of no row is made" sh -c "head -n 1 '$work/measures.csv' >'$work/none.csv' &&
    '$ELIG_BIN/eligbench' report --html '$work/none.html' '$work/none.csv' >/dev/null"
check "the tables are printed" sh -c "'$ELIG_BIN/eligbench' report '$work/measures.csv' | grep -q '^  sealed CHECK / echo, depth 64  .* met'"
check "the same page comes of the same measures" sh -c "'$ELIG_BIN/eligbench' report --html '$work/again.html' '$work/measures.csv' >/dev/null &&
    cmp '$page' '$work/again.html'"
check "a page that cannot be written is a fault" sh -c "'$ELIG_BIN/eligbench' report --html /nonexistent/x.html '$work/measures.csv' >/dev/null 2>'$work/fault'; test \$? -eq 3"
check "which names it" grep -q '^eligbench report: /nonexistent' "$work/fault"
check "measures that are none are a fault" sh -c "echo x | tee '$work/x.csv' >/dev/null; '$ELIG_BIN/eligbench' report '$work/x.csv' 2>&1 | grep -q 'x.csv:1: the column \"x\" is none'"

# ---- the page as text ----

check "nothing comes from elsewhere" never grep -niE 'https?:|src=|<script|<link|@import|url\(|<img|<iframe' "$page"
check "links stay in the page" never grep -noE 'href="[^#][^"]*"' "$page"
grep -o 'href="#[^"]*"' "$page" | sed 's/.*#//; s/"//' >"$work/links"
while read -r id; do
    check "what $id links to is there" grep -q "id=\"$id\"" "$page"
done <"$work/links"
check "no two things have one id" sh -c "test -z \"\$(grep -o ' id=\"[^\"]*\"' '$page' | sort | uniq -d)\""
if command -v xmllint >/dev/null; then
    for made in page one none; do
        check "$made.html is well formed" xmllint --noout "$work/$made.html"
    done
else
    echo "skipped: xmllint is not installed (libxml2-utils): whether pages are well formed"
fi
if command -v python3 >/dev/null; then
    check "the JSON is JSON" sh -c "'$ELIG_BIN/eligbench' report --json '$work/measures.csv' | python3 -c 'import json, sys; assert json.load(sys.stdin)[\"wanted\"]'"
else
    echo "skipped: python3 is not installed: whether the JSON is JSON"
fi

# ---- the page as it is seen ----

skip_browser() {
    echo "skipped: $1: what the page looks like"
    echo "$passed passed, $failed failed, 0 skipped"
    [ $failed -eq 0 ]
    exit
}
browse() { # [options] FILE
    timeout 120 "$CHROMIUM" --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run \
        --user-data-dir="$work/profile" --enable-logging=stderr --virtual-time-budget=10000 "$@" </dev/null
}
[ "${ROUNDS_SHARE:-1}" -eq 1 ] || skip_browser "plain make check looks at the same page"
command -v "$CHROMIUM" >/dev/null || skip_browser "$CHROMIUM is not installed"
export HOME="$work"
picture() { # FILE PICTURE: what the browser says about it
    browse --window-size=1000,6000 --screenshot="$work/$2" "file://$work/$1" 2>&1
}
echo '<p>It starts.</p>' >"$work/start.html"
picture start.html start.png >"$work/said"
[ -s "$work/start.png" ] || skip_browser "$CHROMIUM does not start here"

# A copy of the page that looks at itself and tells whoever shows it: without the rule that forbids scripts.
cat >"$work/look.js" <<'END'
addEventListener('load', () => {
    const problems = [], near = (a, b) => a - b > 1.5;
    const seen = [...document.querySelectorAll('svg')].filter(svg => getComputedStyle(svg).display !== 'none');
    if (seen.length < 6) problems.push('only ' + seen.length + ' drawings are seen');
    if (document.documentElement.scrollWidth > innerWidth) problems.push('the page is wider than the screen');
    for (const svg of seen) {
        const box = svg.getBoundingClientRect();
        if (!(box.width > 100 && box.height > 50)) problems.push(svg.id + ' has no size');
        const texts = [...svg.querySelectorAll('text')].map(text => ({ text, box: text.getBoundingClientRect() }));
        for (const { text, box: t } of texts)
            if (near(box.left, t.left) || near(t.right, box.right) || near(box.top, t.top) || near(t.bottom, box.bottom))
                problems.push(svg.id + ': "' + text.textContent + '" is cut off');
        texts.forEach((a, i) => texts.slice(0, i).forEach(b => {
            const wide = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
            const high = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
            if (wide > 1.5 && high > 4) problems.push(svg.id + ': "' + a.text.textContent + '" is on "' + b.text.textContent + '"');
        }));
    }
    parent.postMessage(innerWidth + ': ' + (problems.join('; ') || 'nothing is wrong'), '*');
});
END
looking() { { sed '/http-equiv/d; /<\/body>/,$d' "$page"; echo '<script>'; cat "$work/look.js"; echo '</script></body></html>'; } }
looking >"$work/looking.html"
# What it must see: names that are cut off, and stand on each other.
looking | sed 's/\(<text [^>]*\) x="[^"]*" y="[^"]*"/\1 x="-50" y="9"/' >"$work/broken.html"
{
    echo '<!DOCTYPE html><body><script>addEventListener("message", e => { const p = document.createElement("p"); p.textContent = "width " + e.data; document.body.append(p); })</script>'
    for screen in 400:looking 800:looking 1600:looking 1000:broken; do
        echo "<iframe src=\"${screen#*:}.html\" style=\"border:0;width:${screen%:*}px;height:9000px\"></iframe>"
    done
} >"$work/screens.html"
browse --dump-dom "file://$work/screens.html" 2>/dev/null | grep -o 'width [0-9]*: [^<]*' >"$work/looks"
for width in 400 800 1600; do
    if grep -q "^width $width: nothing is wrong\$" "$work/looks"; then
        good
    else
        bad "at a width of $width: $(grep "^width $width:" "$work/looks" | tr ';' '\n' | head -n 20)"
    fi
done
check "what is cut off is seen" grep -q '^width 1000: .* is cut off' "$work/looks"
check "what stands on something else is seen" grep -q '^width 1000: .*" is on "' "$work/looks"

picture page.html page.png >"$work/console"
check "the browser has nothing to complain of" never grep CONSOLE "$work/console"
size() { wc -c <"$work/$1"; }
check "the page is not blank" test "$(size page.png)" -gt $((5 * $(size start.png)))
sed 's/<\/body>/<script>1<\/script>&/' "$page" >"$work/scripted.html"
picture scripted.html scripted.png >"$work/console"
check "a script in the page would not run, and be complained of" grep -q CONSOLE "$work/console"

echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
