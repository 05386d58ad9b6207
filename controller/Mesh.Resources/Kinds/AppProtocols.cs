using Mesh.Protocol.Config;

namespace Mesh.Resources.Kinds;

/// <summary>Values of Service.ports.appProtocol (the standard ones of KEP-3726, and plain names of IANA or Istio), and what port names imply.</summary>
internal static class AppProtocols
{
    private static readonly Dictionary<string, AppProtocol> known = new(StringComparer.Ordinal)
    {
        ["http"] = AppProtocol.Http,
        ["ws"] = AppProtocol.Http,
        ["kubernetes.io/ws"] = AppProtocol.Http,
        ["kubernetes.io/h2c"] = AppProtocol.Http2,
        ["h2c"] = AppProtocol.Http2,
        ["http2"] = AppProtocol.Http2,
        ["grpc"] = AppProtocol.Grpc,
        ["tcp"] = AppProtocol.Tcp,
        ["mongo"] = AppProtocol.Tcp,
        ["mysql"] = AppProtocol.Tcp,
        ["postgresql"] = AppProtocol.Tcp,
        ["tls"] = AppProtocol.Tls,
        ["https"] = AppProtocol.Tls,
        ["wss"] = AppProtocol.Tls,
        ["kubernetes.io/wss"] = AppProtocol.Tls,
        ["redis"] = AppProtocol.Redis,
    };

    public static IReadOnlyList<string> Names { get; } = [.. known.Keys];

    /// <summary>appProtocol wins; else the port name, or its part before the first '-'; else detection.</summary>
    public static AppProtocol Of(string? appProtocol, string? portName)
    {
        if (appProtocol is not null)
            return known[appProtocol];

        return known.GetValueOrDefault((portName ?? "").Split('-')[0], AppProtocol.UnknownProtocol);
    }
}
