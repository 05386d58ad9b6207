namespace Mesh.Compare.Results;

/// <summary>Something that is measured.</summary>
/// <param name="Unit">Its name in result files, ending with the unit.</param>
/// <param name="Words">For people.</param>
internal sealed record Figure(string Unit, string Words, bool LargerIsBetter = false)
{
    public static readonly Figure CpuPerRequest = new("cpu_us_per_request", "CPU a request, µs");
    public static readonly Figure RequestsPerSecond = new("requests_per_second", "requests/s", LargerIsBetter: true);
    public static readonly Figure CpuPerCommand = new("cpu_us_per_command", "CPU a command, µs");
    public static readonly Figure CommandsPerSecond = new("commands_per_second", "commands/s", LargerIsBetter: true);
    public static readonly Figure AddedP50 = new("added_p50_us", "added latency p50, µs");
    public static readonly Figure AddedP99 = new("added_p99_us", "added latency p99, µs");
    public static readonly Figure AddedP999 = new("added_p999_us", "added latency p99.9, µs");
    public static readonly Figure Resident = new("resident_mib", "resident, MiB");
    public static readonly Figure CpuPerGiB = new("cpu_s_per_gib", "CPU a GiB, s");
    public static readonly Figure GiBPerSecond = new("gib_per_second", "GiB/s", LargerIsBetter: true);
    public static readonly Figure BytesPerConnection = new("bytes_per_connection", "bytes a connection");
    public static readonly Figure StartedResident = new("resident_started_mib", "resident just started, MiB");
    public static readonly Figure JoinedResident = new("resident_joined_mib", "resident just started and joined, MiB");
    public static readonly Figure EnrolledResident = new("resident_enrolled_mib", "resident with workloads and services, MiB");
    public static readonly Figure ControllerResident = new("controller_resident_mib", "resident of mesh-controller, MiB");
    public static readonly Figure ApplyAll = new("apply_all_s", "start without state to all applied, s");
    public static readonly Figure ChangeToEffect = new("change_to_effect_ms", "one endpoint change to its effect, ms");
    public static readonly Figure QuietP99 = new("quiet_p99_us", "p99 of traffic without changes, µs");
    public static readonly Figure ChangingP99 = new("changing_p99_us", "p99 of traffic during 100 changes/s, µs");
    public static readonly Figure P99Growth = new("changing_to_quiet_p99", "p99 during changes to p99 without");
    public static readonly Figure UnproxiedQuietP99 = new("unproxied_quiet_p99_us", "p99 of the unproxied backend without changes, µs");
    public static readonly Figure UnproxiedChangingP99 = new("unproxied_changing_p99_us", "p99 of the unproxied backend during 100 changes/s, µs");
    public static readonly Figure UnproxiedP99Growth = new("unproxied_changing_to_quiet_p99", "the same of the unproxied backend");
    public static readonly Figure Series = new("series", "series in a scrape");
    public static readonly Figure ScrapeTime = new("scrape_ms", "a scrape, ms");
    public static readonly Figure UnscrapedP99 = new("unscraped_p99_us", "p99 of traffic without scrapes, µs");
    public static readonly Figure ScrapedP99 = new("scraped_p99_us", "p99 of traffic with a scrape a second, µs");
    public static readonly Figure ScrapeGrowth = new("scraped_to_unscraped_p99", "p99 with scrapes to p99 without");
    public static readonly Figure StartToReady = new("start_to_ready_ms", "start to ready, ms");
    public static readonly Figure AddWall = new("cni_add_wall_ms", "mesh-cni ADD from exec to exit, ms");
    public static readonly Figure AddCpu = new("cni_add_cpu_ms", "mesh-cni ADD, CPU of its own and its children, ms");
}

/// <summary>What a figure of meshd may be at most: a multiple of the best peer's, or a value of its own.</summary>
internal sealed record Target(Figure Figure, double Limit, bool IsRatio)
{
    public static Target Ratio(Figure figure, double limit) => new(figure, limit, IsRatio: true);

    public static Target Value(Figure figure, double limit) => new(figure, limit, IsRatio: false);
}
