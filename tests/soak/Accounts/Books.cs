using Mesh.Soak.Loading;

namespace Mesh.Soak.Accounts;

/// <summary>What the clients did against what the daemons recorded: at the source each request that was answered once, each that was broken off at most once;
/// connections likewise by number; and the metrics say the same as the access log.</summary>
internal static class Books
{
    private const int Shown = 10;

    public static IEnumerable<string> Problems(SoakWorld world, IReadOnlyList<LoadReport> reports) =>
        reports.SelectMany(report => OfClient(world, report)).Concat(world.Nodes.SelectMany(OfNode));

    private static IEnumerable<string> OfClient(SoakWorld world, LoadReport report)
    {
        byte[] ledger = File.ReadAllBytes(world.Loads.First(load => load.Options.Name == report.Name).Options.Ledger);
        byte[] seen = new byte[ledger.Length];
        foreach (var node in world.Nodes)
        {
            var records = node.Records.RequestsOf(report.Name);
            for (int i = 0; i < Math.Min(records.Count, seen.Length); i++) seen[i] += records[i];
        }
        var twice = Numbers(seen.Length, i => seen[i] > 1);
        if (twice.Count > 0) yield return $"{twice.Count} requests of {report.Name} were recorded more than once: {Show(report, twice)}";
        var missing = Numbers(seen.Length, i => seen[i] == 0 && ledger[i] == Ledger.Answered);
        if (missing.Count > 0) yield return $"{missing.Count} requests of {report.Name} were answered and not recorded: {Show(report, missing)}";
        if (report.Name == "outside") yield break; // a gateway does not know its clients by name
        long connections = world.Nodes.Sum(node => node.Records.ConnectionsOf(report.Name));
        long least = report.Ledger.Connections, most = least + report.Ledger.LooseConnections;
        if (connections < least || connections > most) yield return $"{connections} connections of {report.Name} were recorded, expected {least} to {most}";
    }

    private static IEnumerable<string> OfNode(SoakNode node)
    {
        foreach (string line in node.Records.Strange) yield return $"{node.Machine.Name}: no access record: {line}";
        var metrics = node.LastMetrics;
        double dropped = metrics.Sum("mesh_access_log_dropped_total"), counted = metrics.Sum("mesh_requests_total", "reporter=\"source\"");
        if (dropped > 0) yield return $"{node.Machine.Name}: {dropped} access records were dropped";
        else if (counted != node.Records.Requests) yield return $"{node.Machine.Name}: mesh_requests_total counts {counted} requests at their source, the access log {node.Records.Requests}";
        double opened = metrics.Sum("mesh_tcp_connections_opened_total"), closed = metrics.Sum("mesh_tcp_connections_closed_total");
        if (opened != closed) yield return $"{node.Machine.Name}: {opened} connections were opened, {closed} closed";
    }

    private static List<int> Numbers(int count, Predicate<int> wrong) => [.. Enumerable.Range(0, count).Where(i => wrong(i))];

    private static string Show(LoadReport report, List<int> numbers) => string.Join(", ", numbers.Take(Shown).Select(number => $"{report.Name}.{number}"));
}
