using Mesh.Soak.Loading;

namespace Mesh.Soak.Accounts;

/// <summary>What the clients did against what the daemons recorded: at the source each request that was answered once and with its bytes, each that was broken off at most once;
/// connections likewise by number; and the metrics say the same as the access log.</summary>
internal static class Books
{
    private const int Shown = 10;

    public static IEnumerable<string> Problems(SoakWorld world, IReadOnlyList<LoadReport> reports) =>
        reports.SelectMany(report => OfClient(world, report)).Concat(world.Nodes.SelectMany(OfNode)).Concat(OfThoseLeft(world, reports));

    private static IEnumerable<string> OfThoseLeft(SoakWorld world, IReadOnlyList<LoadReport> reports)
    {
        long left = world.Nodes.Sum(static node => node.Records.LeftInHead), most = reports.Sum(static report => report.Ledger.Leaves);
        if (left > most) yield return $"{left} requests are said to have been left inside their head, by clients who left {most}";
    }

    private static IEnumerable<string> OfClient(SoakWorld world, LoadReport report)
    {
        var ledger = Ledger.Load(world.Loads.First(load => load.Options.Name == report.Name).Options.Ledger);
        var seen = new Recorded[ledger.Length];
        foreach (var node in world.Nodes)
        {
            var records = node.Records.RequestsOf(report.Name);
            for (int i = 0; i < Math.Min(records.Count, seen.Length); i++)
            {
                if (records[i].Times > 0) seen[i] = records[i] with { Times = seen[i].Times + records[i].Times };
            }
        }
        foreach (string problem in OfRequests(report.Name, ledger, seen)) yield return problem;
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

    internal static IEnumerable<string> OfRequests(string client, LedgerEntry[] ledger, Recorded[] seen)
    {
        var numbers = Enumerable.Range(0, ledger.Length).ToList();
        var twice = numbers.Where(i => seen[i].Times > 1).ToList();
        if (twice.Count > 0) yield return $"{twice.Count} requests of {client} were recorded more than once: {Show(twice)}";
        var missing = numbers.Where(i => seen[i].Times == 0 && ledger[i].IsAnswered).ToList();
        if (missing.Count > 0) yield return $"{missing.Count} requests of {client} were answered and not recorded: {Show(missing)}";
        var miscounted = numbers.Where(i => seen[i].Times == 1 && (Differ(ledger[i].Up, seen[i].Up) || Differ(ledger[i].Down, seen[i].Down))).ToList();
        if (miscounted.Count > 0) yield return $"{miscounted.Count} requests of {client} were recorded with other bytes than they had: {Show(miscounted)}";

        string Show(List<int> some) => string.Join(", ", some.Take(Shown).Select(i => $"{client}.{i} (up {ledger[i].Up}, recorded {seen[i].Up}; down {ledger[i].Down}, recorded {seen[i].Down})"));
    }

    private static bool Differ(int known, int recorded) => known >= 0 && known != recorded;
}
