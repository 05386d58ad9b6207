namespace Mesh.Soak.Loading;

/// <summary>Which requests this client has made, by number, and whether the mesh must have a record of each.</summary>
internal sealed class Ledger(string client)
{
    private readonly Lock gate = new();
    private readonly List<byte> entries = [];
    private long connections, looseConnections;

    /// <summary>Was broken off on the way: whether the mesh has seen it is open.</summary>
    public const byte Loose = 0;

    /// <summary>Was answered: one record at the source.</summary>
    public const byte Answered = 1;

    /// <summary>The value of x-request-id.</summary>
    public string Text(int number) => $"{client}.{number}";

    public int Begin()
    {
        lock (gate)
        {
            entries.Add(Loose);
            return entries.Count - 1;
        }
    }

    public void End(int number)
    {
        lock (gate) entries[number] = Answered;
    }

    /// <param name="answered">Bytes came back, so the mesh must have a record of the connection.</param>
    public void Connection(bool answered) => Interlocked.Increment(ref answered ? ref connections : ref looseConnections);

    public LedgerTotals Totals => new(entries.Count, Interlocked.Read(ref connections), Interlocked.Read(ref looseConnections));

    public void Save(string file)
    {
        lock (gate) File.WriteAllBytes(file, [.. entries]);
    }
}

internal sealed record LedgerTotals(long Requests, long Connections, long LooseConnections);
