namespace Mesh.Soak.Loading;

/// <summary>What a client process says at its end, as one line of JSON.</summary>
internal sealed record LoadReport(string Name, Dictionary<string, long> Conversations, long Failures, LedgerTotals Ledger);
