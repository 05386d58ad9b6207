using System.Net;
using Mesh.Http;
using Mesh.Http.Resp;
using Mesh.Io;
using Mesh.Io.Tls;

namespace Mesh.Proxy.Policy;

/// <summary>What is known about who asks for what.</summary>
/// <param name="Http">Null on opaque connections.</param>
/// <param name="HttpPending">The connection will carry HTTP and each request will be asked about again: conditions on requests are still open.</param>
public readonly record struct AccessQuestion(SpiffeId? Principal, Ip Client, int Port, RequestHead? Http, bool HttpPending)
{
    /// <summary>Null where no Redis command is asked about. A connection that will carry commands is pending, as with requests.</summary>
    public RedisRequest? Redis { get; init; }

    /// <summary>A Deny asks: what may be meant is meant. Otherwise only what is certain.</summary>
    internal bool Denying { get; init; }

    /// <summary>Of an opaque connection the host that its ClientHello names in clear: what conditions on hosts are held against. Empty: not known.</summary>
    public ReadOnlyMemory<byte> ServerName { get; init; }
}

internal enum Verdict
{
    No,

    /// <summary>Depends on the request that is not known yet, or on how the application reads it.</summary>
    Open,
    Yes,
}

/// <summary>Alternatives and their exclusions. Empty alternatives hold; an exclusion that matches does not.</summary>
public sealed record Either<T>(T[] Any, T[] None)
{
    public static readonly Either<T> Unset = new([], []);

    public bool IsUnset => Any.Length == 0 && None.Length == 0;
}

/// <summary>Who: all given fields must hold.</summary>
public sealed record AccessFrom(
    Either<TextMatch> Principals,
    Either<TextMatch> Namespaces,
    Either<(string Namespace, string Account)> ServiceAccounts,
    Either<IPNetwork> IpBlocks)
{
    internal bool Holds(in AccessQuestion question)
    {
        var id = question.Principal;
        var client = question.Client;
        return Check(Principals, id, static (m, id) => id is not null && m.Holds(id.ToString()))
            && Check(Namespaces, id, static (m, id) => id is not null && m.Holds(id.Namespace))
            && Check(ServiceAccounts, id, static (a, id) => id is not null && id.Namespace == a.Namespace && id.ServiceAccount == a.Account)
            && (IpBlocks.IsUnset || Check(IpBlocks, client.ToIPAddress(), static (net, ip) => net.Contains(ip)));
    }

    private static bool Check<T, TSubject>(Either<T> either, TSubject subject, Func<T, TSubject, bool> holds)
    {
        foreach (var excluded in either.None)
        {
            if (holds(excluded, subject)) return false;
        }
        if (either.Any.Length == 0) return true;
        foreach (var alternative in either.Any)
        {
            if (holds(alternative, subject)) return true;
        }
        return false;
    }
}

/// <summary>What: all given fields must hold.</summary>
public sealed record AccessTo(Either<TextMatch> Hosts, Either<TextMatch> Methods, Either<TextMatch> Paths, Either<int> Ports)
{
    private const int LongestOnStack = 1024;

    /// <summary>Null: no condition on Redis commands.</summary>
    public AccessRedis? Redis { get; init; }

    internal bool NeedsHttp => !Hosts.IsUnset || !Methods.IsUnset || !Paths.IsUnset;

    internal Verdict Holds(in AccessQuestion question)
    {
        if (!HoldsPort(question.Port)) return Verdict.No;
        if (Redis is not null)
        {
            if (question.Redis is not { } command) return Verdict.Open;
            if (!Redis.Holds(command, question.Denying)) return Verdict.No;
        }
        if (!NeedsHttp) return Verdict.Yes;
        if (question.Http is not { } request) return HoldsName(question.ServerName.Span);
        bool holds = Check(Hosts, request.Host, ignoreCase: true) && Check(Methods, request.Method.Span, ignoreCase: false);
        return holds ? HoldsPath(request.Path) : Verdict.No;
    }

    /// <summary>Open where the application may read the path as another, to which the answer is another.</summary>
    private Verdict HoldsPath(ReadOnlySpan<byte> path)
    {
        bool holds = Check(Paths, path, ignoreCase: false);
        if (!Paths.IsUnset && !PathReading.IsPlain(path))
        {
            Span<byte> plain = path.Length <= LongestOnStack ? stackalloc byte[LongestOnStack] : new byte[path.Length];
            plain = plain[..PathReading.Simplify(path, plain)];
            if (Check(Paths, plain, ignoreCase: false) != holds) return Verdict.Open;
        }
        return holds ? Verdict.Yes : Verdict.No;
    }

    private Verdict HoldsName(ReadOnlySpan<byte> serverName)
    {
        if (serverName.IsEmpty) return Verdict.Open;
        if (!Check(Hosts, serverName, ignoreCase: true)) return Verdict.No;
        return Methods.IsUnset && Paths.IsUnset ? Verdict.Yes : Verdict.Open;
    }

    private bool HoldsPort(int port) => !Ports.None.Contains(port) && (Ports.Any.Length == 0 || Ports.Any.Contains(port));

    private static bool Check(Either<TextMatch> either, ReadOnlySpan<byte> text, bool ignoreCase)
    {
        foreach (var excluded in either.None)
        {
            if (Holds(excluded, text, ignoreCase)) return false;
        }
        if (either.Any.Length == 0) return true;
        foreach (var alternative in either.Any)
        {
            if (Holds(alternative, text, ignoreCase)) return true;
        }
        return false;
    }

    private static bool Holds(TextMatch match, ReadOnlySpan<byte> text, bool ignoreCase) =>
        ignoreCase ? match.HoldsIgnoringCase(text) : match.Holds(text);
}

/// <summary>From and to must both hold; inside each list, any. An empty list holds.</summary>
public sealed record AccessRule(AccessFrom[] From, AccessTo[] To)
{
    internal bool NeedsHttp => To.Any(static to => to.NeedsHttp);

    internal bool NeedsRedis => To.Any(static to => to.Redis is not null);

    internal bool HoldsFrom(in AccessQuestion question)
    {
        bool from = From.Length == 0;
        for (int i = 0; i < From.Length && !from; i++) from = From[i].Holds(question);
        return from;
    }

    internal Verdict Holds(in AccessQuestion question)
    {
        if (!HoldsFrom(question)) return Verdict.No;
        var best = To.Length == 0 ? Verdict.Yes : Verdict.No;
        for (int i = 0; i < To.Length && best != Verdict.Yes; i++) best = Max(best, To[i].Holds(question));
        return best;
    }

    private static Verdict Max(Verdict a, Verdict b) => a > b ? a : b;
}
