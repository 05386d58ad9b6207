namespace Mesh.Proxy.Routing;

/// <summary>Where TLS connections go that match.</summary>
/// <param name="RouteKey">namespace/name of the route, for telemetry and explanations.</param>
public sealed record TlsRuleModel(string RouteKey, BackendModel[] Backends);

/// <summary>One host of one route.</summary>
/// <param name="CreatedUnixMs">For the precedence among routes: the older one wins, then the name.</param>
public sealed record TlsMatchModel(HostPattern Host, TlsRuleModel Rule, long CreatedUnixMs);

/// <summary>The routes attached to one place by server name, in the order of Gateway API's precedence: exact, longer wildcard, any; then the older
/// route, then the name.</summary>
public sealed class TlsRouteTable
{
    private readonly BytesTable<TlsRuleModel> exact = new(ignoreCase: true);
    private readonly BytesTable<TlsRuleModel> wildcard = new(ignoreCase: true);
    private readonly TlsRuleModel? any;

    public TlsRouteTable(IEnumerable<TlsMatchModel> all)
    {
        foreach (var match in all.OrderBy(static m => m.CreatedUnixMs).ThenBy(static m => m.Rule.RouteKey, StringComparer.Ordinal))
        {
            if (match.Host.Kind == HostKind.Any) any ??= match.Rule;
            else (match.Host.Kind == HostKind.Exact ? exact : wildcard).GetOrAdd(match.Host.Text, () => match.Rule);
        }
    }

    /// <param name="serverName">Empty: the client names none, and only a route for every name takes it.</param>
    public TlsRuleModel? Match(ReadOnlySpan<byte> serverName)
    {
        if (exact.Find(serverName) is { } rule) return rule;
        foreach (int length in wildcard.Lengths)
        {
            if (length < serverName.Length && wildcard.Find(serverName[^length..]) is { } suffix) return suffix;
        }
        return any;
    }
}
