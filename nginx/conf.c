#include "module.h"

extern ngx_module_t ngx_http_rewrite_module;

#define DEFAULT_INDEX "/var/lib/llavero/index"

static ngx_conf_enum_t modes[] = {
	{ ngx_string("off"), MODE_OFF },
	{ ngx_string("observe"), MODE_OBSERVE },
	{ ngx_string("enforce"), MODE_ENFORCE },
	{ ngx_null_string, 0 },
};

/* ---- directives ---- */

/* A path, relative to nginx's prefix; "off" for none. */
static char *set_path(ngx_conf_t *cf, ngx_command_t *command, void *conf)
{
	ngx_str_t *path = (ngx_str_t *)(void *)((u_char *)conf + command->offset);
	ngx_str_t *words = cf->args->elts;

	if (path->data != NULL)
		return "is duplicate";
	if (words[1].len == 0)
		return "needs a path";
	*path = words[1];
	if (command->post != NULL && ngx_strcmp(words[1].data, "off") == 0) {
		path->len = 0;
		return NGX_CONF_OK;
	}
	while (path->len > 1 && path->data[path->len - 1] == '/')
		path->data[--path->len] = '\0';
	return ngx_conf_full_name(cf->cycle, path, 0) == NGX_OK ? NGX_CONF_OK : NGX_CONF_ERROR;
}

static char *set_complex(ngx_conf_t *cf, ngx_str_t *text, ngx_http_complex_value_t **out)
{
	ngx_http_compile_complex_value_t compile = { .cf = cf, .value = text };

	*out = ngx_palloc(cf->pool, sizeof(**out));
	if (*out == NULL)
		return NGX_CONF_ERROR;
	compile.complex_value = *out;
	return ngx_http_compile_complex_value(&compile) == NGX_OK ? NGX_CONF_OK : NGX_CONF_ERROR;
}

static char *set_account(ngx_conf_t *cf, ngx_command_t *command, void *conf)
{
	struct settings *settings = conf;
	ngx_str_t *words = cf->args->elts;

	if (settings->account_source != NGX_CONF_UNSET_UINT)
		return "is duplicate";
	if (words[1].len == 0)
		return "needs the name of an account, a variable, \"host\" or \"key\"";
	if (ngx_strcmp(words[1].data, "key") == 0) {
		settings->account_source = LLV_ACCOUNT_OF_KEY;
		return NGX_CONF_OK;
	}
	if (ngx_strcmp(words[1].data, "host") == 0) {
		settings->account_source = LLV_ACCOUNT_OF_HOST;
		return NGX_CONF_OK;
	}
	settings->account_source = LLV_ACCOUNT_NAMED;
	return set_complex(cf, &words[1], &settings->account);
}

static char *set_client_address(ngx_conf_t *cf, ngx_command_t *command, void *conf)
{
	struct settings *settings = conf;
	ngx_str_t *words = cf->args->elts;

	if (settings->client_address != NGX_CONF_UNSET_PTR)
		return "is duplicate";
	if (ngx_http_script_variables_count(&words[1]) == 0)
		return "needs a variable, such as $remote_addr";
	return set_complex(cf, &words[1], &settings->client_address);
}

static char *set_on_stale(ngx_conf_t *cf, ngx_command_t *command, void *conf)
{
	struct settings *settings = conf;
	ngx_str_t *words = cf->args->elts;
	ngx_str_t time;

	if (settings->serve_stale != NGX_CONF_UNSET_UINT)
		return "is duplicate";
	if (ngx_strcmp(words[1].data, "refuse") == 0)
		settings->serve_stale = 0;
	else if (ngx_strcmp(words[1].data, "serve") == 0)
		settings->serve_stale = 1;
	else
		return "needs \"refuse\" or \"serve\"";
	if (cf->args->nelts == 2)
		return NGX_CONF_OK;
	if (ngx_strncmp(words[2].data, "lease=", 6) != 0)
		return "takes \"lease=TIME\" after that, and nothing else";
	time = (ngx_str_t){ words[2].len - 6, words[2].data + 6 };
	settings->lease_s = ngx_parse_time(&time, 1);
	if (settings->lease_s <= 0)
		return "has a lease that is no time such as \"60s\"";
	return NGX_CONF_OK;
}

static ngx_int_t is_header_name(const u_char *text, size_t len)
{
	if (len > NAME_LEN_MAX)
		return 0;
	for (size_t i = 0; i < len; i++) {
		u_char c = text[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
			c != '-')
			return 0;
	}
	return len > 0;
}

/* One argument of llavero_headers: "KEY TOKEN", "TOKEN" or "bearer". */
static ngx_int_t is_family(const ngx_str_t *word)
{
	u_char *space = (u_char *)ngx_strchr(word->data, ' ');
	size_t first = space == NULL ? word->len : (size_t)(space - word->data);

	return is_header_name(word->data, first) &&
	       (space == NULL || is_header_name(space + 1, word->len - first - 1));
}

static char *set_headers(ngx_conf_t *cf, ngx_command_t *command, void *conf)
{
	struct settings *settings = conf;
	ngx_str_t *words = cf->args->elts;
	ngx_uint_t families = 0;

	if (settings->headers != NGX_CONF_UNSET_PTR)
		return "is duplicate";
	settings->headers = ngx_array_create(cf->pool, cf->args->nelts, sizeof(ngx_str_t));
	if (settings->headers == NULL)
		return NGX_CONF_ERROR;
	for (ngx_uint_t i = 1; i < cf->args->nelts; i++) {
		ngx_str_t *word = ngx_array_push(settings->headers);

		if (word == NULL)
			return NGX_CONF_ERROR;
		*word = words[i];
		if (ngx_strcmp(words[i].data, "bearer") == 0)
			continue;
		if (!is_family(&words[i])) {
			ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
				"\"llavero_headers\": \"%V\" is neither \"KEY-HEADER "
				"TOKEN-HEADER\", "
				"a single header's name, nor \"bearer\"",
				&words[i]);
			return NGX_CONF_ERROR;
		}
		if (++families > LLV_FAMILIES_MAX)
			return "names too many headers: at most 8 pairs or single ones";
	}
	return NGX_CONF_OK;
}

#define ANYWHERE (NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF)
#define TEXT(name, member)                                                                         \
	{                                                                                          \
		ngx_string(name), ANYWHERE | NGX_CONF_TAKE1, ngx_conf_set_str_slot,                \
			NGX_HTTP_LOC_CONF_OFFSET, offsetof(struct settings, member), NULL          \
	}
#define PATH(name, member, may_be_off)                                                             \
	{                                                                                          \
		ngx_string(name), ANYWHERE | NGX_CONF_TAKE1, set_path, NGX_HTTP_LOC_CONF_OFFSET,   \
			offsetof(struct settings, member), may_be_off                              \
	}

ngx_command_t conf_commands[] = {
	{ ngx_string("llavero"), ANYWHERE | NGX_CONF_TAKE1, ngx_conf_set_enum_slot,
		NGX_HTTP_LOC_CONF_OFFSET, offsetof(struct settings, mode), modes },
	PATH("llavero_index", index, NULL),
	PATH("llavero_ledger", ledger, modes),
	PATH("llavero_sealing_key", sealing_key, modes),
	{ ngx_string("llavero_account"), ANYWHERE | NGX_CONF_TAKE1, set_account,
		NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },
	{ ngx_string("llavero_client_address"), ANYWHERE | NGX_CONF_TAKE1, set_client_address,
		NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },
	{ ngx_string("llavero_headers"), ANYWHERE | NGX_CONF_1MORE, set_headers,
		NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },
	{ ngx_string("llavero_on_stale"), ANYWHERE | NGX_CONF_TAKE12, set_on_stale,
		NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },
	{ ngx_string("llavero_problem"), ANYWHERE | NGX_CONF_FLAG, ngx_conf_set_flag_slot,
		NGX_HTTP_LOC_CONF_OFFSET, offsetof(struct settings, problem), NULL },
	TEXT("llavero_public_url", public_url),
	TEXT("llavero_console_url", console_url),
	TEXT("llavero_realm", realm),
	TEXT("llavero_app_key_prefix", app_key_prefix),
	ngx_null_command,
};

/* ---- sites ---- */

static ngx_int_t same(const ngx_str_t *a, const ngx_str_t *b)
{
	return a->len == b->len && (a->len == 0 || ngx_memcmp(a->data, b->data, a->len) == 0);
}

static const char *text_of(const ngx_str_t *text)
{
	return text->len == 0 ? NULL : (const char *)text->data;
}

static ngx_int_t join(ngx_conf_t *cf, ngx_str_t first, const char *second, ngx_str_t *out)
{
	size_t second_len = ngx_strlen(second);

	out->data = ngx_pnalloc(cf->pool, first.len + second_len + 1);
	if (out->data == NULL)
		return NGX_ERROR;
	ngx_memcpy(out->data, first.data, first.len);
	ngx_memcpy(out->data + first.len, second, second_len + 1);
	out->len = first.len + second_len;
	return NGX_OK;
}

/* {data_dir}/NAME for the index {data_dir}/index. */
static ngx_int_t beside(ngx_conf_t *cf, const ngx_str_t *index, const char *name, ngx_str_t *out)
{
	ngx_str_t folder = *index;

	while (folder.len > 1 && folder.data[folder.len - 1] != '/')
		folder.len--;
	return join(cf, folder, name, out);
}

static ngx_int_t add_family(ngx_conf_t *cf, struct site *site, const ngx_str_t *word)
{
	struct llv_family *family = &site->families[site->setup.families_count];
	u_char *copy, *space;

	if (ngx_strcmp(word->data, "bearer") == 0) {
		site->setup.no_bearer = 0;
		return NGX_OK;
	}
	copy = ngx_pnalloc(cf->pool, word->len + 1);
	if (copy == NULL)
		return NGX_ERROR;
	ngx_memcpy(copy, word->data, word->len + 1);
	space = (u_char *)ngx_strchr(copy, ' ');
	if (space == NULL) {
		family->token_header = (const char *)copy;
	} else {
		*space = '\0';
		family->key_header = (const char *)copy;
		family->token_header = (const char *)space + 1;
	}
	site->setup.families_count++;
	return NGX_OK;
}

static struct site *make_site(ngx_conf_t *cf, const struct settings *settings)
{
	struct site *site = ngx_pcalloc(cf->pool, sizeof(*site));

	if (site == NULL)
		return NULL;
	site->setup = (struct llv_setup){
		.size = sizeof(site->setup),
		.index_dir = text_of(&settings->index),
		.ledger_dir = text_of(&settings->ledger),
		.sealing_key = text_of(&settings->sealing_key),
		.lease_us = (int64_t)settings->lease_s * 1000000,
		.serve_stale = settings->serve_stale == 1,
		.app_key_prefix = text_of(&settings->app_key_prefix),
		.public_url = text_of(&settings->public_url),
		.console_url = text_of(&settings->console_url),
		.realm = text_of(&settings->realm),
		.node = "nginx",
		.by = LLV_BY_NGINX,
	};
	if (settings->headers == NULL)
		return site;
	site->setup.families = site->families;
	site->setup.no_bearer = 1;
	for (ngx_uint_t i = 0; i < settings->headers->nelts; i++) {
		if (add_family(cf, site, &((ngx_str_t *)settings->headers->elts)[i]) != NGX_OK)
			return NULL;
	}
	return site;
}

static ngx_int_t same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && ngx_strcmp(a, b) == 0);
}

static ngx_int_t same_site(const struct site *a, const struct site *b)
{
	const struct llv_setup *x = &a->setup, *y = &b->setup;

	if (x->lease_us != y->lease_us || x->serve_stale != y->serve_stale ||
		x->no_bearer != y->no_bearer || x->families_count != y->families_count ||
		(x->families == NULL) != (y->families == NULL))
		return 0;
	for (size_t i = 0; i < x->families_count; i++) {
		if (!same_text(a->families[i].key_header, b->families[i].key_header) ||
			!same_text(a->families[i].token_header, b->families[i].token_header))
			return 0;
	}
	return same_text(x->index_dir, y->index_dir) && same_text(x->ledger_dir, y->ledger_dir) &&
	       same_text(x->sealing_key, y->sealing_key) &&
	       same_text(x->app_key_prefix, y->app_key_prefix) &&
	       same_text(x->public_url, y->public_url) &&
	       same_text(x->console_url, y->console_url) && same_text(x->realm, y->realm);
}

/* An index may come later; a wrong path should be seen before. */
static ngx_int_t warn_of_path(ngx_conf_t *cf, const struct settings *settings)
{
	ngx_file_info_t info;
	ngx_str_t current;

	if (join(cf, settings->index, "/current", &current) != NGX_OK)
		return NGX_ERROR;
	if (ngx_link_info(current.data, &info) == NGX_FILE_ERROR && ngx_errno == NGX_ENOENT)
		ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
			"\"llavero_index\": there is no index in \"%V\": every request is refused "
			"until there is one",
			&settings->index);
	return NGX_OK;
}

/* The site of a location: the one that there is already, or a new one. */
static char *find_site(ngx_conf_t *cf, struct settings *settings)
{
	struct common *common = ngx_http_conf_get_module_main_conf(cf, ngx_http_llavero_module);
	struct site **sites = common->sites.elts;
	struct site *made = make_site(cf, settings);
	struct site **place;

	if (made == NULL)
		return NGX_CONF_ERROR;
	common->observes |= settings->mode == MODE_OBSERVE;
	common->serves_stale |= settings->serve_stale == 1;
	for (ngx_uint_t i = 0; i < common->sites.nelts; i++) {
		if (same_site(sites[i], made)) {
			settings->site = sites[i];
			return NGX_CONF_OK;
		}
	}
	place = ngx_array_push(&common->sites);
	if (place == NULL || warn_of_path(cf, settings) != NGX_OK)
		return NGX_CONF_ERROR;
	*place = settings->site = made;
	return NGX_CONF_OK;
}

/* ---- making and merging ---- */

void *conf_make_common(ngx_conf_t *cf)
{
	struct common *common = ngx_pcalloc(cf->pool, sizeof(*common));

	if (common == NULL ||
		ngx_array_init(&common->sites, cf->pool, 2, sizeof(struct site *)) != NGX_OK)
		return NULL;
	return common;
}

void *conf_make_settings(ngx_conf_t *cf)
{
	struct settings *settings = ngx_pcalloc(cf->pool, sizeof(*settings));

	if (settings == NULL)
		return NULL;
	settings->mode = NGX_CONF_UNSET_UINT;
	settings->headers = NGX_CONF_UNSET_PTR;
	settings->serve_stale = NGX_CONF_UNSET_UINT;
	settings->lease_s = NGX_CONF_UNSET;
	settings->account_source = NGX_CONF_UNSET_UINT;
	settings->client_address = NGX_CONF_UNSET_PTR;
	settings->problem = NGX_CONF_UNSET;
	return settings;
}

/* A path that was left out stands beside the index. */
static char *default_paths(ngx_conf_t *cf, struct settings *settings)
{
	if (settings->ledger.data == NULL &&
		beside(cf, &settings->index, "ledger", &settings->ledger) != NGX_OK)
		return NGX_CONF_ERROR;
	if (settings->sealing_key.data == NULL &&
		beside(cf, &settings->index, "gate/sealing.key", &settings->sealing_key) != NGX_OK)
		return NGX_CONF_ERROR;
	return NGX_CONF_OK;
}

/* What stands beside another index is another installation's. */
static void merge_paths(struct settings *settings, const struct settings *above)
{
	if (settings->index.data != NULL && !same(&settings->index, &above->index))
		return;
	settings->index = above->index;
	if (settings->ledger.data == NULL)
		settings->ledger = above->ledger;
	if (settings->sealing_key.data == NULL)
		settings->sealing_key = above->sealing_key;
}

/*
 * Requests that `return` and a redirecting `rewrite` answer never come to the access
 * phase. nginx keeps the code that these directives were made into to itself: an
 * array of words, the first member of the rewrite module's settings (of just the
 * version that this module is built for, and loads into). A word that is
 * the address of the step that answers is such a step, and the next one its status.
 */
static void warn_of_return(ngx_conf_t *cf)
{
	ngx_array_t *const *codes = ngx_http_conf_get_module_loc_conf(cf, ngx_http_rewrite_module);
	const ngx_http_core_loc_conf_t *core =
		ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
	const uintptr_t *words;
	size_t count;

	if (codes == NULL || *codes == NULL)
		return;
	words = (*codes)->elts;
	count = (*codes)->nelts * (*codes)->size / sizeof(*words);
	for (size_t i = 0; i + 1 < count; i++) {
		if (words[i] != (uintptr_t)ngx_http_script_return_code || words[i + 1] >= 400)
			continue;
		ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
			"\"return %ui\" in location \"%V\" answers before \"llavero\" checks: "
			"whoever asks gets that answer",
			words[i + 1], &core->name);
		return;
	}
}

char *conf_merge_settings(ngx_conf_t *cf, void *parent, void *child)
{
	const struct settings *above = parent;
	struct settings *settings = child;

	ngx_conf_merge_uint_value(settings->mode, above->mode, MODE_OFF);
	merge_paths(settings, above);
	ngx_conf_merge_ptr_value(settings->headers, above->headers, NULL);
	if (settings->serve_stale == NGX_CONF_UNSET_UINT)
		settings->lease_s = above->lease_s;
	ngx_conf_merge_uint_value(settings->serve_stale, above->serve_stale, 0);
	if (settings->account_source == NGX_CONF_UNSET_UINT)
		settings->account = above->account;
	ngx_conf_merge_uint_value(
		settings->account_source, above->account_source, LLV_ACCOUNT_OF_KEY);
	ngx_conf_merge_ptr_value(settings->client_address, above->client_address, NULL);
	ngx_conf_merge_value(settings->problem, above->problem, 1);
	ngx_conf_merge_str_value(settings->public_url, above->public_url, "");
	ngx_conf_merge_str_value(settings->console_url, above->console_url, "");
	ngx_conf_merge_str_value(settings->realm, above->realm, "");
	ngx_conf_merge_str_value(settings->app_key_prefix, above->app_key_prefix, "");
	if (settings->mode == MODE_OFF)
		return NGX_CONF_OK;
	if (settings->index.data == NULL)
		settings->index = (ngx_str_t)ngx_string(DEFAULT_INDEX);
	if (settings->lease_s == NGX_CONF_UNSET)
		settings->lease_s = 0;
	if (default_paths(cf, settings) != NGX_CONF_OK)
		return NGX_CONF_ERROR;
	warn_of_return(cf);
	return find_site(cf, settings);
}
