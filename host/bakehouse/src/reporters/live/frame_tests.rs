use std::fmt::Write as _;

use bakehouse_core::progress::{Event, Looking, QueuedTarget};
use bakehouse_core::target::TargetId;

use super::*;

const WIDTHS: [usize; 3] = [40, 80, 200];

fn target(app: &str, version: usize, platform: &str) -> TargetId {
    TargetId {
        app: app.to_owned(),
        version: format!("10.{version}.0"),
        image: app.to_owned(),
        platform: platform.parse().unwrap(),
    }
}

/// Targets of these apps, all their versions for two platforms.
fn queued(apps: &[(&str, usize)]) -> Vec<QueuedTarget> {
    let mut queued = Vec::new();
    for (app, versions) in apps {
        for version in 0..*versions {
            for platform in ["linux/amd64", "linux/arm64"] {
                queued.push(QueuedTarget {
                    target: target(app, version, platform),
                    expected_seconds: Some(90),
                });
            }
        }
    }
    queued
}

/// A board on which these are queued, so many are done, and so many at work.
fn board(queued: &[QueuedTarget], done: usize, running: usize) -> Board {
    let mut board = Board::default();
    let at = Duration::from_secs(10);
    let targets = queued;
    let event = Event::TargetsQueued {
        targets,
        concurrency: running,
    };
    board.apply(event, at);
    for (place, QueuedTarget { target, .. }) in queued.iter().enumerate().take(done + running) {
        board.apply(Event::TargetStarted { target }, at);
        let steps = Event::TargetSteps {
            target,
            done: 4,
            cached: 2,
            total: 9,
        };
        board.apply(steps, at);
        if place < done {
            let finished = Event::TargetFinished {
                target,
                digest: "sha256:0",
                reused: false,
                aside: false,
                elapsed: Duration::from_secs(80),
            };
            board.apply(finished, at);
            let pushed = Event::TargetPushed {
                target,
                sent: 1_500_000,
                skipped: 40_000_000,
            };
            board.apply(pushed, at);
        }
    }
    board
}

fn say(board: &mut Board, target: &TargetId, step: &str, line: &str) {
    let at = Duration::from_secs(20);
    board.apply(Event::TargetStep { target, step }, at);
    board.apply(Event::TargetOutput { target, line }, at);
}

fn fail(board: &mut Board, target: &TargetId) {
    let failed = Event::TargetFailed {
        target,
        error: "no",
        hint: None,
        log: None,
        reproduce: "",
        code: 8,
        elapsed: Duration::ZERO,
    };
    board.apply(failed, Duration::from_secs(20));
}

fn rows(board: &Board, rows: usize, columns: usize, now: u64) -> Vec<Row> {
    let canvas = Canvas {
        rows,
        columns,
        now: Duration::from_secs(now),
        glyphs: Glyphs::UNICODE,
    };
    let drawn = frame(board, &canvas);
    assert!(drawn.len() < rows, "{} of {rows}", drawn.len());
    for row in &drawn {
        assert!(row.columns() < columns, "{columns}: {}", row.plain());
    }
    drawn
}

/// The frame at every width.
fn shown(board: &Board, now: u64) -> String {
    let mut out = String::new();
    for columns in WIDTHS {
        let _ = writeln!(out, "{columns}:");
        for row in rows(board, 24, columns, now) {
            let _ = writeln!(out, "{}", row.plain());
        }
    }
    out
}

#[test]
fn targets_at_work_stand_below_their_apps() {
    let all = queued(&[("mattermost", 2), ("outline", 1)]);
    let mut board = board(&all, 1, 4);
    fail(&mut board, &target("mattermost", 0, "linux/arm64"));
    let step = "[build 4/9] RUN make build-linux BUILD_ENTERPRISE=false";
    say(
        &mut board,
        &target("mattermost", 1, "linux/amd64"),
        step,
        "  CC   server/channels/app/file.go",
    );
    say(
        &mut board,
        &target("mattermost", 1, "linux/arm64"),
        "downloads the sources",
        "",
    );
    // Wide characters, and what a terminal would obey.
    let step = "[2/3] RUN npm run \u{7ffb}\u{8bd1} \u{1f680}";
    let line = "\u{6b63}\u{5728}\u{7f16}\u{8bd1}\u{524d}\u{7aef}\u{8d44}\u{6e90}\u{6587}\u{4ef6}\u{ff0c}\u{8bf7}\u{7a0d}\u{5019} \u{1b}[2J 100%";
    say(&mut board, &target("outline", 0, "linux/amd64"), step, line);
    insta::assert_snapshot!(shown(&board, 75));
}

#[test]
fn four_hundred_targets_take_no_more_room_than_four() {
    let all = queued(&[("esbuild", 100), ("mattermost", 60), ("outline", 40)]);
    assert_eq!(all.len(), 400);
    let mut board = board(&all, 130, 4);
    for QueuedTarget { target, .. } in all.iter().take(20) {
        fail(&mut board, target);
    }
    for QueuedTarget { target, .. } in &all[130..134] {
        say(&mut board, target, "[2/2] COPY esbuild /usr/bin/", "");
    }
    insta::assert_snapshot!(shown(&board, 400));
    for columns in WIDTHS {
        assert!(rows(&board, 24, columns, 400).len() < 12);
    }
}

#[test]
fn a_low_terminal_names_those_that_it_has_room_for() {
    let all = queued(&[("esbuild", 20), ("outline", 20)]);
    let board = board(&all, 20, 40);
    for height in [2, 3, 5, 8, 12, 30, 60] {
        let drawn = rows(&board, height, 80, 75);
        let at_work = drawn
            .iter()
            .filter(|row| row.plain().contains("linux/"))
            .count();
        let last = drawn.last().unwrap().plain();
        if height > 4 {
            let more = format!("and {} more targets at work", 40 - at_work);
            assert!(at_work > 0 && last.ends_with(&more), "{height}: {last}");
        }
    }
}

#[test]
fn a_stage_names_the_apps_that_it_waits_for() {
    let mut board = Board::default();
    let at = Duration::from_secs(0);
    let stage = Looking::Discover;
    board.apply(Event::AppsQueued { stage, apps: 20 }, at);
    for n in 0..20 {
        let (app, detail) = (&*format!("app{n}"), "");
        board.apply(Event::AppStarted { stage, app, detail }, at);
        let elapsed = Duration::from_secs(1);
        if n < 9 {
            board.apply(
                Event::AppFinished {
                    stage,
                    app,
                    elapsed,
                },
                at,
            );
        } else if n < 11 {
            let error = "no";
            board.apply(
                Event::AppFailed {
                    stage,
                    app,
                    error,
                    elapsed,
                },
                at,
            );
        }
    }
    insta::assert_snapshot!(shown(&board, 12));
    // Those that are quick are not named.
    assert_eq!(rows(&board, 24, 80, 0).len(), 1);
    assert!(
        frame(
            &Board::default(),
            &Canvas {
                rows: 24,
                columns: 80,
                now: at,
                glyphs: Glyphs::ASCII,
            }
        )
        .is_empty()
    );
}

#[test]
fn the_end_is_numbers_alone() {
    let all = queued(&[("esbuild", 2)]);
    let mut board = board(&all, 4, 0);
    board.apply(
        Event::Tagged {
            reference: "local/a:1",
            to: "sha256:0",
        },
        Duration::ZERO,
    );
    board.apply(
        Event::Retry {
            what: "reading",
            after: Duration::ZERO,
        },
        Duration::ZERO,
    );
    insta::assert_snapshot!(shown(&board, 4000));
    board.apply(Event::Ended { code: 0 }, Duration::ZERO);
    assert!(rows(&board, 24, 80, 4000).is_empty());
}
