using System.Text.Json;

namespace Mesh.Soak.Accounts;

/// <summary>What the log says of one request.</summary>
internal readonly record struct Recorded(int Times, int Up, int Down);

/// <summary>Adds up one daemon's access log: which requests it has recorded at their source, and how many connections of each client.</summary>
internal sealed class AccessCount
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, List<Recorded>> requests = [];
    private readonly Dictionary<string, long> connections = [];
    private readonly Dictionary<string, long> flags = [];

    /// <summary>Lines that are no record.</summary>
    public List<string> Strange { get; } = [];

    /// <summary>HTTP requests at their source that did not become a connection of another protocol.</summary>
    public long Requests { get; private set; }

    /// <summary>Of those, requests that their clients left inside the head, so that nobody knows which they were.</summary>
    public long LeftInHead { get; private set; }

    /// <summary>Connections without a byte in either direction: HTTP clients open some in advance, use others, and close them. Where the protocol was not told they
    /// are connections and nothing else.</summary>
    public long Unused { get; private set; }

    public long Lines { get; private set; }

    /// <summary>Response flags and reasons, and how often each was.</summary>
    public IReadOnlyDictionary<string, long> Flags => flags;

    public void Follow(string file)
    {
        new Thread(() => Read(file)) { IsBackground = true, Name = "access log" }.Start();
    }

    /// <summary>What was recorded of each request of a client, by number.</summary>
    public IReadOnlyList<Recorded> RequestsOf(string client)
    {
        lock (gate) return requests.TryGetValue(client, out var found) ? [.. found] : [];
    }

    /// <summary>Those that carried something.</summary>
    public long ConnectionsOf(string client)
    {
        lock (gate) return connections.GetValueOrDefault(client);
    }

    private void Read(string file)
    {
        using var lines = new StreamReader(file); // waits for the daemon to open the other end
        while (lines.ReadLine() is { } line)
        {
            lock (gate) Take(line);
        }
    }

    private void Take(string line)
    {
        Lines++;
        try
        {
            using var document = JsonDocument.Parse(line);
            Take(document.RootElement);
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or FormatException)
        {
            if (Strange.Count < 20) Strange.Add(line);
        }
    }

    private void Take(JsonElement record)
    {
        string flag = Text(record, "response_flags");
        if (flag is not "" and not "-")
        {
            string reason = $"{flag} {Text(record, "failure_reason")}";
            if (flags.Count < 500) flags[reason] = flags.GetValueOrDefault(reason) + 1;
        }
        if (Text(record, "reporter") != "source") return;
        if (record.TryGetProperty("method", out _)) TakeRequest(record);
        else if (Number(record, "bytes_received") + Number(record, "bytes_sent") == 0) Unused++;
        else
        {
            string client = Text(record, "source_workload");
            connections[client] = connections.GetValueOrDefault(client) + 1;
        }
    }

    private void TakeRequest(JsonElement record)
    {
        if (Text(record, "protocol") != "websocket") Requests++;
        if (Text(record, "failure_reason") == "the connection ended inside the request header")
        {
            LeftInHead++;
            return;
        }
        string[] id = Text(record, "request_id").Split('.');
        if (id.Length != 2) throw new FormatException("no id of ours");
        if (!requests.TryGetValue(id[0], out var seen)) requests.Add(id[0], seen = []);
        int number = int.Parse(id[1], System.Globalization.CultureInfo.InvariantCulture);
        while (seen.Count <= number) seen.Add(default);
        seen[number] = new Recorded(seen[number].Times + 1, (int)Number(record, "bytes_received"), (int)Number(record, "bytes_sent"));
    }

    private static long Number(JsonElement record, string field) => record.GetProperty(field).GetInt64();

    private static string Text(JsonElement record, string field) => record.TryGetProperty(field, out var value) ? value.ToString() : "";
}
