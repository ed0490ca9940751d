"""Which directives the twin has, as they are or otherwise, and what leaving one out may hide.

The twin keeps what takes part in a handshake, in a fetch, or in the life of a worker.  What becomes
of a request after the handshake is no question of stapling: the twin responds to each with 204.
"""

from __future__ import annotations

KEPT_IN_MAIN = {"worker_shutdown_timeout", "pcre_jit"}
KEPT_IN_EVENTS = {"multi_accept", "accept_mutex", "accept_mutex_delay"}
#: of http{} and its servers, and of stream{}
KEPT = {
    "client_header_buffer_size",
    "client_header_timeout",
    "connection_pool_size",
    "keepalive_min_timeout",
    "keepalive_requests",
    "keepalive_time",
    "keepalive_timeout",
    "large_client_header_buffers",
    "lingering_close",
    "lingering_time",
    "lingering_timeout",
    "preread_timeout",
    "reset_timedout_connection",
    "resolver_timeout",
    "send_timeout",
    "server_name",
    "server_names_hash_bucket_size",
    "server_names_hash_max_size",
    "tcp_nodelay",
}
#: the most worker_connections that the twin has, and the largest shared memory
MOST_CONNECTIONS = 1024
LARGEST_ZONE = 32 << 20
MOST_WORKERS = 8

_LOGS = {"access_log", "error_log", "log_format", "log_not_found", "log_subrequest", "rewrite_log"}
_PATHS = {
    "alias",
    "client_body_temp_path",
    "include",
    "lock_file",
    "pid",
    "root",
    "working_directory",
}
_PROCESS = {
    "daemon",
    "debug_points",
    "env",
    "google_perftools_profiles",
    "master_process",
    "ssl_engine",
    "thread_pool",
    "timer_resolution",
    "use",
    "user",
    "worker_cpu_affinity",
    "worker_priority",
    "worker_processes",
    "worker_rlimit_core",
    "worker_rlimit_nofile",
}
_UPSTREAM = ("fastcgi_", "grpc_", "memcached_", "proxy_", "scgi_", "uwsgi_", "upstream")
_MODULES = ("js_", "lua_", "perl", "load_module", "pagespeed", "passenger", "modsecurity")

#: directives whose loss may matter for what a client sees in the end
_HIDES = {
    "error_page": "what a client gets whose certificate is refused (495, 496), if that is a page",
    "limit_conn": "limits on connections",
    "auth_request": "whether a request is let in",
    "load_module": "what the module does in handshakes",
    "proxy_protocol": "",
    "timer_resolution": "that nginx's time goes on in steps",
    "worker_rlimit_nofile": "a limit on open files, which fetches count against, too",
    "mail": "TLS of mail: nginx never staples there",
    "stream": "TLS in stream{}, where this nginx never staples, and what stands before http{}",
    "ssl_crl": "which client certificates are revoked by list",
    "ssl_password_file": "",
}


def kind_of(name: str) -> str:
    """What a directive belongs to that the twin does not have (model.Change)."""
    if name in _LOGS or name.startswith("log_") or name.endswith("_log"):
        return "log"
    if name in _PATHS or name.endswith(("_temp_path", "_cache_path", "_store")):
        return "path"
    if name in _PROCESS:
        return "process"
    if name.startswith(_MODULES) or "_by_lua" in name:
        return "module"
    if name.startswith(_UPSTREAM):
        return "upstream"
    if name.startswith("ssl_"):
        return "certificate"
    return "requests"


def hides(name: str) -> str:
    """What leaving it out may hide; "" where that can be nothing of stapling."""
    if name in _HIDES:
        return _HIDES[name]
    return "what it does in handshakes" if "_by_lua" in name and "ssl" in name else ""
