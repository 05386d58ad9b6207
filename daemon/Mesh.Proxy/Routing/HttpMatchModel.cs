using System.Text;
using System.Text.RegularExpressions;
using Mesh.Http;

namespace Mesh.Proxy.Routing;

/// <summary>Where a share of a rule's requests goes. A backend that cannot be used keeps its share and answers 500 (Gateway API).</summary>
public sealed record BackendModel(string ServiceKey, int Port, int Weight, string? InvalidReason, HttpFilters Filters);

/// <summary>What to do with requests that match.</summary>
public sealed class HttpRuleModel
{
    /// <summary>namespace/name of the route, for telemetry and explanations.</summary>
    public required string RouteKey { get; init; }

    public required BackendModel[] Backends { get; init; }
    public required HttpFilters Filters { get; init; }
    public TimeSpan RequestTimeout { get; init; }
    public TimeSpan BackendTimeout { get; init; }

    public int TotalWeight { get; init; }

    /// <param name="draw">Uniform in [0, TotalWeight).</param>
    public BackendModel Choose(int draw)
    {
        foreach (var backend in Backends)
        {
            draw -= backend.Weight;
            if (draw < 0) return backend;
        }
        return Backends[^1];
    }
}

public enum MatchKind
{
    Exact,
    Prefix,
    Regex,

    /// <summary>Of paths only: every one, after all others have been tried.</summary>
    Any,
}

public sealed record FieldMatch(byte[] Name, MatchKind Kind, byte[] Value, Regex? Regex);

/// <summary>One match of one rule. Everything given must hold.</summary>
public sealed class HttpMatchModel
{
    public required HttpRuleModel Rule { get; init; }
    public required HostPattern Host { get; init; }
    public required MatchKind PathKind { get; init; }
    public required byte[] Path { get; init; }
    public Regex? PathRegex { get; init; }

    /// <summary>Of expressions the one with the larger rank is tried first; null: its length.</summary>
    public int? ExpressionRank { get; init; }

    public byte[]? Method { get; init; }
    public FieldMatch[] Headers { get; init; } = [];
    public FieldMatch[] Query { get; init; } = [];

    /// <summary>For the precedence among routes: the older one wins, then the name.</summary>
    public required long CreatedUnixMs { get; init; }

    public required int Order { get; init; }

    /// <summary>Everything but host and path, by which the table has found it.</summary>
    internal bool MatchesRest(RequestHead request) =>
        (Method is null || request.IsMethod(Method)) && MatchesHeaders(request) && MatchesQuery(request);

    private bool MatchesHeaders(RequestHead request)
    {
        foreach (var match in Headers)
        {
            bool isHost = Ascii.EqualsIgnoreCase(match.Name, "host"u8);
            ReadOnlySpan<byte> value = request.Authority.Span;
            if (!isHost && !request.Headers.TryGet(match.Name, out value)) return false;
            if (!Holds(match, value)) return false;
        }
        return true;
    }

    private bool MatchesQuery(RequestHead request)
    {
        foreach (var match in Query)
        {
            if (!QueryString.TryGet(request.Query, match.Name, out var value) || !Holds(match, value)) return false;
        }
        return true;
    }

    private static bool Holds(FieldMatch match, ReadOnlySpan<byte> value) => match.Kind switch
    {
        MatchKind.Exact => value.SequenceEqual(match.Value),
        MatchKind.Prefix => value.StartsWith(match.Value),
        _ => RegexMatch.Holds(match.Regex!, value),
    };
}
