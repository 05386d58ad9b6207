using System.Diagnostics.CodeAnalysis;

namespace Mesh.Io.Tls;

/// <summary>A workload identity: <c>spiffe://trust-domain/ns/namespace/sa/service-account</c>, exactly that shape.
/// A node's own identity is <c>spiffe://trust-domain/node/name</c> and is not a workload identity.</summary>
public sealed record SpiffeId(string TrustDomain, string Namespace, string ServiceAccount)
{
    private const string Scheme = "spiffe://";
    private string? text;

    public static bool TryParse(ReadOnlySpan<char> uri, [NotNullWhen(true)] out SpiffeId? id)
    {
        id = null;
        if (!uri.StartsWith(Scheme, StringComparison.Ordinal)) return false;
        Span<Range> parts = stackalloc Range[6];
        var path = uri[Scheme.Length..];
        if (path.Split(parts, '/') != 5 || path[parts[1]] is not "ns" || path[parts[3]] is not "sa") return false;
        var domain = path[parts[0]];
        var ns = path[parts[2]];
        var account = path[parts[4]];
        if (!IsName(domain) || !IsName(ns) || !IsName(account)) return false;
        id = new SpiffeId(domain.ToString(), ns.ToString(), account.ToString());
        return true;
    }

    public override string ToString() => text ??= $"{Scheme}{TrustDomain}/ns/{Namespace}/sa/{ServiceAccount}";

    public bool Equals(SpiffeId? other) =>
        other is not null && TrustDomain == other.TrustDomain && Namespace == other.Namespace && ServiceAccount == other.ServiceAccount;

    public override int GetHashCode() => HashCode.Combine(TrustDomain, Namespace, ServiceAccount);

    private static bool IsName(ReadOnlySpan<char> value) =>
        value.Length is > 0 and <= 253 && !value.ContainsAnyExcept("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._");
}
