namespace Mesh.Soak.Loading;

/// <summary>A way to a server: a name, and the port of each kind of traffic there; 0: not offered.</summary>
internal sealed record Target(string Name, string Host)
{
    public int Http1 { get; init; }

    /// <summary>The application speaks HTTP/2; the client may speak either.</summary>
    public int Http2 { get; init; }

    public int RawHttp { get; init; }

    /// <summary>HTTP/1.1 on a port whose protocol is not declared.</summary>
    public int DetectedHttp { get; init; }

    /// <summary>HTTP/2 on a port whose protocol is not declared.</summary>
    public int DetectedHttp2 { get; init; }

    public int Talk { get; init; }
    public int DetectedTalk { get; init; }
    public int Greeting { get; init; }
    public int Tls { get; init; }
    public int DetectedTls { get; init; }
    public int Redis { get; init; }

    /// <summary>As a workload reaches a service of the mesh.</summary>
    public static Target Service(string name) => new(name, $"{name}.soak.mesh")
    {
        Http1 = 80, Http2 = 81, RawHttp = 82, DetectedHttp = 83, DetectedHttp2 = 84, Talk = 7000, Greeting = 7001, DetectedTalk = 7002, Tls = 7443, DetectedTls = 7444, Redis = 6379,
    };

    /// <summary>As anybody reaches the gateway.</summary>
    public static Target Gateway(string host) => new("gateway", host) { Http1 = 9501, Http2 = 9502, RawHttp = 9503, Talk = 9504, Greeting = 9505 };
}
