using System.Globalization;
using System.Text;
using Mesh.Telemetry.Metrics;

namespace Mesh.Telemetry.Traffic;

/// <summary>Message counters of one conversation's gRPC calls, by method and status. Methods come from clients: those that no server knows (UNIMPLEMENTED), and
/// those beyond a bound, are counted together.</summary>
internal sealed class CallMetrics(MetricShard shard, TrafficLabels labels)
{
    private const int MaxMethods = 256, Unimplemented = 12;
    private const string Others = "other";

    private readonly Dictionary<(int Hash, int Status), Cells> byHash = [];

    private sealed class Cells(byte[] method, Counter requests, Counter responses)
    {
        public byte[] Method => method;
        public Counter Requests => requests;
        public Counter Responses => responses;
        public Cells? Next { get; set; }
    }

    public void Ended(ReadOnlySpan<byte> method, int status, long requestMessages, long responseMessages)
    {
        var cells = Find(status is Unimplemented or < 0 ? default : method, status);
        cells.Requests.Add(requestMessages);
        cells.Responses.Add(responseMessages);
    }

    private Cells Find(ReadOnlySpan<byte> method, int status)
    {
        var code = new HashCode();
        code.AddBytes(method);
        var key = (code.ToHashCode(), status);
        byHash.TryGetValue(key, out var first);
        for (var cells = first; cells is not null; cells = cells.Next)
        {
            if (method.SequenceEqual(cells.Method)) return cells;
        }
        if (byHash.Count >= MaxMethods && !method.IsEmpty) return Find(default, status);
        var made = Make(method, status);
        made.Next = first;
        return byHash[key] = made;
    }

    private Cells Make(ReadOnlySpan<byte> method, int status)
    {
        string name = method.IsEmpty ? Others : Encoding.Latin1.GetString(method);
        string statusText = status < 0 ? "" : status.ToString(CultureInfo.InvariantCulture);
        var set = new LabelSet(labels.Values(name, statusText));
        return new Cells(method.ToArray(), shard.Counter(MeshMetrics.RequestMessages, set), shard.Counter(MeshMetrics.ResponseMessages, set));
    }
}
