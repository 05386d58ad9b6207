namespace Mesh.Soak.Serving;

/// <summary>Where a server listens; the services in Resources name the same numbers as target ports.</summary>
internal static class Ports
{
    public const int Http1 = 8080, Http2 = 8081, RawHttp = 8082, Talk = 7000, Greeting = 7001, Tls = 7443, Redis = 6379;
}
