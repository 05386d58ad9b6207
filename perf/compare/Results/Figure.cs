namespace Mesh.Compare.Results;

/// <summary>Something that is measured.</summary>
/// <param name="Unit">Its name in result files, ending with the unit.</param>
/// <param name="Words">For people.</param>
internal sealed record Figure(string Unit, string Words, bool LargerIsBetter = false)
{
    public static readonly Figure CpuPerRequest = new("cpu_us_per_request", "CPU a request, µs");
    public static readonly Figure RequestsPerSecond = new("requests_per_second", "requests/s", LargerIsBetter: true);
    public static readonly Figure AddedP50 = new("added_p50_us", "added latency p50, µs");
    public static readonly Figure AddedP99 = new("added_p99_us", "added latency p99, µs");
    public static readonly Figure AddedP999 = new("added_p999_us", "added latency p99.9, µs");
    public static readonly Figure Resident = new("resident_mib", "resident, MiB");
    public static readonly Figure CpuPerGiB = new("cpu_s_per_gib", "CPU a GiB, s");
    public static readonly Figure GiBPerSecond = new("gib_per_second", "GiB/s", LargerIsBetter: true);
    public static readonly Figure BytesPerConnection = new("bytes_per_connection", "bytes a connection");
}

/// <summary>What a figure of meshd may be at most: a multiple of the best peer's, or a value of its own.</summary>
internal sealed record Target(Figure Figure, double Limit, bool IsRatio)
{
    public static Target Ratio(Figure figure, double limit) => new(figure, limit, IsRatio: true);

    public static Target Value(Figure figure, double limit) => new(figure, limit, IsRatio: false);
}
