namespace Mesh.Proxy.Dns;

/// <summary>Decides what to do with a question: answer it from the mesh's names, refuse it, or leave it to the workload's resolvers. Pure.</summary>
internal sealed class DnsAnswerer(DnsOptions options, INameResolver names)
{
    internal enum Decision
    {
        Answered,
        Forward,
        Ignore,
    }

    /// <param name="answer">At least <see cref="DnsAnswerWriter.MaxLength"/> bytes.</param>
    /// <param name="length">Of the answer, when answered.</param>
    internal Decision Decide(ReadOnlySpan<byte> query, Span<byte> answer, out DnsQuestion question, out int length)
    {
        length = 0;
        switch (DnsQuestion.ReadQuery(query, out question))
        {
            case DnsReadResult.Ignore: return Decision.Ignore;
            case DnsReadResult.FormatError:
                length = Fail(query, question with { QuestionEnd = DnsWire.HeaderLength }, DnsCode.FormatError, answer);
                return Decision.Answered;
            case DnsReadResult.NotImplemented:
                length = Fail(query, question, DnsCode.NotImplemented, answer);
                return Decision.Answered;
        }
        string? domain = DomainOf(question.Name);
        bool isKnown = names.TryResolve(question.Name, out var addresses);
        if (!isKnown && domain is null) return Decision.Forward;
        length = Answer(query, question, domain, isKnown ? addresses : null, answer);
        return Decision.Answered;
    }

    /// <summary>An answer without data. Returns its length.</summary>
    internal static int Fail(ReadOnlySpan<byte> query, in DnsQuestion question, DnsCode code, Span<byte> answer)
    {
        var writer = new DnsAnswerWriter(answer, query, question, code, isAuthoritative: false);
        if (question.HasOptions) writer.Options();
        return writer.Finish().Length;
    }

    private int Answer(ReadOnlySpan<byte> query, in DnsQuestion question, string? domain, NameAnswer? addresses, Span<byte> answer)
    {
        if (question.Class is not (DnsWire.ClassIn or DnsWire.ClassAny)) return Fail(query, question, DnsCode.Refused, answer);
        bool exists = addresses is not null || IsAboveServices(question.Name, domain!);
        var writer = new DnsAnswerWriter(answer, query, question, exists ? DnsCode.NoError : DnsCode.NoSuchName, isAuthoritative: true);
        bool wantsV4 = question.Type is DnsWire.TypeA or DnsWire.TypeAny;
        bool wantsV6 = question.Type is DnsWire.TypeAaaa or DnsWire.TypeAny;
        bool found = false;
        if (wantsV4 && addresses?.V4 is { } v4)
        {
            writer.Address(v4, options.TimeToLive);
            found = true;
        }
        if (wantsV6 && addresses?.V6 is { } v6)
        {
            writer.Address(v6, options.TimeToLive);
            found = true;
        }
        if (!found && domain is not null) writer.Authority(domain, options.NegativeTimeToLive);
        if (question.HasOptions) writer.Options();
        return writer.Finish().Length;
    }

    private string? DomainOf(string name)
    {
        foreach (string domain in options.MeshDomains)
        {
            bool isBelow = name.Length > domain.Length && name.EndsWith(domain, StringComparison.Ordinal) && name[^(domain.Length + 1)] == '.';
            if (isBelow || name == domain) return domain;
        }
        return null;
    }

    /// <summary>The domain itself and its namespaces have no addresses but have names below them, so they must not be said not to exist (RFC 8020).</summary>
    private static bool IsAboveServices(string name, string domain) =>
        name.Length == domain.Length || !name.AsSpan(0, name.Length - domain.Length - 1).Contains('.');
}
