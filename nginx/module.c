#include "module.h"

#define TICK_MS 1000

/* ---- a worker's handles ---- */

/* struct llv_setup's told: a line in the error log whenever something changes. */
static void told(void *context, enum llv_event event, enum llv_status status)
{
	static const char *const PARTS[] = { "", "index", "sealing key", "ledger", "ledger" };
	const struct site *site = context;
	const char *part = (size_t)event < sizeof(PARTS) / sizeof(PARTS[0]) ? PARTS[event] : "part";

	if (event == LLV_EVENT_LEDGER_FULL) {
		ngx_log_error(NGX_LOG_ERR, site->log, 0,
			"llavero: the ledger is full: further keys with limits are refused");
	} else if (status == LLV_OK) {
		ngx_log_error(NGX_LOG_NOTICE, site->log, 0, "llavero: %s of \"%s\" opened", part,
			site->setup.index_dir);
	} else {
		ngx_log_error(NGX_LOG_ERR, site->log, 0, "llavero: %s of \"%s\" not usable: %s",
			part, site->setup.index_dir, llv_status_name(status));
	}
}

static void tend(ngx_event_t *event)
{
	const struct common *common = event->data;
	struct site **sites = common->sites.elts;

	/* What failed was told. */
	for (ngx_uint_t i = 0; i < common->sites.nelts; i++)
		(void)llv_tend(sites[i]->llv);
	ngx_add_timer(event, TICK_MS);
}

static void open_site(ngx_cycle_t *cycle, struct site *site)
{
	enum llv_status st;

	site->log = cycle->log;
	site->setup.told = told;
	site->setup.context = site;
	st = llv_open(&site->setup, &site->llv);
	if (st == LLV_OK) {
		headers_learn(site);
	} else {
		ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
			"llavero: cannot open \"%s\": %s: every request is refused",
			site->setup.index_dir, llv_status_name(st));
	}
}

/* After the fork: neither a handle of the library nor one of LMDB may cross it. */
static ngx_int_t init_process(ngx_cycle_t *cycle)
{
	struct common *common;
	struct site **sites;

	if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
		return NGX_OK;
	common = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_llavero_module);
	if (common == NULL || common->sites.nelts == 0)
		return NGX_OK;
	sites = common->sites.elts;
	for (ngx_uint_t i = 0; i < common->sites.nelts; i++)
		open_site(cycle, sites[i]);
	common->tick.handler = tend;
	common->tick.data = common;
	common->tick.log = cycle->log;
	/* A worker that is told to end does not wait for it. */
	common->tick.cancelable = 1;
	ngx_add_timer(&common->tick, TICK_MS);
	return NGX_OK;
}

static void exit_process(ngx_cycle_t *cycle)
{
	struct common *common = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_llavero_module);
	struct site **sites;

	if (common == NULL)
		return;
	sites = common->sites.elts;
	for (ngx_uint_t i = 0; i < common->sites.nelts; i++)
		llv_close(&sites[i]->llv);
}

/* ---- what nginx is told ---- */

static ngx_http_handler_pt *add_handler(ngx_conf_t *cf, ngx_http_phases phase)
{
	ngx_http_core_main_conf_t *core =
		ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

	return ngx_array_push(&core->phases[phase].handlers);
}

static ngx_int_t postconfiguration(ngx_conf_t *cf)
{
	const struct common *common =
		ngx_http_conf_get_module_main_conf(cf, ngx_http_llavero_module);
	ngx_http_core_main_conf_t *core =
		ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);
	ngx_http_handler_pt *handler;

	if (common->sites.nelts == 0)
		return NGX_OK;
	if (common->observes)
		ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
			"\"llavero observe\": requests pass there whatever is decided");
	if (common->serves_stale)
		ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
			"\"llavero_on_stale serve\": revoked keys may pass while the index is "
			"stale");
	handler = add_handler(cf, NGX_HTTP_ACCESS_PHASE);
	if (handler == NULL)
		return NGX_ERROR;
	/*
	 * nginx runs a phase from the end of its list: the first place is asked last. So what
	 * other checks refuse is not counted as used, and a refusal under "satisfy any" is final.
	 */
	handler = core->phases[NGX_HTTP_ACCESS_PHASE].handlers.elts;
	ngx_memmove(&handler[1], &handler[0],
		(core->phases[NGX_HTTP_ACCESS_PHASE].handlers.nelts - 1) * sizeof(*handler));
	handler[0] = ask_access;
	/* At the end, and so before all that may make subrequests there. */
	handler = add_handler(cf, NGX_HTTP_PRECONTENT_PHASE);
	if (handler == NULL)
		return NGX_ERROR;
	*handler = ask_before_content;
	return NGX_OK;
}

static ngx_http_module_t context = {
	.preconfiguration = variables_add,
	.postconfiguration = postconfiguration,
	.create_main_conf = conf_make_common,
	.create_loc_conf = conf_make_settings,
	.merge_loc_conf = conf_merge_settings,
};

ngx_module_t ngx_http_llavero_module = {
	NGX_MODULE_V1,
	.ctx = &context,
	.commands = conf_commands,
	.type = NGX_HTTP_MODULE,
	.init_process = init_process,
	.exit_process = exit_process,
};

/* What load_module looks for. */
#define LOADED __attribute__((visibility("default")))
LOADED ngx_module_t *ngx_modules[] = { &ngx_http_llavero_module, NULL };
LOADED char *ngx_module_names[] = { "ngx_http_llavero_module", NULL };
LOADED char *ngx_module_order[] = { NULL };
