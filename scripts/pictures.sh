#!/usr/bin/env bash
# Pictures of docs/pictures/, from a real run in a real terminal, and a real status page in a real browser.
# usage: scripts/pictures.sh [PROJECT [ARGUMENT...]]
#
# PROJECT is this repository where none is given; its images are built anew into a registry of their own. Each ARGUMENT is one of
# `bakehouse run`'s. Of what the terminal showed, the picture is where most is at work. The page is of the project's own
# images where it has a history, else of those of the run.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

project=$(cd "${1:-$ROOT}" && pwd)
shift || true
columns=100 rows=24
out=$ROOT/docs/pictures
for program in tmux chromium python3; do
    command -v $program >/dev/null || die "this needs $program" "apt-get install tmux chromium python3-venv"
done
install_rich() {
    python3 -m venv "$TOOLS/rich"
    "$TOOLS/rich/bin/pip" install --quiet --require-hashes --no-deps --only-binary :all: --disable-pip-version-check \
        --requirement "$ROOT/scripts/pictures/requirements.txt"
}
once rich install_rich
environment=$("$ROOT/scripts/env.sh")
eval "$environment"
work=$(mktemp -d)
end() {
    tmux -L bakehouse-pictures kill-server 2>/dev/null || true
    rm -rf "$work"
}
trap end EXIT
trap 'exit 130' INT TERM

# run: in a terminal of its own, watched until it ends.
run() {
    mkdir "$work/project" "$work/screens"
    cp -r "$project/bakehouse.toml" "$project/apps" "$work/project/"
    for more in plugins target ca.pem; do [ ! -e "$project/$more" ] || ln -s "$project/$more" "$work/project/$more"; done
    local command
    command=$(printf '%q ' "$BUILT/bakehouse" run --registry local --progress tty "$@")
    tmux -L bakehouse-pictures -f /dev/null new-session -d -x $columns -y $rows -c "$work/project" \
        -e LC_ALL=C.UTF-8 -e COLORTERM= -e TERM=xterm-256color "$command; touch $work/ended; sleep 5"
    local screen=0
    until [ -e "$work/ended" ]; do
        screen=$((screen + 1))
        tmux -L bakehouse-pictures capture-pane -e -p >"$work/screens/$(printf '%05d' $screen)" || break
        sleep 0.1
    done
}

# busiest: the screen with most targets at work, and of those the one that is nearest to the middle of the run.
busiest() {
    local spinners='⠋\|⠙\|⠹\|⠸\|⠼\|⠴\|⠦\|⠧\|⠇\|⠏' screen
    for screen in "$work"/screens/*; do
        printf '%s %s %s\n' "$(grep -c "$spinners" "$screen")" \
            "$(sed -n 's/.*build.* \([0-9]*\) of \([0-9]*\) done.*/\1 \2/p' "$screen" | head -n 1)" "$screen"
    done | awk 'NF == 4 { far = 2 * $2 - $3; print $1, (far < 0 ? -far : far), $4 }' | sort -k1,1nr -k2,2n | head -n 1 | cut -d' ' -f3
}

# page PAGE NAME WIDTH HEIGHT: a page as NAME-light.png and NAME-dark.png.
page() {
    local scheme number=1
    for scheme in light dark; do
        chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size="$3,$4" --user-data-dir="$work/chromium" \
            --blink-settings=preferredColorScheme=$number --screenshot="$out/$2-$scheme.png" "file://$1" >"$work/chromium.log" 2>&1 ||
            die "chromium made no picture" "$(tail -n 3 "$work/chromium.log")"
        number=0
    done
}

mkdir -p "$out"
say "a run of $project"
run "$@"
screen=$(busiest)
[ -n "$screen" ] || die "nothing was seen at work"
"$TOOLS/rich/bin/python" "$ROOT/scripts/pictures/terminal.py" "$screen" "$out/run-light.svg" "$out/run-dark.svg" $columns \
    "bakehouse run in a terminal"
say "the status page"
[ -d "$project/.bakehouse/history" ] || project=$work/project
# Alarms have exit codes of their own.
(cd "$project" && "$BUILT/bakehouse" status --registry local --format html >"$work/status.html") || [ -s "$work/status.html" ]
page "$work/status.html" status 1100 720
ls -l "$out" >&2
