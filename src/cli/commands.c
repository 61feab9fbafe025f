/* The table of commands: what exists, what each takes, what runs it. */
#include "cli/commands.h"

#define O_ACCOUNT                                                                                  \
	{                                                                                          \
		"account", "NAME", "cli.opt_account", false                                        \
	}
#define N_ACCOUNT                                                                                  \
	{                                                                                          \
		"account", "NAME", "cli.opt_account", false, .needed = true                        \
	}
#define OPTIONS(list) list, ARRAY_LEN(list)

#define N_OWNER                                                                                    \
	{                                                                                          \
		"owner", "EMAIL", "cli.opt_owner", false, .needed = true,                          \
							  .prompt = "cli.ask_owner"                \
	}

static const struct cli_option INIT[] = { { "account", "NAME", "cli.opt_account_new", false,
						  .needed = true, .prompt = "cli.ask_account" },
	N_OWNER, { "display-name", "TEXT", "cli.opt_display_name", false } };
static const struct cli_option ACCOUNT_NEW[] = { N_OWNER,
	{ "display-name", "TEXT", "cli.opt_display_name", false } };
static const struct cli_option ACCOUNT_EDIT[] = { { "state", "STATE", "cli.opt_state", false,
							  .choices = "active suspended" },
	{ "display-name", "TEXT", "cli.opt_display_name", false },
	{ "manages-installation", CLI_SWITCH, "cli.opt_manages", false, .choices = "on off" } };
static const struct cli_option ACCOUNT[] = { O_ACCOUNT };
static const struct cli_option OF_ACCOUNT[] = { N_ACCOUNT };
static const struct cli_option USER_NEW[] = { N_ACCOUNT,
	{ "name", "TEXT", "cli.opt_name", false } };
static const struct cli_option USER_EDIT[] = { O_ACCOUNT,
	{ "email", "EMAIL", "cli.opt_email", false }, { "name", "TEXT", "cli.opt_name", false },
	{ "state", "STATE", "cli.opt_state", false, .choices = "active suspended" } };
#define O_LINK_FILE                                                                                \
	{                                                                                          \
		"link-file", "FILE", "login.opt_link_file", false                                  \
	}
#define O_CODE_FILE                                                                                \
	{                                                                                          \
		"code-file", "FILE", "login.opt_code_file", false                                  \
	}
#define O_NEW_PASSWORD                                                                             \
	{                                                                                          \
		"password-file", "FILE", "login.opt_new_password_file", false                      \
	}
static const struct cli_option USER_PROFILES[] = { O_ACCOUNT,
	{ "add", "PROFILE", "cli.opt_add_profile", true },
	{ "remove", "PROFILE", "cli.opt_remove_profile", true } };
static const struct cli_option ENROL[] = { O_LINK_FILE, O_NEW_PASSWORD, O_CODE_FILE };
#define O_CURRENT                                                                                  \
	{                                                                                          \
		"current-file", "FILE", "login.opt_password_file", false                           \
	}
static const struct cli_option PASSWORD[] = { O_CURRENT, O_NEW_PASSWORD };
static const struct cli_option FACTOR[] = { O_CURRENT, O_CODE_FILE };
static const struct cli_option RECOVERY[] = { O_CURRENT };
static const struct cli_option SHARE[] = { O_LINK_FILE };
static const struct cli_option LOGIN[] = { { "email", "EMAIL", "login.opt_email", false },
	O_ACCOUNT, { "password-file", "FILE", "login.opt_password_file", false }, O_CODE_FILE,
	{ "confirm", NULL, "login.opt_confirm", false } };
#define O_HANDLES_KEYS                                                                             \
	{                                                                                          \
		"handles-keys", CLI_SWITCH, "cli.opt_handles_keys", false, .choices = "on off"     \
	}
static const struct cli_option PROFILE_NEW[] = { N_ACCOUNT,
	{ "resource", "KEY", "cli.opt_resource", true }, O_HANDLES_KEYS };
static const struct cli_option PROFILE_EDIT[] = { O_ACCOUNT,
	{ "name", "TEXT", "cli.opt_name", false }, { "resource", "KEY", "cli.opt_resource", true },
	{ "add", "KEY", "cli.opt_add", true }, { "remove", "KEY", "cli.opt_remove", true },
	O_HANDLES_KEYS };
static const struct cli_option PROFILE_DELETE[] = { O_ACCOUNT,
	{ "unlink", NULL, "cli.opt_unlink", false } };
static const struct cli_option KEY_NEW[] = { N_ACCOUNT,
	{ "label", "TEXT", "cli.opt_label", false, .needed = true },
	{ "link", "PROFILE", "cli.opt_link", true },
	{ "expires", "TIME", "cli.opt_expires", false },
	{ "address", "CIDR", "cli.opt_address", true },
	{ "external-id", "ID", "cli.opt_external_id", false },
	{ "metadata", "JSON", "cli.opt_metadata", false },
	{ "rate", "COUNT/PERIOD", "cli.opt_rate", true },
	{ "quota", "COUNT/PERIOD", "cli.opt_quota", false },
	{ "handover", NULL, "cli.opt_handover", false } };
static const struct cli_option KEY_EDIT[] = { { "label", "TEXT", "cli.opt_label", false },
	{ "expires", "TIME", "cli.opt_expires", false },
	{ "address", "CIDR", "cli.opt_address", true },
	{ "any-address", NULL, "cli.opt_any_address", false },
	{ "external-id", "ID", "cli.opt_external_id", false },
	{ "metadata", "JSON", "cli.opt_metadata", false },
	{ "rate", "COUNT/PERIOD", "cli.opt_rate_edit", true },
	{ "quota", "COUNT/PERIOD", "cli.opt_quota", false },
	{ "no-limits", NULL, "cli.opt_no_limits", false } };
static const struct cli_option KEY_LIST[] = { O_ACCOUNT,
	{ "state", "STATE", "cli.opt_state", false, .choices = "active inactive revoked" },
	{ "profile", "ID", "cli.opt_profile_id", false },
	{ "external-id", "ID", "cli.opt_external_id", false },
	{ "external", NULL, "cli.opt_external", false },
	{ "alert", "ALERT", "cli.opt_key_alert", false,
		.choices = "unlinked token_old token_very_old rotation_open expiring expired"
			   " never_used unused_30d unused_90d any" },
	{ "sort", "ORDER", "cli.opt_key_sort", false, .choices = "oldest newest label last_used" },
	{ "search", "TEXT", "cli.opt_search", false } };
static const struct cli_option ROTATE[] = { { "overlap", "DURATION", "cli.opt_overlap", false },
	{ "handover", NULL, "cli.opt_handover", false } };
static const struct cli_option OWNER_TRANSFER[] = { N_ACCOUNT,
	{ "now", NULL, "cli.opt_owner_now", false } };
static const struct cli_option MACHINE_LIST[] = { N_ACCOUNT,
	{ "search", "TEXT", "cli.opt_search", false } };
static const struct cli_option MACHINE_NEW[] = { N_ACCOUNT,
	{ "label", "TEXT", "cli.opt_machine_label", false, .needed = true },
	{ "right", "RIGHT", "cli.opt_right", true, .needed = true,
		.choices = "keys.view keys.edit users.view users.edit profiles.view profiles.edit"
			   " catalog.view catalog.edit events.view diagnose settings" },
	{ "address", "CIDR", "cli.opt_machine_address", true, .needed = true },
	{ "expires", "TIME", "cli.opt_machine_expires", false, .needed = true } };
static const struct cli_option REVOKE[] = { { "reason", "REASON", "cli.opt_reason", false,
	.needed = true, .choices = "compromised unused replaced contract_ended other" } };
static const struct cli_option IMPORT[] = { N_ACCOUNT,
	{ "dry-run", NULL, "cli.opt_dry_run", false } };
static const struct cli_option TRIAL[] = { { "app-key", "APPKEY", "cli.opt_app_key", false },
	{ "app-token-file", "FILE", "cli.opt_app_token_file", false },
	{ "host", "HOST", "cli.opt_host", false }, { "from", "ADDRESS", "cli.opt_from", false },
	O_ACCOUNT };
static const struct cli_option CAN[] = { { "with-profile", "PROFILE", "cli.opt_with", true },
	{ "without-profile", "PROFILE", "cli.opt_without", true },
	{ "host", "HOST", "cli.opt_host", false }, { "from", "ADDRESS", "cli.opt_from", false },
	O_ACCOUNT };

static const struct cli_option TOKEN_CHECK[] = { { "prefix", "WORD", "cli.opt_prefix", false } };

static const struct cli_option CATALOG_IMPORT[] = { { "service", "NAME", "cli.opt_service", false },
	{ "on-conflict", "POLICY", "cli.opt_on_conflict", false, .choices = "fail narrow widen" },
	{ "ignore-servers", NULL, "cli.opt_ignore_servers", false },
	{ "prune", NULL, "cli.opt_prune", false }, { "dry-run", NULL, "cli.opt_dry_run", false } };
static const struct cli_option CATALOG_SUGGEST[] = { { "service", "NAME", "cli.opt_service",
	false } };
static const struct cli_option CATALOG_ADD[] = { { "service", "NAME", "cli.opt_service", false },
	{ "resource", "KEY", "cli.opt_resource", true },
	{ "authenticated", NULL, "cli.opt_authenticated", false },
	{ "public", NULL, "cli.opt_public", false } };
static const struct cli_option CATALOG_REMOVE[] = { { "service", "NAME", "cli.opt_service",
	false } };
static const struct cli_option CATALOG_SHOW[] = { { "service", "NAME", "cli.opt_service", false },
	{ "search", "TEXT", "cli.opt_search", false }, { "host", "HOST", "cli.opt_host", false } };
static const struct cli_option PROFILE_LIST[] = { N_ACCOUNT,
	{ "predefined", NULL, "cli.opt_predefined", false },
	{ "search", "TEXT", "cli.opt_search", false } };
static const struct cli_option RESOURCE_LIST[] = { { "search", "TEXT", "cli.opt_search", false } };
static const struct cli_option RESOURCE_NEW[] = { { "category", "TEXT", "cli.opt_category", false },
	{ "name", "TEXT", "cli.opt_name", false } };
#define EVENT_FILTERS                                                                              \
	O_ACCOUNT, { "entity", "KIND", "cli.opt_entity", false },                                  \
		{ "entity-id", "ID", "cli.opt_entity_id", false },                                 \
		{ "action", "ACTION", "cli.opt_action", false },                                   \
	{                                                                                          \
		"actor", "ACTOR", "cli.opt_actor", false                                           \
	}
static const struct cli_option EVENTS_LIST[] = { EVENT_FILTERS,
	{ "since", "REVISION|TIME", "cli.opt_since", false },
	{ "until", "TIME", "cli.opt_until", false },
	{ "limit", "COUNT", "cli.opt_events_limit", false } };
static const struct cli_option EVENTS_TAIL[] = { EVENT_FILTERS,
	{ "follow", NULL, "cli.opt_follow", false },
	{ "since", "REVISION|TIME", "cli.opt_since", false },
	{ "limit", "COUNT", "cli.opt_tail_limit", false } };
static const struct cli_option EVENTS_VERIFY[] = { { "public-key", "FILE|HEX", "cli.opt_public_key",
							   false },
	{ "checkpoint", "FILE", "cli.opt_checkpoint", false } };
#define USAGE_FILTERS                                                                              \
	O_ACCOUNT, { "key", "APPKEY", "use.opt_key", false },                                      \
		{ "cause", "CAUSE", "use.opt_cause", false },                                      \
		{ "since", "TIME", "use.opt_since", false },                                       \
	{                                                                                          \
		"until", "TIME", "use.opt_until", false                                            \
	}
static const struct cli_option USAGE[] = { USAGE_FILTERS,
	{ "route-id", "ID", "use.opt_route", false },
	{ "resource-id", "ID", "use.opt_resource", false },
	{ "verdict", "VERDICT", "use.opt_verdict", false, .choices = "allowed refused" },
	{ "step", "STEP", "use.opt_step", false, .choices = "hour day" },
	{ "by", "WHAT", "use.opt_by", false, .choices = "time key route resource cause" },
	{ "limit", "COUNT", "use.opt_limit", false } };
static const struct cli_option USAGE_RESOURCES[] = { N_ACCOUNT,
	{ "unused-days", "DAYS", "use.opt_unused_days", false } };
static const struct cli_option USAGE_RETIRED[] = { O_ACCOUNT,
	{ "since", "TIME", "use.opt_since", false } };
static const struct cli_option REFUSALS[] = { USAGE_FILTERS,
	{ "from", "ADDRESS", "use.opt_from", false },
	{ "request-id", "ID", "use.opt_request_id", false },
	{ "limit", "COUNT", "cli.opt_events_limit", false } };
static const struct cli_option RESTORE[] = { { "data-dir", "DIR", "cli.opt_data_dir", false },
	{ "records-url", "URL", "cli.opt_records_url", false },
	{ "replace", NULL, "cli.opt_replace", false },
	{ "confirm", NULL, "cli.opt_confirm", false } };

const struct cli_command COMMANDS[] = {
	{ "init", "", 0, 0, OPTIONS(INIT), "cli.cmd_init", run_init },
	{ "status", "", 0, 0, NULL, 0, "cli.cmd_status", run_status },
	{ "login", "", 0, 0, OPTIONS(LOGIN), "login.cmd_login", run_login },
	{ "logout", "", 0, 0, NULL, 0, "login.cmd_logout", run_logout },
	{ "whoami", "", 0, 0, NULL, 0, "login.cmd_whoami", run_whoami },
	{ "session list", "", 0, 0, NULL, 0, "login.cmd_session_list", run_session_list },
	{ "session end", "ID | others", 1, 1, NULL, 0, "login.cmd_session_end", run_session_end },
	{ "enrol", "", 0, 0, OPTIONS(ENROL), "login.cmd_enrol", run_enrol },
	{ "password", "", 0, 0, OPTIONS(PASSWORD), "login.cmd_password", run_password },
	{ "second-factor", "", 0, 0, OPTIONS(FACTOR), "login.cmd_second_factor",
		run_second_factor },
	{ "recovery-codes", "", 0, 0, OPTIONS(RECOVERY), "login.cmd_recovery_codes",
		run_recovery_codes },
	{ "account create", "NAME", 1, 1, OPTIONS(ACCOUNT_NEW), "cli.cmd_account_create",
		run_account_create },
	{ "account list", "", 0, 0, NULL, 0, "cli.cmd_account_list", run_account_list },
	{ "account show", "NAME", 1, 1, NULL, 0, "cli.cmd_account_show", run_account_show },
	{ "account edit", "NAME", 1, 1, OPTIONS(ACCOUNT_EDIT), "cli.cmd_account_edit",
		run_account_edit },
	{ "account host add", "NAME HOST", 2, 2, NULL, 0, "cli.cmd_host_add",
		run_account_host_add },
	{ "account host remove", "NAME HOST", 2, 2, NULL, 0, "cli.cmd_host_remove",
		run_account_host_remove },
	{ "user create", "EMAIL", 1, 1, OPTIONS(USER_NEW), "cli.cmd_user_create", run_user_create },
	{ "user list", "", 0, 0, OPTIONS(OF_ACCOUNT), "cli.cmd_user_list", run_user_list },
	{ "user show", "USER", 1, 1, OPTIONS(ACCOUNT), "cli.cmd_user_show", run_user_show },
	{ "user edit", "USER", 1, 1, OPTIONS(USER_EDIT), "cli.cmd_user_edit", run_user_edit },
	{ "user profiles", "USER", 1, 1, OPTIONS(USER_PROFILES), "cli.cmd_user_profiles",
		run_user_profiles },
	{ "user erase", "USER", 1, 1, OPTIONS(ACCOUNT), "cli.cmd_user_erase", run_user_erase },
	{ "user reset", "USER", 1, 1, OPTIONS(ACCOUNT), "login.cmd_user_reset", run_user_reset },
	{ "owner reset", "", 0, 0, OPTIONS(OF_ACCOUNT), "login.cmd_owner_reset", run_owner_reset },
	{ "owner transfer", "USER", 1, 1, OPTIONS(OWNER_TRANSFER), "cli.cmd_owner",
		run_owner_transfer },
	{ "owner invitation", "", 0, 0, OPTIONS(OF_ACCOUNT), "cli.cmd_owner_invitation",
		run_owner_invitation },
	{ "owner accept", "", 0, 0, OPTIONS(OF_ACCOUNT), "cli.cmd_owner_accept", run_owner_accept },
	{ "owner cancel", "", 0, 0, OPTIONS(OF_ACCOUNT), "cli.cmd_owner_cancel", run_owner_cancel },
	{ "catalog import", "FILE...", 1, CLI_VALUES_MAX, OPTIONS(CATALOG_IMPORT),
		"cli.cmd_catalog_import", run_catalog_import },
	{ "catalog suggest", "FILE", 1, 1, OPTIONS(CATALOG_SUGGEST), "cli.cmd_catalog_suggest",
		run_catalog_suggest },
	{ "catalog add", "METHOD PATH", 2, 2, OPTIONS(CATALOG_ADD), "cli.cmd_catalog_add",
		run_catalog_add },
	{ "catalog remove", "METHOD PATH", 2, 2, OPTIONS(CATALOG_REMOVE), "cli.cmd_catalog_remove",
		run_catalog_remove },
	{ "catalog show", "[METHOD PATH]", 0, 2, OPTIONS(CATALOG_SHOW), "cli.cmd_catalog_show",
		run_catalog_show },
	{ "catalog export", "", 0, 0, NULL, 0, "cli.cmd_catalog_export", run_catalog_export },
	{ "resource create", "PRODUCT KEY", 2, 2, OPTIONS(RESOURCE_NEW), "cli.cmd_resource_create",
		run_resource_create },
	{ "resource list", "", 0, 0, OPTIONS(RESOURCE_LIST), "cli.cmd_resource_list",
		run_resource_list },
	{ "profile create", "NAME", 1, 1, OPTIONS(PROFILE_NEW), "cli.cmd_profile_create",
		run_profile_create },
	{ "profile list", "", 0, 0, OPTIONS(PROFILE_LIST), "cli.cmd_profile_list",
		run_profile_list },
	{ "profile show", "PROFILE", 1, 1, OPTIONS(ACCOUNT), "cli.cmd_profile_show",
		run_profile_show },
	{ "profile edit", "PROFILE", 1, 1, OPTIONS(PROFILE_EDIT), "cli.cmd_profile_edit",
		run_profile_edit },
	{ "profile delete", "PROFILE", 1, 1, OPTIONS(PROFILE_DELETE), "cli.cmd_profile_delete",
		run_profile_delete },
	{ "key create", "", 0, 0, OPTIONS(KEY_NEW), "cli.cmd_key_create", run_key_create },
	{ "key list", "", 0, 0, OPTIONS(KEY_LIST), "cli.cmd_key_list", run_key_list },
	{ "key show", "APPKEY", 1, 1, NULL, 0, "cli.cmd_key_show", run_key_show },
	{ "key edit", "APPKEY", 1, 1, OPTIONS(KEY_EDIT), "cli.cmd_key_edit", run_key_edit },
	{ "key link", "APPKEY PROFILE", 2, 2, OPTIONS(ACCOUNT), "cli.cmd_key_link", run_key_link },
	{ "key unlink", "APPKEY PROFILE", 2, 2, NULL, 0, "cli.cmd_key_unlink", run_key_unlink },
	{ "key rotate", "APPKEY", 1, 1, OPTIONS(ROTATE), "cli.cmd_key_rotate", run_key_rotate },
	{ "key finish-rotation", "APPKEY", 1, 1, NULL, 0, "cli.cmd_key_finish", run_key_finish },
	{ "key cancel-rotation", "APPKEY", 1, 1, NULL, 0, "cli.cmd_key_cancel", run_key_cancel },
	{ "key activate", "APPKEY", 1, 1, NULL, 0, "cli.cmd_key_activate", run_key_activate },
	{ "key deactivate", "APPKEY", 1, 1, NULL, 0, "cli.cmd_key_deactivate", run_key_deactivate },
	{ "key revoke", "APPKEY", 1, 1, OPTIONS(REVOKE), "cli.cmd_key_revoke", run_key_revoke },
	{ "key import", "FILE", 1, 1, OPTIONS(IMPORT), "cli.cmd_key_import", run_key_import },
	{ "handover list", "", 0, 0, OPTIONS(OF_ACCOUNT), "cli.cmd_handover_list",
		run_handover_list },
	{ "handover withdraw", "APPKEY", 1, 1, NULL, 0, "cli.cmd_handover_withdraw",
		run_handover_withdraw },
	{ "handover look", "", 0, 0, OPTIONS(SHARE), "cli.cmd_handover_look", run_handover_look },
	{ "handover open", "", 0, 0, OPTIONS(SHARE), "cli.cmd_handover_open", run_handover_open },
	{ "verify", "METHOD PATH", 2, 2, OPTIONS(TRIAL), "cli.cmd_verify", run_verify },
	{ "explain", "CODE | METHOD PATH", 1, 2, OPTIONS(TRIAL), "cli.cmd_explain", run_explain },
	{ "can", "APPKEY METHOD PATH", 3, 3, OPTIONS(CAN), "cli.cmd_can", run_can },
	{ "events list", "", 0, 0, OPTIONS(EVENTS_LIST), "cli.cmd_events_list", run_events_list },
	{ "events tail", "", 0, 0, OPTIONS(EVENTS_TAIL), "cli.cmd_events_tail", run_events_tail },
	{ "events chain", "", 0, 0, NULL, 0, "cli.cmd_events_chain", run_events_chain },
	{ "events checkpoint", "[FILE]", 0, 1, NULL, 0, "cli.cmd_events_checkpoint",
		run_events_checkpoint },
	{ "events verify", "FILE", 1, 1, OPTIONS(EVENTS_VERIFY), "cli.cmd_events_verify",
		run_events_verify },
	{ "usage", "", 0, 0, OPTIONS(USAGE), "use.cmd_usage", run_usage },
	{ "usage resources", "", 0, 0, OPTIONS(USAGE_RESOURCES), "use.cmd_resources",
		run_usage_resources },
	{ "usage retired-tokens", "", 0, 0, OPTIONS(USAGE_RETIRED), "use.cmd_retired",
		run_usage_retired },
	{ "refusals list", "", 0, 0, OPTIONS(REFUSALS), "use.cmd_refusals", run_refusals_list },
	{ "backup", "FILE", 1, 1, NULL, 0, "cli.cmd_backup", run_backup },
	{ "restore", "[FILE]", 0, 1, OPTIONS(RESTORE), "cli.cmd_restore", run_restore },
	{ "token check", "", 0, 0, OPTIONS(TOKEN_CHECK), "cli.cmd_token_check", run_token_check },
	{ "token create", "", 0, 0, OPTIONS(MACHINE_NEW), "cli.cmd_token_create",
		run_token_create },
	{ "token list", "", 0, 0, OPTIONS(MACHINE_LIST), "cli.cmd_token_list", run_token_list },
	{ "token revoke", "ID", 1, 1, NULL, 0, "cli.cmd_token_revoke", run_token_revoke },
	{ "help", "[COMMAND]", 0, CLI_VALUES_MAX, NULL, 0, "cli.cmd_help", run_help },
	{ "completion", "SHELL", 1, 1, NULL, 0, "cli.cmd_completion", run_completion },
	{ "completion names", "KIND [START] [APPKEY]", 1, 3, OPTIONS(ACCOUNT),
		"cli.cmd_completion_names", run_completion_names },
};

const size_t COMMANDS_COUNT = ARRAY_LEN(COMMANDS);
