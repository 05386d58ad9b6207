using Mesh.Proxy.Configuration;

namespace Mesh.Proxy.Dns;

/// <summary>Decides what to do with a question: answer it from the mesh's names, refuse it, or leave it to the workload's resolvers.</summary>
/// <param name="random">Where the list of a service without an address starts.</param>
internal sealed class DnsAnswerer(DnsOptions options, SnapshotHolder snapshots, Random random)
{
    internal enum Decision
    {
        Answered,
        Forward,
        Ignore,
    }

    private readonly DnsZones zones = new(options);

    /// <summary>From now on.</summary>
    internal void UseSearchDomains(IReadOnlyList<string> domains) => zones.Searched = domains;

    /// <param name="answer">At least <see cref="DnsWire.MaxUdpLength"/> bytes; all of it is used over TCP.</param>
    /// <param name="length">Of the answer, when answered.</param>
    internal Decision Decide(ReadOnlySpan<byte> query, Span<byte> answer, bool isStream, out DnsQuestion question, out int length)
    {
        length = 0;
        var failure = DnsQuestion.ReadQuery(query, out question) switch
        {
            DnsReadResult.Ok => DnsCode.NoError,
            DnsReadResult.NotImplemented => DnsCode.NotImplemented,
            DnsReadResult.BadVersion => DnsCode.BadVersion,
            DnsReadResult.FormatError => DnsCode.FormatError,
            _ => (DnsCode?)null,
        };
        if (failure is not { } code) return Decision.Ignore;
        if (code == DnsCode.NoError && question.Type is DnsWire.TypeAxfr or DnsWire.TypeIxfr) code = DnsCode.Refused;
        if (code != DnsCode.NoError)
        {
            // What was wrong may be the question itself, so it is not repeated.
            length = Fail(query, code == DnsCode.FormatError ? question with { QuestionEnd = DnsWire.HeaderLength } : question, code, answer);
            return Decision.Answered;
        }
        length = AnswerMesh(query, question, isStream ? answer : answer[..question.Edns.UdpLimit]);
        return length > 0 ? Decision.Answered : Decision.Forward;
    }

    /// <summary>An answer without data. Returns its length.</summary>
    internal static int Fail(ReadOnlySpan<byte> query, in DnsQuestion question, DnsCode code, Span<byte> answer) =>
        new DnsAnswerWriter(answer, query, question, code, isAuthoritative: false).Finish().Length;

    /// <summary>0 when the name is not the mesh's.</summary>
    private int AnswerMesh(ReadOnlySpan<byte> query, in DnsQuestion question, Span<byte> answer)
    {
        var snapshot = snapshots.Current;
        string? zone = zones.ZoneOf(question.Name);
        var name = MeshName.Find(snapshot, question.Name);
        if (zone is null && name.Kind is MeshNameKind.Unknown or MeshNameKind.Parent) return AnswerSearched(snapshot, query, question, answer);
        if (question.Class is not (DnsWire.ClassIn or DnsWire.ClassAny)) return Fail(query, question, DnsCode.Refused, answer);
        bool isApex = question.Name == zone;
        bool exists = name.Kind != MeshNameKind.Unknown || isApex || zone is not null && IsAboveAddresses(question.Name, zone);
        var writer = new DnsAnswerWriter(answer, query, question, exists ? DnsCode.NoError : DnsCode.NoSuchName, isAuthoritative: true);
        bool found = isApex ? Apex(ref writer, question, zone!) : Records(ref writer, question, name, DnsAnswerWriter.Asked);
        if (!found) writer.Authority(DnsSection.Authority, zone ?? name.Host, options.NegativeTimeToLive);
        return writer.Finish().Length;
    }

    /// <summary>A name of the mesh with a search domain behind it leads to the name without: resolvers at other places may know a wildcard there,
    /// and each of them would be asked before the name itself.</summary>
    private int AnswerSearched(Snapshot snapshot, ReadOnlySpan<byte> query, in DnsQuestion question, Span<byte> answer)
    {
        if (question.Class != DnsWire.ClassIn) return 0;
        foreach (string stem in zones.WithoutSearchDomain(question.Name))
        {
            int length = AnswerStem(snapshot, query, question, stem, answer);
            if (length > 0) return length;
        }
        return 0;
    }

    private int AnswerStem(Snapshot snapshot, ReadOnlySpan<byte> query, in DnsQuestion question, string stem, Span<byte> answer)
    {
        var name = MeshName.Find(snapshot, stem);
        bool exists = name.Kind is not (MeshNameKind.Unknown or MeshNameKind.Parent);
        if (!exists && zones.ZoneOf(stem) is null) return 0;
        var writer = new DnsAnswerWriter(answer, query, question, exists ? DnsCode.NoError : DnsCode.NoSuchName, isAuthoritative: false);
        if (!exists) return writer.Finish().Length; // without a start of authority nobody remembers it: the search domain is not ours
        int owner = writer.Name(DnsAnswerWriter.Asked, DnsWire.TypeCname, stem, options.TimeToLive);
        if (!Records(ref writer, question, name, owner)) writer.Authority(DnsSection.Authority, zones.ZoneOf(stem) ?? name.Host, options.NegativeTimeToLive);
        return writer.Finish().Length;
    }

    private bool Apex(ref DnsAnswerWriter writer, in DnsQuestion question, string zone)
    {
        if (question.Type is DnsWire.TypeSoa or DnsWire.TypeAny) writer.Authority(DnsSection.Answer, zone, options.NegativeTimeToLive);
        if (question.Type is DnsWire.TypeNs or DnsWire.TypeAny) writer.Name(DnsAnswerWriter.Asked, DnsWire.TypeNs, "ns." + zone, options.TimeToLive);
        return question.Type is DnsWire.TypeSoa or DnsWire.TypeNs or DnsWire.TypeAny;
    }

    /// <summary>False when there is none of the type asked for.</summary>
    private bool Records(ref DnsAnswerWriter writer, in DnsQuestion question, in MeshName name, int owner)
    {
        bool isAny = question.Type == DnsWire.TypeAny;
        switch (name.Kind)
        {
            case MeshNameKind.Service when name.Service!.Addresses.Count > 0:
                return Addresses(ref writer, question.Type, owner, name.Service.Addresses, DnsSection.Answer);
            case MeshNameKind.Service:
                bool found = false;
                foreach (var endpoint in Rotated(MeshName.EndpointsOf(name.Service!)))
                    found |= Addresses(ref writer, question.Type, owner, endpoint.Workload.Addresses, DnsSection.Answer);
                return found;
            case MeshNameKind.Workload:
                return Addresses(ref writer, question.Type, owner, name.Workload!.Addresses, DnsSection.Answer);
            case MeshNameKind.Port when isAny || question.Type == DnsWire.TypeSrv:
                return Ports(ref writer, name, owner);
            case MeshNameKind.Address when isAny || question.Type == DnsWire.TypePtr:
                foreach (string host in name.Service!.Hostnames) writer.Name(owner, DnsWire.TypePtr, host, options.TimeToLive);
                return true;
            default:
                return false;
        }
    }

    private bool Addresses(ref DnsAnswerWriter writer, ushort type, int owner, IReadOnlyList<Io.Ip> addresses, DnsSection section)
    {
        bool found = false;
        foreach (var address in addresses)
        {
            if (type != DnsWire.TypeAny && type != (address.IsV4 ? DnsWire.TypeA : DnsWire.TypeAaaa)) continue;
            writer.Address(owner, address, options.TimeToLive, section);
            found = true;
        }
        return found;
    }

    /// <summary>The service itself, or each workload where it has no address of its own.</summary>
    private bool Ports(ref DnsAnswerWriter writer, in MeshName name, int owner)
    {
        if (name.Service!.Addresses.Count > 0)
        {
            int target = writer.Service(owner, 1, name.Port!.Port, name.Host, options.TimeToLive);
            Addresses(ref writer, DnsWire.TypeAny, target, name.Service.Addresses, DnsSection.Additional);
            return true;
        }
        var endpoints = Rotated([.. name.Port!.Endpoints]);
        var targets = new int[endpoints.Count];
        for (int i = 0; i < targets.Length; i++)
            targets[i] = writer.Service(owner, Math.Min(endpoints[i].Weight, ushort.MaxValue), endpoints[i].Target.Port, $"{endpoints[i].Workload.Name}.{name.Host}", options.TimeToLive);
        for (int i = 0; i < targets.Length; i++)
            Addresses(ref writer, DnsWire.TypeAny, targets[i], endpoints[i].Workload.Addresses, DnsSection.Additional);
        return targets.Length > 0;
    }

    private List<EndpointModel> Rotated(List<EndpointModel> endpoints)
    {
        int start = endpoints.Count > 1 ? random.Next(endpoints.Count) : 0;
        return start == 0 ? endpoints : [.. endpoints.Skip(start), .. endpoints.Take(start)];
    }

    /// <summary>A part of an address of the range, which has names below it.</summary>
    private static bool IsAboveAddresses(string name, string zone) =>
        zone.EndsWith(".arpa", StringComparison.Ordinal) && !ReverseNames.TryParse(name, out _) && name.Count('.') < (zone.EndsWith("ip6.arpa", StringComparison.Ordinal) ? 33 : 5)
        && !name.AsSpan(0, name.Length - zone.Length).ContainsAnyExcept("0123456789abcdef.");
}
