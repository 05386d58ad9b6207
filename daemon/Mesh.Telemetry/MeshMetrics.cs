using Mesh.Telemetry.Metrics;
using Mesh.Telemetry.Traffic;

namespace Mesh.Telemetry;

/// <summary>Every metric of the daemon: the names and labels that dashboards rely on.</summary>
public static class MeshMetrics
{
    // 0.5 ms, what a proxy hop itself may cost, to 60 s, beyond which timeouts speak; about 2.5 times a step keeps quantiles within that factor.
    private static readonly double[] DurationBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

    // 50 µs, a command on the same machine, to 10 s; commands that block take as long as they are told.
    private static readonly double[] CommandBounds = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

    // 64 B to 64 MiB, four times a step.
    private static readonly double[] ByteBounds = [64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864];

    private static readonly string[] RequestLabels = TrafficLabels.With("response_code", "grpc_response_status", "response_flags");

    public static readonly MetricFamily Requests = MetricFamily.Counter(
        "mesh_requests_total", "Requests that have ended.", RequestLabels);

    public static readonly MetricFamily RequestDuration = MetricFamily.Histogram(
        "mesh_request_duration_seconds", "From the first byte of the request to the last byte of the response.", DurationBounds, RequestLabels);

    public static readonly MetricFamily RequestBytes = MetricFamily.Histogram(
        "mesh_request_bytes", "Bytes of request bodies.", ByteBounds, RequestLabels);

    public static readonly MetricFamily ResponseBytes = MetricFamily.Histogram(
        "mesh_response_bytes", "Bytes of response bodies.", ByteBounds, RequestLabels);

    private static readonly string[] CallLabels = TrafficLabels.With("grpc_method", "grpc_response_status");

    public static readonly MetricFamily RequestMessages = MetricFamily.Counter(
        "mesh_request_messages_total", "gRPC messages from clients, by method and by the status that their call ended with.", CallLabels);

    public static readonly MetricFamily ResponseMessages = MetricFamily.Counter(
        "mesh_response_messages_total", "gRPC messages to clients, by method and by the status that their call ended with.", CallLabels);

    public static readonly MetricFamily Http2Errors = MetricFamily.Counter(
        "mesh_http2_connection_errors_total",
        "HTTP/2 connections that were ended here with GOAWAY: the peer broke the protocol, or went beyond a limit (EnhanceYourCalm: floods and oversized heads).",
        "side", "error");

    public static readonly MetricFamily ConnectionsOpened = MetricFamily.Counter(
        "mesh_tcp_connections_opened_total", "Connections opened.", TrafficLabels.Names);

    public static readonly MetricFamily ConnectionsClosed = MetricFamily.Counter(
        "mesh_tcp_connections_closed_total", "Connections closed, with the reason if there was one.", TrafficLabels.With("response_flags"));

    public static readonly MetricFamily BytesSent = MetricFamily.Counter(
        "mesh_tcp_sent_bytes_total", "Bytes sent to the client of the connection.", TrafficLabels.Names);

    public static readonly MetricFamily BytesReceived = MetricFamily.Counter(
        "mesh_tcp_received_bytes_total", "Bytes received from the client of the connection.", TrafficLabels.Names);

    public static readonly MetricFamily ConnectionsActive = MetricFamily.Gauge(
        "mesh_connections_active", "Connections open now.", TrafficLabels.Names);

    public static readonly MetricFamily RedisCommands = MetricFamily.Counter(
        "mesh_redis_commands_total", "Redis commands that have ended, by how: ok, error, denied.", TrafficLabels.With("command", "result"));

    public static readonly MetricFamily RedisCommandDuration = MetricFamily.Histogram(
        "mesh_redis_command_duration_seconds", "From the receipt of a Redis command to that of its reply.", CommandBounds, TrafficLabels.With("command"));

    public static readonly MetricFamily RedisOpaque = MetricFamily.Counter(
        "mesh_redis_opaque_total", "Redis connections whose commands are not counted from some point on, by why.", TrafficLabels.With("reason"));

    public static readonly MetricFamily RedisReadReplays = MetricFamily.Counter(
        "mesh_redis_read_replays_total", "Reads that a replica did not answer and the primary was asked instead, by why.", TrafficLabels.With("reason"));

    public static readonly MetricFamily ProtocolDetections = MetricFamily.Counter(
        "mesh_protocol_detection_total", "Connections to ports whose protocol nobody named, by what they turned out to be.", "result", "destination_service");

    public static readonly MetricFamily WorkloadCpu = MetricFamily.Counter(
        "mesh_workload_cpu_seconds_total", "Time that loops spent on a workload's traffic.", "workload", "namespace");

    public static readonly MetricFamily WorkloadMemory = MetricFamily.Gauge(
        "mesh_workload_memory_bytes", "Buffer memory held for a workload's traffic.", "workload", "namespace");

    public static readonly MetricFamily DnsAnswers = MetricFamily.Counter(
        "mesh_dns_answers_total", "Answers to a workload's questions: from the mesh's names, the cache, a resolver, or none of them answered.",
        "workload", "namespace", "source");

    public static readonly MetricFamily DnsCacheHits = MetricFamily.Counter(
        "mesh_dns_cache_hits_total", "Questions answered with what a resolver said before.", "workload", "namespace");

    public static readonly MetricFamily DnsCacheMisses = MetricFamily.Counter(
        "mesh_dns_cache_misses_total", "Questions for which a resolver had to be asked.", "workload", "namespace");

    public static readonly MetricFamily DnsCacheEvictions = MetricFamily.Counter(
        "mesh_dns_cache_evictions_total", "Answers forgotten before their time because the cache was full.", "workload", "namespace");

    public static readonly MetricFamily DnsCacheEntries = MetricFamily.Gauge(
        "mesh_dns_cache_entries", "Answers of resolvers remembered now.", "workload", "namespace");

    public static readonly MetricFamily DnsCacheBytes = MetricFamily.Gauge(
        "mesh_dns_cache_bytes", "Memory of the answers remembered now.", "workload", "namespace");

    public static readonly MetricFamily LoopBusy = MetricFamily.Counter(
        "mesh_loop_busy_seconds_total", "Time that a worker loop spent working rather than waiting.", "loop");

    public static readonly MetricFamily BufferBlocks = MetricFamily.Gauge(
        "mesh_buffer_blocks_outstanding", "Buffer blocks in use, by input that was not read and output that was not sent.", "loop");

    public static readonly MetricFamily SocketsOpen = MetricFamily.Gauge(
        "mesh_sockets_open", "TCP sockets of a worker loop, without listeners.", "loop");

    public static readonly MetricFamily StreamsActive = MetricFamily.Gauge(
        "mesh_http2_streams_active", "HTTP/2 streams in use, of clients, applications and tunnels.", "loop");

    public static readonly MetricFamily DownstreamConnections = MetricFamily.Gauge(
        "mesh_downstream_connections", "Accepted connections that are being served, by the kind of listener that accepted them.", "loop", "listener");

    public static readonly MetricFamily UpstreamConnectionsKept = MetricFamily.Gauge(
        "mesh_upstream_connections_kept", "Upstream connections that are kept for the next who needs one: idle ones, and those that many share.", "loop", "kind");

    public static readonly MetricFamily RedirectVerified = MetricFamily.Gauge(
        "mesh_redirect_verified", "1 if a probe has just shown that the workload's traffic is redirected, else 0.", "workload", "namespace");

    public static readonly MetricFamily CertificateExpiry = MetricFamily.Gauge(
        "mesh_certificate_expiry_seconds", "When an identity's certificate expires, in seconds since 1970.", "principal");

    public static readonly MetricFamily ConfigVersion = MetricFamily.Gauge(
        "mesh_config_version", "Version of the configuration in force.");

    public static readonly MetricFamily ConfigRejected = MetricFamily.Counter(
        "mesh_config_rejected_total", "Resources refused because they are invalid or cannot be enforced.", "kind");

    public static readonly MetricFamily AccessRecordsDropped = MetricFamily.Counter(
        "mesh_access_log_dropped_total", "Access log records lost because the log could not be written fast enough.", "loop");
}
