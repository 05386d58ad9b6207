using System.Runtime.InteropServices;

namespace Mesh.Soak.Loading;

/// <summary>What a client knows of one of its requests.</summary>
/// <param name="IsAnswered">The mesh must have one record of it. Else it was broken off on the way: one or none.</param>
/// <param name="Up">Bytes of the request's body; -1: not known.</param>
/// <param name="Down">Bytes of the response's body; -1: not known.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal readonly record struct LedgerEntry(bool IsAnswered, int Up, int Down);

/// <summary>Which requests this client has made, by number.</summary>
internal sealed class Ledger(string client)
{
    private readonly Lock gate = new();
    private readonly List<LedgerEntry> entries = [];
    private long connections, looseConnections, leaves;

    /// <summary>The value of x-request-id.</summary>
    public string Text(int number) => $"{client}.{number}";

    public int Begin()
    {
        lock (gate)
        {
            entries.Add(new LedgerEntry(false, -1, -1));
            return entries.Count - 1;
        }
    }

    public void End(int number, long up = -1, long down = -1)
    {
        lock (gate) entries[number] = new LedgerEntry(true, (int)up, (int)down);
    }

    /// <summary>One that carried something, or may have.</summary>
    /// <param name="answered">Bytes came back, so the mesh must have a record of the connection.</param>
    public void Connection(bool answered) => Interlocked.Increment(ref answered ? ref connections : ref looseConnections);

    /// <summary>Ends HTTP anywhere, perhaps inside a head.</summary>
    public void Leave() => Interlocked.Increment(ref leaves);

    public LedgerTotals Totals =>
        new(entries.Count, Interlocked.Read(ref connections), Interlocked.Read(ref looseConnections), Interlocked.Read(ref leaves));

    public void Save(string file)
    {
        lock (gate) File.WriteAllBytes(file, MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(entries)));
    }

    public static LedgerEntry[] Load(string file) => MemoryMarshal.Cast<byte, LedgerEntry>(File.ReadAllBytes(file)).ToArray();
}

internal sealed record LedgerTotals(long Requests, long Connections, long LooseConnections, long Leaves);
