//! What every engine must do, as named cases run against each of them on this machine.
//!
//! A new engine joins with one line at the foot; what only one engine has is tested beside it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod contract;
mod support;

/// Makes a test of each case, on the engine that `$connect` finds.
macro_rules! contract {
    ($engine:ident, $connect:path, $($group:ident: $($case:ident)*;)*) => {
        mod $engine {
            $($(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let name = concat!(stringify!($engine), "::", stringify!($case));
                    $crate::contract::run(name, $connect, $crate::contract::$group::$case).await;
                }
            )*)*
        }
    };
}

/// Every case of every group.
macro_rules! every_case {
    ($engine:ident, $connect:path) => {
        contract! {
            $engine, $connect,
            sandbox:
                a_sandbox_goes_through_its_states
                sandboxes_are_found_again_by_owner
                destroying_is_done_once_and_asked_for_often
                what_is_gone_or_stopped_is_told_apart
                a_missing_image_is_told
                limits_hold
                the_memory_in_use_is_told
                there_is_no_network_unless_asked_for
                an_in_memory_file_system_has_its_size
                the_first_process_reaps_and_cannot_be_killed
                an_init_system_runs_and_takes_commands
                removing_a_sandbox_ends_its_shell;
            files:
                files_have_their_owners_and_modes
                our_images_have_the_account_we_count_on
                an_absent_user_becomes_the_images_own
                files_are_copied_in_and_out
                what_cannot_be_copied_is_refused;
            exec:
                a_megabyte_goes_through_unharmed
                outputs_are_apart_and_the_status_is_told
                arguments_and_variables_arrive_as_they_are
                one_connection_answers_again_and_again
                a_missing_program_fails_like_one
                dropping_ends_the_input;
            snapshot:
                a_rewind_brings_files_back
                a_rewound_sandbox_is_like_the_one_before
                a_snapshot_disturbs_nothing_that_runs
                memory_is_kept_while_it_is_small
                snapshots_are_listed_with_what_was_noted
                a_name_is_plain_and_taken_once
                rewinds_go_back_and_forth
                a_sandbox_that_is_broken_or_stopped_is_rewound
                a_rewind_that_was_cut_off_changes_nothing
                snapshots_go_with_the_last_sandbox
                an_init_system_comes_up_again_after_a_rewind;
            systems:
                machines_see_each_other_by_name_and_nothing_else
                a_command_is_the_first_process_and_its_end_the_machines
                processes_are_shared_where_asked_for
                a_machine_is_held_and_goes_on
                a_paused_machine_is_destroyed
                limits_are_changed_while_it_runs
                a_machine_is_cut_off_and_joined_again
                networks_are_found_by_owner_and_removed
                a_network_goes_with_the_last_machine
                a_system_is_made_and_removed_at_once
                what_a_cancelled_call_left_is_found
                what_can_be_no_machine_is_refused
                the_machines_of_an_attempt_stay_and_go_together;
            images:
                an_archive_is_taken_in_and_its_image_removed
                what_is_no_archive_is_refused
                a_layer_that_was_changed_is_refused;
            shell:
                the_size_is_right_from_the_first_byte
                a_resize_arrives
                it_is_a_login_shell_at_home
                output_is_passed_byte_for_byte
                input_is_passed_byte_for_byte
                ctrl_p_is_passed_at_once
                dropping_types_nothing
                when_the_stream_ends_the_status_is_known
                hanging_up_leaves_no_process
                a_shell_whose_stream_is_lost_can_be_hung_up
                what_is_told_to_outlive_its_terminal_does;
        }
    };
}

every_case!(docker, crate::support::engine);
every_case!(native, crate::support::native);
every_case!(unpacked, crate::support::unpacked);

contract! {
    docker_only, crate::support::engine,
    docker:
        a_broken_connection_is_told_and_mended
        a_connection_that_breaks_in_a_question_is_lost
        what_does_not_answer_as_an_engine_is_not_running
        an_engine_behind_ssh_is_reached
        an_engine_behind_tls_is_reached
        what_an_attempt_made_goes_with_its_sandbox
        nothing_of_the_host_is_in_a_sandbox
        a_container_of_somebody_else_is_not_ours
        snapshots_leave_no_image_behind
        a_dead_container_keeps_no_network
        a_cancelled_build_leaves_what_was_there
        images_are_told_and_made_only_when_they_may_be;
    images:
        an_image_for_another_machine_is_refused;
}

contract! {
    native_only, crate::support::native,
    images:
        layers_are_put_above_each_other
        an_archive_reaches_nothing_outside
        an_image_in_use_stays
        an_import_that_was_cut_off_leaves_nothing
        an_image_for_another_machine_is_refused;
    native:
        nothing_is_left_behind
        what_was_written_is_there_again_after_a_stop
        a_rule_of_sudo_is_held_to
        a_removal_that_was_cut_off_is_brought_to_its_end
        an_init_system_that_lost_its_agent_is_started_again;
}
