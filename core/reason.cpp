#include "core/reason.hpp"

#include <array>

#include "core/check.hpp"

namespace pelton {
namespace {

// The comment above a row is the text of the reference for it.
constexpr std::array<ReasonRow, reason_count> rows = {{
    {"none", "none", ""},
    // A line of the head ends in a line feed alone: 400.
    {"refused", "line_bare_lf", "H1-001"},
    // A carriage return stands alone in the head: 400.
    {"refused", "line_bare_cr", "H1-002"},
    // More than one empty line stands before a request: 400.
    {"refused", "line_empty", "H1-003"},
    // The request line is not method, target and version with one space between: 400.
    {"refused", "request_line_malformed", "H1-010"},
    // The method is no token: 400.
    {"refused", "method_invalid", "H1-011"},
    // The method is longer than limits.max_method_size: 501.
    {"refused", "method_too_long", "H1-012"},
    // CONNECT, which is for proxies: 501.
    {"refused", "connect_unsupported", "H1-016"},
    // A version of HTTP that is not served: 505.
    {"refused", "version_unsupported", "H1-018"},
    // The version is no HTTP/x.y: 400.
    {"refused", "version_malformed", "H1-019"},
    // The target has an octet that a URL may not contain: 400.
    {"refused", "target_octet", "H1-020"},
    // The path has a malformed percent escape, or %00: 400.
    {"refused", "target_escape", "H1-022"},
    // The target is a URL that is malformed or of another scheme: 400.
    {"refused", "target_absolute", "H1-023"},
    // The target names another host than the Host field: 400.
    {"refused", "authority_mismatch", "H1-024"},
    // The target has a form that does not go with the method: 400.
    {"refused", "target_form", "H1-025"},
    // The name of a header field is no token: 400.
    {"refused", "header_name", "H1-031"},
    // A header field goes on in the next line: 400.
    {"refused", "header_folded", "H1-032"},
    // The value of a header field has a control character: 400.
    {"refused", "header_value", "H1-033"},
    // A header field that is allowed once appears twice: 400.
    {"refused", "header_duplicate", "H1-036"},
    // An HTTP/1.1 request has no Host: 400.
    {"refused", "host_missing", "H1-040"},
    // The Host is no host with an optional port: 400.
    {"refused", "host_invalid", "H1-041"},
    // The request has both Content-Length and Transfer-Encoding: 400.
    {"refused", "framing_conflict", "H1-050"},
    // An HTTP/1.0 request has Transfer-Encoding: 400.
    {"refused", "transfer_encoding_http10", "H1-051"},
    // Transfer-Encoding is malformed, or its last coding is not chunked: 400.
    {"refused", "transfer_encoding", "H1-052"},
    // Transfer-Encoding names a coding that is not known: 501.
    {"refused", "transfer_coding_unknown", "H1-053"},
    // Content-Length is no number, or there are several: 400.
    {"refused", "content_length", "H1-054"},
    // The body is larger than the limit that applies: 413.
    {"refused", "body_too_large", "H1-057"},
    // The size of a chunk is malformed or too large: 400.
    {"refused", "chunk_size", "H1-060"},
    // The extension of a chunk is malformed or longer than limits.max_chunk_extension: 400.
    {"refused", "chunk_extension", "H1-061"},
    // No line end follows a chunk: 400.
    {"refused", "chunk_terminator", "H1-063"},
    // A chunked body is more framing than limits.max_chunk_overhead: 400.
    {"refused", "chunk_overhead", "H1-064"},
    // The trailers of a chunked body exceed the limits of header fields: 431.
    {"refused", "trailer_too_large", "H1-067"},
    // A trailer has a name that trailers may not have: 400.
    {"refused", "trailer_forbidden", "H1-068"},
    // The client ended its side before the body was whole: 400.
    {"refused", "body_truncated", "H1-069"},
    // Expect asks for something other than 100-continue: 417.
    {"refused", "expect_unknown", "H1-070"},
    // The head did not arrive within timeouts.read_header: 408.
    {"refused", "header_timeout", "CON-001"},
    // The body came slower than limits.min_body_rate: 408.
    {"refused", "body_too_slow", "CON-002"},
    // The client ended its side in the middle of a head: 400.
    {"refused", "head_truncated", "CON-041"},
    // The request line is longer than limits.max_request_line: 414.
    {"refused", "request_line_too_long", "LIM-002"},
    // A header field is longer than limits.max_header_line: 431.
    {"refused", "header_line_too_long", "LIM-003"},
    // The header fields together are larger than limits.max_header_size: 431.
    {"refused", "header_section_too_large", "LIM-004"},
    // There are more header fields than limits.max_header_count: 431.
    {"refused", "header_count", "LIM-005"},
    // A form has more parts or files than limits.max_parts or max_files: 413.
    {"refused", "multipart_parts", "LIM-051"},
    // A part that is no file is larger than limits.max_field_size: 413.
    {"refused", "multipart_field", "LIM-052"},
    // The fields of a form are larger than limits.max_multipart_memory: 413.
    {"refused", "multipart_memory", "LIM-053"},
    // A part has more or longer header fields than limits allow: 400.
    {"refused", "multipart_part_headers", "LIM-054"},
    // More than limits.max_multipart_slack stands around the parts: 400.
    {"refused", "multipart_slack", "LIM-056"},
    // A multipart body is malformed: 400.
    {"refused", "multipart_syntax", "FRM-002"},
    // The client asks for a WebSocket version other than 13: 426.
    {"refused", "websocket_version", "WS-002"},
    // The handshake of a WebSocket is malformed: 400.
    {"refused", "websocket_handshake", "WS-003"},
    // A page of another site asks for a WebSocket: 403.
    {"refused", "websocket_origin", "WS-004"},
    // An HTTP/2 request is no request of HTTP, and its stream was reset: PROTOCOL_ERROR.
    {"refused", "h2_malformed", "H2-004"},
    // The path has routes, but none for the method: 405.
    {"answered", "method_not_allowed", "H1-013"},
    // No route anywhere has the method: 501.
    {"answered", "method_unknown", "H1-014"},
    // TRACE: 405.
    {"answered", "trace_disabled", "H1-017"},
    // The Host is not among the allowed hosts: 421.
    {"answered", "host_not_allowed", "H1-043"},
    // The decoded path is no UTF-8: 400.
    {"answered", "path_not_utf8", "URL-002"},
    // No route has the path: 404.
    {"answered", "not_found", "URL-003"},
    // There are more cookies than limits.max_cookies: 431.
    {"answered", "cookie_count", "URL-006"},
    // The query has more fields than limits.max_query_fields: 400.
    {"answered", "query_fields", "LIM-040"},
    // JSON is nested deeper than limits.max_json_depth: 400.
    {"answered", "json_depth", "JSN-002"},
    // A number in JSON is longer than limits.max_json_number, or too large: 400.
    {"answered", "json_number", "JSN-003"},
    // The body does not have a type that the route takes: 415.
    {"answered", "content_type", "UPL-001"},
    // The body is compressed, and the route takes no compressed body: 415.
    {"answered", "content_encoding", "UPL-003"},
    // The body is no JSON: 400.
    {"answered", "json_syntax", "JSN-001"},
    // A string in JSON is no UTF-8, or has a lone surrogate: 400.
    {"answered", "json_string", "JSN-005"},
    // JSON repeats a key, and App(json_duplicate_keys="reject") says no: 400.
    {"answered", "json_duplicate_key", "JSN-006"},
    // A form has more fields than limits.max_form_fields: 413.
    {"answered", "form_fields", "LIM-041"},
    // The boundary of a form is missing, malformed or too long: 400.
    {"answered", "multipart_boundary", "FRM-001"},
    // A field of a form is no UTF-8: 400.
    {"answered", "form_not_utf8", "FRM-007"},
    // There is no room for the temporary file of a large body: 507.
    {"answered", "spool_full", "FRM-009"},
    // An ordinary request for a path that only has a WebSocket: 426.
    {"answered", "websocket_required", "WS-001"},
    // A condition of the request does not hold for the file: 412.
    {"answered", "precondition", "STA-010"},
    // No range that was asked for lies in the file: 416.
    {"answered", "range", "STA-012"},
    // The body grew beyond the limit after the answer had begun.
    {"cut", "body_too_large", "H1-057"},
    // The client ended its side in the middle of a body that a handler reads.
    {"cut", "body_truncated", "H1-069"},
    // The body came slower than limits.min_body_rate after the answer had begun.
    {"cut", "body_too_slow", "CON-002"},
    // The client took the answer slower than limits.min_send_rate.
    {"cut", "send_too_slow", "CON-004"},
    // The kernel had no memory for the connection.
    {"cut", "engine_memory", "ENG-035"},
    // The kernel reported an error that has no name here; the error log names it.
    {"cut", "engine_unknown", "ENG-039"},
    // The answer was not finished when the time for a stop was over.
    {"cut", "drain_deadline", "PRC-016"},
    // There was no memory for an answer, a body or a message, nor to say so on the wire.
    {"cut", "memory", "PRC-036"},
    // A message is larger than limits.ws_max_size: closed with 1009.
    {"cut", "websocket_message_too_big", "LIM-070"},
    // A message has more fragments than limits.ws_max_fragments: closed with 1009.
    {"cut", "websocket_fragments", "LIM-071"},
    // More than limits.ws_max_backlog waits to be sent: closed with 1013.
    {"cut", "websocket_queue", "LIM-072"},
    // The client did not answer a ping within timeouts.ws_ping_timeout.
    {"cut", "websocket_ping_timeout", "LIM-073"},
    // The client did not answer a close within timeouts.ws_close_timeout.
    {"cut", "websocket_close_timeout", "LIM-074"},
    // More pings and pongs than limits.ws_max_control_frames: closed with 1008.
    {"cut", "websocket_control_flood", "LIM-075"},
    // A message grew beyond limits.ws_max_inflate_ratio: closed with 1009.
    {"cut", "websocket_inflate", "LIM-076"},
    // A frame breaks the protocol: closed with 1002.
    {"cut", "websocket_protocol", "WS-010"},
    // A text message is no UTF-8: closed with 1007.
    {"cut", "websocket_utf8", "WS-015"},
    // A topic's receiver was too slow, and ws_slow_policy says close: 1013.
    {"cut", "websocket_slow", "WS-017"},
    // A connection did not begin with a PROXY header, or with a bad one, or was too late.
    {"cut", "proxy_header", "PXY-003"},
    // A client spoke something other than TLS on a listener with TLS.
    {"cut", "tls_not_tls", "TLS-006"},
    // A client's part of a TLS handshake is malformed, or offers nothing that is served.
    {"cut", "tls_handshake", "TLS-001"},
    // A client offers protocols by ALPN, and none of them is served.
    {"cut", "tls_alpn", "TLS-002"},
    // A client's certificate is missing, or did not pass.
    {"cut", "tls_client_certificate", "TLS-006"},
    // A TLS handshake took longer than timeouts.tls_handshake.
    {"cut", "tls_handshake_timeout", "LIM-100"},
    // After the handshake something came that is no record of the connection.
    {"cut", "tls_record", "TLS-001"},
    // An HTTP/2 connection did not begin with its preface and SETTINGS, or not in time.
    {"cut", "h2_preface", "H2-002"},
    // Frames of an HTTP/2 connection break its rules.
    {"cut", "h2_protocol", "H2-003"},
    // The compressed fields of an HTTP/2 connection cannot be read.
    {"cut", "h2_compression", "H2-006"},
    // The fields of an HTTP/2 request took more than http2.max_continuation_frames, or too long.
    {"cut", "h2_continuation", "H2-011"},
    // An HTTP/2 connection had more streams reset than http2.max_resets.
    {"cut", "h2_resets", "H2-021"},
    // An HTTP/2 connection sent more frames that do nothing than http2.max_idle_frames.
    {"cut", "h2_flood", "H2-032"},
    // There are limits.max_connections connections: the new one was closed or had to wait.
    {"shed", "connections", "LIM-030"},
    // The process has no descriptor left for a new connection.
    {"shed", "accept", "ENG-028"},
    // More requests than limits.max_queued wait to be handled: 503.
    {"shed", "handler_queue", "LIM-032"},
    // More requests than limits.max_concurrency are in progress: 503.
    {"shed", "handlers_running", "LIM-033"},
    // The worker holds more than limits.buffered_high: 503.
    {"shed", "memory", "PRC-044"},
    // No descriptor or memory is left for a file, or for a body that is put into one: 503.
    {"shed", "descriptors", "PRC-043"},
    // An HTTP/2 connection has http2.max_concurrent_streams requests in progress: the new one was
    // refused.
    {"shed", "h2_streams", "H2-020"},
    // The client's host did not answer for timeouts.tcp_user.
    {"lost", "timeout", "CON-009"},
    // The client reset the connection in the middle of an exchange.
    {"lost", "reset", "CON-044"},
    // The client had left before its connection was accepted.
    {"lost", "accept", "ENG-029"},
    // A client ended a TLS handshake, such as for a certificate that it does not trust.
    {"lost", "tls_handshake", "TLS-003"},
    // A client ended a TLS connection by a fatal alert.
    {"lost", "tls_alert", "TLS-005"},
    // A handler's answer has a header field that may not be sent: 500.
    {"fault", "response_header", "RSP-011"},
    // A handler's answer has a status that may not be sent: 500.
    {"fault", "response_status", "RSP-010"},
    // A handler's body does not have its declared length: 500, or cut.
    {"fault", "response_length", "RSP-012"},
    // A handler raised an exception that no exception handler took: 500.
    {"fault", "handler", "RSP-019"},
    // A handler raised an exception after its answer had begun: cut.
    {"fault", "handler_streaming", "RSP-020"},
    // A handler took longer than its timeout: 504.
    {"fault", "request_timeout", "CON-005"},
    // A worker ended without a stop.
    {"fault", "worker_crash", "LIM-094"},
    // A worker was not ready within timeouts.worker_start.
    {"fault", "worker_start", "LIM-092"},
    // A worker did not turn its loop for timeouts.stuck_dump.
    {"fault", "worker_stuck", "PRC-034"},
    // A reload failed, and the workers before it went on.
    {"fault", "reload", "PRC-022"},
    // Changed certificates cannot be used; those before them stay.
    {"fault", "tls_reload", "TLS-004"},
    // A handler's result cannot be encoded as JSON: 500.
    {"fault", "json_encode", "JSN-008"},
    // A handler used its WebSocket against the protocol.
    {"fault", "websocket_protocol", "WS-005"},
    // A file became shorter while it was sent: cut.
    {"fault", "static_truncated", "STA-006"},
    // The kernel lost the result of an operation; the worker is replaced.
    {"fault", "engine_completion_lost", "ENG-032"},
    // The engine met an impossible state; the worker is replaced.
    {"fault", "engine_check", "ENG-038"},
    // The kernel or a filter forbids io_uring; epoll is used.
    {"fallback", "engine_epoll", "ENG-003"},
    // The shared receive buffers were in use; a connection had to wait.
    {"fallback", "receive_no_buffers", "ENG-020"},
    // Connections are accepted one at a time, because the kernel refuses more.
    {"fallback", "accept_single", "ENG-030"},
    // A feature of the kernel failed while serving; the engine goes on without it.
    {"fallback", "engine_feature", "ENG-036"},
    // The kernel lacks openat2(2); static files are found component by component.
    {"fallback", "openat2", "STA-004"},
    // The kernel could not copy a file itself; it is read and sent.
    {"fallback", "splice", "STA-017"},
    // A header field that belongs to the connection was left out of an answer.
    {"dropped", "response_header", "RSP-013"},
    // A trailer was left out of an answer.
    {"dropped", "response_trailer", "RSP-022"},
    // Log records were dropped: log_queue was full, or the log could not be written.
    {"dropped", "log", "LIM-095"},
    // A request for more ranges than limits.max_ranges got the whole file.
    {"dropped", "range", "LIM-065"},
    // A topic's message was dropped for a slow receiver, or on its way.
    {"dropped", "websocket_message", "WS-052"},
    // A trusted proxy sent a malformed Forwarded or X-Forwarded field; it changes nothing.
    {"dropped", "forwarded", "PXY-002"},
    // A header field was left out of a WSGI environ: `Proxy`, or a name with an underscore.
    {"dropped", "header_alias", "H1-037"},
    // The client waited for 100-continue and got a final answer instead.
    {"closed", "expect_unanswered", "H1-072"},
    // After a refused upgrade the next octets may or may not be a request.
    {"closed", "upgrade_refused", "H1-074"},
    // A new connection did not send a request in time.
    {"closed", "no_request", "CON-001"},
    // No request came within timeouts.idle.
    {"closed", "keep_alive", "CON-003"},
    // More of a body was left unread than limits.max_drain_size.
    {"closed", "body_not_drained", "CON-006"},
    // The client did not close within timeouts.linger after its last answer.
    {"closed", "linger_timeout", "CON-007"},
    // There were more than limits.max_lingering connections that waited for a close.
    {"closed", "linger_skipped", "CON-031"},
    // The client closed between two requests.
    {"closed", "by_peer", "CON-040"},
    // The connection has had limits.max_requests_per_connection requests.
    {"closed", "request_count", "LIM-019"},
    // An idle connection made room for one that waited.
    {"closed", "idle_for_room", "PRC-042"},
    // A result came for an operation whose connection had ended.
    {"engine", "stale_completion", "ENG-011"},
    // A repeating operation ended and was started again.
    {"engine", "multishot_rearmed", "ENG-021"},
    // The kernel cancelled an operation by itself.
    {"engine", "cancelled_unasked", "ENG-023"},
    // The kernel took less than it was given; the rest was sent afterwards.
    {"engine", "short_send", "ENG-027"},
    // The kernel had more results than its queue has places.
    {"engine", "cq_overflow", "ENG-031"},
}};

static_assert(!rows.back().word.empty(), "reason_count and the table disagree");

}  // namespace

const ReasonRow& reason_row(Reason reason) {
  const auto index = static_cast<std::size_t>(reason);
  CHECK(index < rows.size());
  return rows[index];
}

}  // namespace pelton
