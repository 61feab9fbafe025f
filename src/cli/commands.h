/* The functions behind the table of commands, a file a group. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/cli.h"

/* help.c, completion.c */
int run_help(struct cli *cli, const struct cli_args *args);
int run_completion(struct cli *cli, const struct cli_args *args);
/* names.c */
int run_completion_names(struct cli *cli, const struct cli_args *args);

/* system.c */
int run_init(struct cli *cli, const struct cli_args *args);
int run_status(struct cli *cli, const struct cli_args *args);

/* session.c */
int run_login(struct cli *cli, const struct cli_args *args);
int run_logout(struct cli *cli, const struct cli_args *args);
int run_owner_reset(struct cli *cli, const struct cli_args *args);

/* account.c */
int run_account_create(struct cli *cli, const struct cli_args *args);
int run_account_list(struct cli *cli, const struct cli_args *args);
int run_account_show(struct cli *cli, const struct cli_args *args);
int run_account_edit(struct cli *cli, const struct cli_args *args);
int run_account_host_add(struct cli *cli, const struct cli_args *args);
int run_account_host_remove(struct cli *cli, const struct cli_args *args);
int run_user_create(struct cli *cli, const struct cli_args *args);
int run_user_list(struct cli *cli, const struct cli_args *args);

/* people.c */
int run_user_show(struct cli *cli, const struct cli_args *args);
int run_user_edit(struct cli *cli, const struct cli_args *args);
int run_user_profiles(struct cli *cli, const struct cli_args *args);
int run_user_erase(struct cli *cli, const struct cli_args *args);
int run_user_reset(struct cli *cli, const struct cli_args *args);

/* me.c */
int run_whoami(struct cli *cli, const struct cli_args *args);
int run_session_list(struct cli *cli, const struct cli_args *args);
int run_session_end(struct cli *cli, const struct cli_args *args);
int run_password(struct cli *cli, const struct cli_args *args);
int run_recovery_codes(struct cli *cli, const struct cli_args *args);
int run_second_factor(struct cli *cli, const struct cli_args *args);
int run_enrol(struct cli *cli, const struct cli_args *args);

/* handover.c */
int run_handover_list(struct cli *cli, const struct cli_args *args);
int run_handover_withdraw(struct cli *cli, const struct cli_args *args);
int run_handover_look(struct cli *cli, const struct cli_args *args);
int run_handover_open(struct cli *cli, const struct cli_args *args);

/* owner.c */
int run_owner_transfer(struct cli *cli, const struct cli_args *args);
int run_owner_invitation(struct cli *cli, const struct cli_args *args);
int run_owner_accept(struct cli *cli, const struct cli_args *args);
int run_owner_cancel(struct cli *cli, const struct cli_args *args);

/* token.c: management tokens */
int run_token_create(struct cli *cli, const struct cli_args *args);
int run_token_list(struct cli *cli, const struct cli_args *args);
int run_token_revoke(struct cli *cli, const struct cli_args *args);

/* profile.c */
int run_profile_create(struct cli *cli, const struct cli_args *args);
int run_profile_list(struct cli *cli, const struct cli_args *args);
int run_profile_show(struct cli *cli, const struct cli_args *args);
int run_profile_edit(struct cli *cli, const struct cli_args *args);
int run_profile_delete(struct cli *cli, const struct cli_args *args);

/* key.c */
int run_key_create(struct cli *cli, const struct cli_args *args);
int run_key_list(struct cli *cli, const struct cli_args *args);
int run_key_show(struct cli *cli, const struct cli_args *args);
int run_key_edit(struct cli *cli, const struct cli_args *args);
int run_key_link(struct cli *cli, const struct cli_args *args);
int run_key_unlink(struct cli *cli, const struct cli_args *args);
int run_key_rotate(struct cli *cli, const struct cli_args *args);
int run_key_finish(struct cli *cli, const struct cli_args *args);
int run_key_cancel(struct cli *cli, const struct cli_args *args);
int run_key_activate(struct cli *cli, const struct cli_args *args);
int run_key_deactivate(struct cli *cli, const struct cli_args *args);
int run_key_revoke(struct cli *cli, const struct cli_args *args);
int run_key_import(struct cli *cli, const struct cli_args *args);

/* catalog.c */
int run_catalog_import(struct cli *cli, const struct cli_args *args);
int run_catalog_suggest(struct cli *cli, const struct cli_args *args);
int run_catalog_add(struct cli *cli, const struct cli_args *args);
int run_catalog_remove(struct cli *cli, const struct cli_args *args);
int run_catalog_show(struct cli *cli, const struct cli_args *args);
int run_catalog_export(struct cli *cli, const struct cli_args *args);
int run_resource_list(struct cli *cli, const struct cli_args *args);
int run_resource_create(struct cli *cli, const struct cli_args *args);

/* events.c */
int run_events_list(struct cli *cli, const struct cli_args *args);
int run_events_tail(struct cli *cli, const struct cli_args *args);
int run_events_chain(struct cli *cli, const struct cli_args *args);
int run_events_checkpoint(struct cli *cli, const struct cli_args *args);

/* events_verify.c */
int run_events_verify(struct cli *cli, const struct cli_args *args);

/* usage.c */
int run_usage(struct cli *cli, const struct cli_args *args);
int run_usage_resources(struct cli *cli, const struct cli_args *args);
int run_usage_retired(struct cli *cli, const struct cli_args *args);
int run_refusals_list(struct cli *cli, const struct cli_args *args);

/* backup.c, restore.c */
int run_backup(struct cli *cli, const struct cli_args *args);
int run_restore(struct cli *cli, const struct cli_args *args);
/* What comes back to life with a restored older backup, as far as anybody knows. */
void show_lost(struct cli *cli, const json_t *lost);

/* catalog_report.c: what an import found and changed */
void show_catalog_import(struct cli *cli, const json_t *answer);

/* check.c */
int run_verify(struct cli *cli, const struct cli_args *args);
int run_explain(struct cli *cli, const struct cli_args *args);
int run_can(struct cli *cli, const struct cli_args *args);
int run_token_check(struct cli *cli, const struct cli_args *args);

/* explained.c: a verdict with its steps and fixes, as far as the answer has them. */
void show_explanation(const struct cli *cli, const json_t *answer);

/* ---- shared by them (simple.c) ---- */

/* EXIT_YES when --account was given, or who asks has one; else says that it is needed. */
int need_account(struct cli *cli, const struct cli_args *args);

/* Add a text member when the value is there. */
void put_text(json_t *object, const char *name, const char *value);

/* Add true for "on", false for "off", nothing for NULL. */
void put_switch(json_t *object, const char *name, const char *value);
/* Add a secret: from a file, "-" or a prompt, as input_secret takes it. */
int put_secret(const struct cli *cli, json_t *body, const char *name, const char *path,
	const char *prompt_key);
/*
 * Add what a link holds behind its #, of --link-file or a prompt; what has no # is taken whole.
 * Without --url the keeper that the link leads to is asked.
 */
int put_link(struct cli *cli, const struct cli_args *args, json_t *body, const char *member);

/* Ask with a body, which is taken (NULL: none). As client_ask. */
int send_body(struct cli *cli, const char *method, const char *path, json_t *body,
	struct client_answer *answer);

/*
 * Send and show the object that comes back by these columns (or as JSON).
 * body may be NULL; it is taken.
 */
int send_and_show(struct cli *cli, const char *method, const char *path, json_t *body,
	const struct column *columns, size_t columns_count);

/* One object by these columns, or as JSON. */
void show_one(const struct cli *cli, const json_t *object, const struct column *columns,
	size_t columns_count);

/* Send; show the JSON that comes back, or say that it is done. body is taken. */
int send_and_say(
	struct cli *cli, const char *method, const char *path, json_t *body, const char *done_key);

/* send_and_show of a POST that answers with a link for a person, once; says what to do with it. */
int send_and_show_link(struct cli *cli, const char *path, json_t *body,
	const struct column *columns, size_t columns_count);

/* A list as a table, as JSON, or the sentence that there is nothing. */
void show_items(const struct cli *cli, const json_t *items, const struct column *columns,
	size_t columns_count);

/* Fetch a whole collection and show it as a table (or as JSON). */
int list_and_show(
	struct cli *cli, const char *path, const struct column *columns, size_t columns_count);

#endif
