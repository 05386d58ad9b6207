namespace Mesh.Capture;

public sealed record CaptureConfig
{
    /// <summary>Enrolments live in its folder "enrolments".</summary>
    public required string StateDirectory { get; init; }

    public string NodeSocket { get; init; } = "/run/mesh/node.sock";

    /// <summary>Four times what Kubernetes recommends per node; each costs four listeners per loop.</summary>
    public int MaxWorkloads { get; init; } = 512;

    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromMilliseconds(500);

    public TimeSpan LongestRetry { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Reading the kernel's rules costs about 10 ms of CPU per workload.</summary>
    public TimeSpan VerifyInterval { get; init; } = TimeSpan.FromSeconds(60);
}
