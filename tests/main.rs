//! Integration tests: the real `bakehouse` binary against a real engine, a real
//! BuildKit, two registries, and upstream fixtures on loopback.
//!
//! `./justw test` sets up what they need. Without it they fail, with a hint.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests end by panicking"
)]

mod bad_input_test;
mod base_platform_test;
mod build_merge_test;
mod builders_test;
mod cache_test;
mod cases_test;
mod comparison_test;
mod completion_test;
mod compose_test;
mod contract_0_1_test;
mod contract_test;
mod cross_compile_test;
mod disk_full_test;
mod docs_test;
mod doctor_test;
mod embedded_registry_test;
mod emulation_test;
mod ending_test;
mod esbuild_test;
mod failure_test;
mod from_nothing_test;
mod fuzz_regressions_test;
mod gitlab_test;
mod grants_test;
mod hostile;
mod inspect_test;
mod login_test;
mod mattermost_test;
mod merge_trust_test;
mod mostlymatter_test;
mod new_terminal_test;
mod new_test;
mod nothing_test;
mod object_store_test;
mod options_test;
mod outline_modules_test;
mod outline_test;
mod own_project_test;
mod product_words_test;
mod pypi_test;
mod quiet_test;
mod rebuild_test;
mod recipe_build_test;
mod recipe_check_test;
mod recipe_show_test;
mod registry_answers_test;
mod registry_random_faults_test;
mod release_sources_test;
mod release_test;
mod remembered_test;
mod resume_test;
mod review_test;
mod run_test;
mod runs_test;
mod sandbox_test;
mod screen_test;
mod shipped_test;
mod site_test;
mod source_test;
mod stand_ins_test;
mod state_test;
mod status_test;
mod step_settings_test;
mod storage_test;
mod support;
mod tags_test;
mod text_test;
mod up_test;
mod versions_test;
mod workflow_test;
