using Mesh.Http;

namespace Mesh.Proxy.Routing;

public sealed record HeaderEdit((byte[] Name, byte[] Value)[] Set, (byte[] Name, byte[] Value)[] Add, byte[][] Remove)
{
    public void Apply(HeaderList headers)
    {
        foreach (byte[] name in Remove) headers.Remove(name);
        foreach (var (name, value) in Set) headers.Set(name, value);
        foreach (var (name, value) in Add) headers.Add(name, value);
    }
}

/// <param name="Full">Replaces the whole path; the query stays.</param>
/// <param name="Prefix">Replaces the prefix that the rule matched.</param>
/// <param name="MatchedPrefix">The one prefix of the rule's matches (Gateway API allows this edit only on such rules).</param>
public sealed record PathEdit(byte[]? Full, byte[]? Prefix, byte[] MatchedPrefix)
{
    public byte[] Apply(ReadOnlySpan<byte> target)
    {
        if (target is [(byte)'*']) return [(byte)'*']; // of OPTIONS: there is no path
        int query = target.IndexOf((byte)'?');
        var path = query < 0 ? target : target[..query];
        var rest = query < 0 ? default : target[query..];
        if (Full is not null) return [.. Full, .. rest];
        int matched = MatchedPrefix is [.., (byte)'/'] ? MatchedPrefix.Length - 1 : MatchedPrefix.Length;
        var tail = path[Math.Min(matched, path.Length)..];
        byte[] head = Prefix is [.., (byte)'/'] ? Prefix[..^1] : Prefix!;
        byte[] joined = [.. head, .. tail, .. rest];
        return joined is [(byte)'/', ..] ? joined : [(byte)'/', .. joined];
    }
}

public sealed record RedirectModel(string? Scheme, string? Hostname, PathEdit? Path, int Port, int Status);

public sealed record RewriteModel(byte[]? Hostname, PathEdit? Path);

/// <summary>The filters of a rule or backend, merged; null where there is none.</summary>
public sealed record HttpFilters(HeaderEdit? Request, HeaderEdit? Response, RedirectModel? Redirect, RewriteModel? Rewrite)
{
    public static readonly HttpFilters None = new(null, null, null, null);
}
